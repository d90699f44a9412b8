"""The upgrades that bring an older database to this version's form, and which databases are not ours or not whole."""

from collections.abc import Collection, Mapping
from pathlib import Path

from sqlalchemy import Connection, inspect
from sqlalchemy.exc import DBAPIError

from bot.models import Base
from bot.trouble import RESTORE, CannotOpen, is_trouble, sentence

UPGRADES = Path(__file__).parent / "upgrades"
OURS = frozenset({"conversation", "event", "setting"})
"""Tables that every version had: who has them is ours, whatever else there is."""
ONE_AT_A_TIME = 0x7061726C6F7572
"""The lock that processes on PostgreSQL upgrade under: "parlour"."""
SHOWN = 3

_AT = "alembic_version"
_REVISION = f"SELECT version_num FROM {_AT}"

Tables = Mapping[str, Collection[str]]
"""The columns of each table that was found."""


def bring_up_to_date(connection: Connection, database: str) -> None:
    """Upgrades the tables in the transaction of this connection; of several processes one does it, others wait.

    Raises CannotOpen when the tables are another program's or a newer version's, when some are lost, or when an upgrade
    fails.
    """
    if revision_of(connection) != newest():
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ONE_AT_A_TIME})")
        before = revision_of(connection)
        refuse_others(_found_by(connection), before, database, RESTORE)
        if before != newest():
            _upgrade(connection, before, database)
    refuse_others(_found_by(connection), newest(), database, RESTORE)


def revision_of(connection: Connection) -> str | None:
    """Returns the upgrade the tables are at, or None for a database without any."""
    if not inspect(connection).has_table(_AT):
        return None
    return connection.exec_driver_sql(_REVISION).scalar()


def newest() -> str:
    """Returns the last upgrade this version knows."""
    return max(_known())


def refuse_others(found: Tables, revision: str | None, database: str, advice: str) -> None:
    """Raises CannotOpen unless a database with these tables is empty, or ours, whole and not newer than this version.

    Whether an older one is whole is known once it is upgraded. The advice is for a damaged one.
    """
    if not found:
        return
    if not _is_ours(found, revision):
        raise CannotOpen(
            f"{database} holds another program's tables ({_some_of(set(found) - {_AT} or {_AT})}). "
            "Give Parlour a database of its own."
        )
    if lost := _lost(found, revision):
        raise CannotOpen(f"{database} is damaged: it lacks {lost}. {advice}")
    if revision not in _known():
        raise CannotOpen(
            f"{database} was written by a newer Parlour: its tables are at {revision}, this one knows them up to "
            f"{newest()}. Install the newer Parlour, or restore the backup made before the upgrade."
        )


def is_whole(connection: Connection) -> bool:
    """Returns whether every table and column of this version is there."""
    return not _lost(_found_by(connection), newest())


def _is_ours(found: Tables, revision: str | None) -> bool:
    if revision in _known():
        return set(found) == {_AT} or not Base.metadata.tables.keys().isdisjoint(found)
    return set(found) >= OURS


def _lost(found: Tables, revision: str | None) -> str:
    """Returns what is not there and would be, in words; nothing for what is whole as far as this version knows."""
    known = Base.metadata.tables if revision == newest() else {}
    lost = {*OURS, *known} - set(found)
    if revision is None:
        lost.add(_AT)
    if lost:
        return f"the table{'s' if len(lost) > 1 else ''} {_some_of(lost)}"
    columns = {f"{name}.{each}" for name in known for each in set(known[name].columns.keys()) - set(found[name])}
    return f"the column{'s' if len(columns) > 1 else ''} {_some_of(columns)}" if columns else ""


def _some_of(names: Collection[str]) -> str:
    return ", ".join(sorted(names)[:SHOWN]) + (", …" if len(names) > SHOWN else "")


def _found_by(connection: Connection) -> Tables:
    columns = inspect(connection).get_multi_columns()
    return {name: [each["name"] for each in found] for (_, name), found in columns.items()}


def _known() -> frozenset[str]:
    return frozenset(each.name.partition("_")[0] for each in (UPGRADES / "versions").glob("[0-9]*.py"))


def _upgrade(connection: Connection, before: str | None, database: str) -> None:
    # Imported here because it takes longer than everything else of a start that finds nothing to upgrade.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(UPGRADES))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except Exception as problem:
        if before is None:
            raise
        raise CannotOpen(
            f"{database} could not be upgraded from {before} to {newest()}: {_why(problem)} "
            "Nothing was changed; the version that used it before still can."
        ) from problem


def _why(problem: Exception) -> str:
    if isinstance(problem, DBAPIError) and is_trouble(problem):
        return sentence(problem)
    lines = str(problem).strip().splitlines() or [type(problem).__name__]
    return f"{lines[0].rstrip('.')}."
