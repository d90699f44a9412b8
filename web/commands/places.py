"""Where an installation keeps its database and its secrets."""

import os
from pathlib import Path

from bot.database import CannotOpen, Database
from bot.trouble import called
from web.tokens import KEY_FILE

SQLITE_FILE = "parlour.db"
IGNORE = "*\n"
READ_WHOLE = 200 * 1024 * 1024
"""A command that is over in a moment reads no larger file whole to see that it is not damaged; `serve` does."""


def data_folder(site: Path, data: Path | None) -> Path:
    """Returns the data folder, made if need be; version control is told to leave it alone. Raises CannotOpen."""
    folder = data or site / ".parlour"
    cannot = f"The data folder {folder} cannot be used: {{}}. Parlour must be able to write there."
    ignore = folder / ".gitignore"
    try:
        if not folder.exists():
            folder.mkdir(parents=True)
            folder.chmod(0o700)  # It holds conversations and the key: nobody else on this computer reads them.
        if not ignore.exists():
            ignore.write_text(IGNORE)
    except OSError as problem:
        raise CannotOpen(cannot.format(problem.strerror)) from problem
    if not os.access(folder, os.W_OK | os.X_OK):
        raise CannotOpen(cannot.format("it cannot be written"))
    return folder


def database_address(folder: Path, database: str | None) -> str:
    """Returns the address of the database: the one given, else SQLite in the data folder."""
    if database is None:
        return f"sqlite:///{(folder / SQLITE_FILE).resolve()}"
    return database


def refuse_lost(database: Database, folder: Path) -> None:
    """Raises CannotOpen when there is nothing in the database of a data folder that has served one before.

    Whoever moves to PostgreSQL begins there beside their SQLite file, which says that nothing is lost.
    """
    key = folder / KEY_FILE
    moves = not database.is_sqlite and (folder / SQLITE_FILE).exists()
    if not key.exists() or moves or database.is_begun():
        return
    raise CannotOpen(
        f"{_is_gone(database)}, but {key} says that there was a record here. Nothing was changed. Look at --data and "
        "--database, and whether its disk is there; or restore a backup:  parlour restore FILE  "
        f"(or delete {key}, to begin an empty record)"
    )


def _is_gone(database: Database) -> str:
    return f"{called(database.url)} is {'not there' if database.is_sqlite else 'empty'}"


def open_database(site: Path, data: Path | None, database: str | None, *, makes: bool = False) -> Database:
    """Returns the migrated database of an installation; raises CannotOpen.

    Only what `makes` one begins an empty one: anything else would find nothing in it, and say so of the wrong one.
    """
    folder = data or site / ".parlour"
    opened = Database(database_address(folder, database))
    refuse_lost(opened, folder)
    if not makes and not opened.is_begun():
        raise CannotOpen(
            f"{_is_gone(opened)}. Say where the record is, as for serve: by the site, --data, --database, PARLOUR_DATA "
            "or PARLOUR_DATABASE"
        )
    if database is None:
        data_folder(site, data)
    opened.migrate(read_whole=READ_WHOLE)
    return opened
