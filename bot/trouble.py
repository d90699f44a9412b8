"""What is wrong with a database that fails, in a sentence that says what to do; nothing for what is our own fault."""

from typing import Literal

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError

from bot.address import written

RESTORE = "Nothing was changed. Restore a backup:  parlour restore FILE"

_SENTENCES = {
    "locked": "{database} is locked by another program (another `parlour serve`?). End that one, or wait for it.",
    "full": "{database} has no room left on its disk. Make room; nothing that was acknowledged is lost.",
    "disk": "{database} cannot use its disk{cause}. It may be full or broken; look at it before anything else.",
    "read_only": "{database} cannot be written{cause}. Parlour must be able to write the file and its folder.",
    "unreachable_file": "{database} cannot be opened{cause}. Parlour must be able to write the file and its folder.",
    "damaged": "{database} is damaged{cause}. Stop Parlour and restore a backup:  parlour restore FILE",
    "lacking": "{database} lacks a table it had{cause}. Stop Parlour and restore a backup:  parlour restore FILE",
    "not_ours": "{database} is not a database Parlour can read{cause}. Restore a backup:  parlour restore FILE",
    "no_room": "{database} has no connection free. If this lasts, look for what holds them all.",
    "refused": "{database} does not let us in{cause}. Are user and password in the address right?",
    "missing": "{database} does not exist{cause}. Make it with `createdb`; Parlour makes the tables.",
    "rights": "{database} does not let this user do what is needed{cause}. Let it own the database, "
    "or grant it CREATE on the schema.",
    "stand_by": "{database} is a stand-by, which takes no writes. Name the server that does in the address, or both "
    "and  target_session_attrs=read-write.",
    "taken_over": "{database} is at a server that took over. Parlour begins anew there within seconds.",
    "left_behind": "{database} is at a server from which another took over. Stop that one; or, if it is the right one, "
    "restart Parlour.",
    "away": "{database} does not answer{cause}. Is it running, and are host and port in the address right?",
}

_OF_SQLITE = {
    "SQLITE_BUSY": "locked",
    "SQLITE_LOCKED": "locked",
    "SQLITE_FULL": "full",
    "SQLITE_IOERR": "disk",
    "SQLITE_READONLY": "read_only",
    "SQLITE_CANTOPEN": "unreachable_file",
    "SQLITE_PERM": "unreachable_file",
    "SQLITE_CORRUPT": "damaged",
    "SQLITE_NOTADB": "not_ours",
}
"""First two words of SQLite's name for a fault → ours."""
_LACKING = "no such table"
"""SQLite has no name for this; every table was there when we began."""

_OF_POSTGRESQL = {
    "53100": "full",
    "58030": "disk",
    "25006": "read_only",
    "42P01": "lacking",
    "XX001": "damaged",
    "XX002": "damaged",
    "53300": "no_room",
    "42501": "rights",
    "55P03": "locked",
    "28P01": "refused",
    "28000": "refused",
    "3D000": "missing",
    "25P03": "away",
    "25P04": "away",
}
"""SQLSTATE → ours; classes 08 (connection) and 57 (the server stops) are `away`."""

_WORDS_OF_POSTGRESQL = {
    "password": "refused",
    "no pg_hba.conf entry": "refused",
    'role "': "refused",
    'database "': "missing",
    "too many": "no_room",
    "remaining connection slots": "no_room",
}
"""A refusal at the door carries no SQLSTATE, only words; in other languages than English it is `away`."""

OF_THE_DATABASE = (OperationalError, InterfaceError, InternalError)
"""It is away, locked, full, or took back what crossed something else; not what was asked of it was wrong."""


class CannotOpen(Exception):
    """The database cannot be used; the text says why and what to do."""


class NoConnectionFree(Exception):
    """Every connection is in use, and none came back in time."""


class OtherServer(Exception):
    """The address leads to a server this process must not write on, or not before it has begun anew."""

    def __init__(self, kind: Literal["stand_by", "taken_over", "left_behind"]):
        super().__init__(kind)
        self.kind = kind


def is_trouble(problem: DBAPIError) -> bool:
    """Says whether the database cannot be used now, rather than that it was asked something wrong.

    Of such trouble `Database` itself tells operators, once; nobody else logs it.
    """
    return _kind_of(problem) is not None


def sentence(problem: DBAPIError, database: str | None = None) -> str:
    """Returns what is wrong and what to do about it, in one line.

    With how the database is called the cause is told too, in its own words; without, anybody may read it.
    """
    told = _SENTENCES.get(_kind_of(problem) or "", "{database} cannot be used{cause}.")
    return told.format(database=database or "The database", cause=f" ({_cause_of(problem)})" if database else "")


def in_words(problem: DBAPIError) -> str:
    """Returns what a log may say of a problem: what it is, and nothing of what was to be written."""
    kind = type(problem.orig).__name__
    if not isinstance(problem, OF_THE_DATABASE):
        return f"{kind} {getattr(problem.orig, 'sqlstate', None) or ''}".strip()
    return f"{kind}: {(str(problem.orig).strip() or '?').splitlines()[0]}"


def called(url: URL) -> str:
    """Returns how a database is called in a sentence: without its password, and without what follows a `?`."""
    if url.get_backend_name() == "sqlite":
        return f"The database {url.database}"
    readable = written(url.set(drivername="postgresql"), hide_password=True)
    return f"The database {readable.partition('?')[0]}"


def _kind_of(problem: DBAPIError) -> str | None:
    if isinstance(problem.orig, NoConnectionFree):
        return "no_room"
    if isinstance(problem.orig, OtherServer):
        return problem.orig.kind
    name = getattr(problem.orig, "sqlite_errorname", None)
    if name is not None:
        if str(problem.orig).startswith(_LACKING):
            return "lacking"
        return _OF_SQLITE.get("_".join(name.split("_")[:2]))
    state = getattr(problem.orig, "sqlstate", None)
    if state is not None:
        return _OF_POSTGRESQL.get(state) or ("away" if state.startswith(("08", "57P")) else None)
    if isinstance(problem, OperationalError) or problem.connection_invalidated:
        words = str(problem.orig)
        return next((kind for part, kind in _WORDS_OF_POSTGRESQL.items() if part in words), "away")
    return None


def _cause_of(problem: DBAPIError) -> str:
    lines = str(problem.orig).strip().splitlines() or [type(problem.orig).__name__]
    return lines[0].rstrip(".").removeprefix("connection failed: ")
