"""The upgrades that bring an older database to this version's form, and which databases are none of ours."""

from collections.abc import Collection
from pathlib import Path

from sqlalchemy import Connection, inspect
from sqlalchemy.exc import DBAPIError

from bot.trouble import CannotOpen, is_trouble, sentence

UPGRADES = Path(__file__).parent / "upgrades"
OURS = frozenset({"conversation", "event", "setting"})
"""Tables that every version had: who has them is ours, whatever else there is."""
ONE_AT_A_TIME = 0x7061726C6F7572
"""The lock that processes on PostgreSQL upgrade under: "parlour"."""
SHOWN = 3

_REVISION = "SELECT version_num FROM alembic_version"


def bring_up_to_date(connection: Connection, database: str) -> None:
    """Upgrades the tables in the transaction of this connection; of several processes one does it, others wait.

    Raises CannotOpen when the tables are another program's or a newer version's, or when an upgrade fails.
    """
    if revision_of(connection) == newest():
        return
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ONE_AT_A_TIME})")
    before = revision_of(connection)
    refuse_others(inspect(connection).get_table_names(), before, database)
    if before != newest():
        _upgrade(connection, before, database)


def revision_of(connection: Connection) -> str | None:
    """Returns the upgrade the tables are at, or None for a database without any."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql(_REVISION).scalar()


def newest() -> str:
    """Returns the last upgrade this version knows."""
    return max(_known())


def refuse_others(tables: Collection[str], revision: str | None, database: str) -> None:
    """Raises CannotOpen unless a database with these tables is empty, or ours and not newer than this version."""
    if tables and not set(tables) >= OURS:
        found = sorted(set(tables) - {"alembic_version"}) or ["alembic_version"]
        shown = ", ".join(found[:SHOWN]) + (", …" if len(found) > SHOWN else "")
        raise CannotOpen(f"{database} holds another program's tables ({shown}). Give Parlour a database of its own.")
    if tables and revision not in _known():
        raise CannotOpen(
            f"{database} was written by a newer Parlour: its tables are at {revision}, this one knows them up to "
            f"{newest()}. Install the newer Parlour, or restore the backup made before the upgrade."
        )


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
