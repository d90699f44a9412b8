"""Engines and connections for SQLite and PostgreSQL, and the upgrades that bring an older database up to date."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, select
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, InternalError, OperationalError

from bot.ids import new_id
from bot.models import Setting
from rules.compact import compact_json

UPGRADES = Path(__file__).parent / "upgrades"
SQLITE_BUSY_SECONDS = 5
OF_THE_DATABASE = (OperationalError, InterfaceError, InternalError)
"""It is away, locked, full, or took back what crossed something else; not what was asked of it was wrong."""


def in_words(problem: DBAPIError) -> str:
    """Returns what a log may say of a problem: what it is, and nothing of what was to be written."""
    kind = type(problem.orig).__name__
    if not isinstance(problem, OF_THE_DATABASE):
        return f"{kind} {getattr(problem.orig, 'sqlstate', None) or ''}".strip()
    return f"{kind}: {(str(problem.orig).strip() or '?').splitlines()[0]}"


MOST_REWRITTEN = 64 * 2**20
"""Bytes of a SQLite file that is written anew in a second or two, while nothing else can be written."""


class CannotOpen(Exception):
    """The database cannot be used; the text says why and what to do."""


class Database:
    """One database: an engine for reading and ordinary short transactions, a connection for the journal."""

    def __init__(self, url: str | URL):
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _engine(self.url)
        self.errors = 0
        """How often the database was away, locked, full, or took back what crossed something else."""
        event.listen(self.engine, "handle_error", self._count)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yields a connection for looking things up; it sees the last commit."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Yields a connection in a short transaction of its own; conversations go by the journal instead."""
        with self.engine.execution_options(immediate=True).begin() as connection:
            yield connection

    def migrate(self) -> None:
        """Brings the tables to this version's form.

        Raises CannotOpen with a sentence for the operator when the database cannot be opened or is damaged.
        """
        try:
            if self.is_sqlite:
                _refuse_damage(self.engine)
            with self.engine.connect() as connection:
                if _revision_of(connection) != _newest_revision():
                    _upgrade(connection)
        except DBAPIError as problem:
            raise CannotOpen(_sentence(self.url, problem)) from problem

    def epoch(self) -> str:
        """Returns the id of this record; a restore from backup or an erasure gives it a new one."""
        with self.reading() as connection:
            found = connection.scalar(select(Setting.value).where(Setting.name == "epoch"))
        if found:
            return found
        made = new_id()
        try:
            with self.writing() as connection:
                connection.execute(Setting.__table__.insert().values(name="epoch", value=made))  # type: ignore[attr-defined]
        except IntegrityError:
            return self.epoch()  # Of two workers that start at once, one makes it.
        return made

    def is_current(self) -> bool:
        """Returns whether the tables have this version's form; raises DBAPIError when the database does not answer."""
        with self.reading() as connection:
            return _revision_of(connection) == _newest_revision()

    def _count(self, context: Any) -> None:
        if isinstance(context.sqlalchemy_exception, OF_THE_DATABASE):
            self.errors += 1

    @contextmanager
    def erasing(self) -> Iterator[Connection]:
        """Yields a connection as `writing` does; what it deletes leaves nothing in the pages it was on."""
        with self.writing() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("PRAGMA secure_delete=ON")
            try:
                yield connection
            finally:
                if self.is_sqlite:
                    connection.exec_driver_sql("PRAGMA secure_delete=OFF")

    def scrub(self, tables: Iterable[str]) -> bool:
        """Clears what earlier changes left in unused space; returns whether all of it could be cleared.

        SQLite writes its file anew if it is small enough, and empties its log. PostgreSQL frees the space of dead rows,
        and writes over it when it needs it.
        """
        if not self.is_sqlite:
            try:
                with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.exec_driver_sql(f"VACUUM {', '.join(tables)}")
            except DBAPIError:  # A pool in between may let nobody out of transactions.
                return False
            return True
        is_small = Path(self.url.database or "").stat().st_size <= MOST_REWRITTEN
        cleared = is_small and self._sqlite_alone("VACUUM")
        return self._sqlite_alone("PRAGMA wal_checkpoint(TRUNCATE)") and cleared

    def _sqlite_alone(self, statement: str) -> bool:
        """Runs a statement outside of any transaction; returns False when somebody else is in its way for too long."""
        raw = self.engine.raw_connection()
        try:
            answer = raw.cursor().execute(statement).fetchone()
        except sqlite3.OperationalError:
            return False
        finally:
            raw.close()
        return answer is None or answer[0] == 0

    def close(self) -> None:
        """Gives all connections back."""
        self.engine.dispose()


def renew_epoch(connection: Connection) -> None:
    """Gives the record a new id: whatever is remembered of it elsewhere is to be dropped and read again."""
    settings = Setting.__table__
    named = settings.c.name == "epoch"
    if not connection.execute(settings.update().where(named).values(value=new_id())).rowcount:  # type: ignore[attr-defined]
        connection.execute(settings.insert().values(name="epoch", value=new_id()))  # type: ignore[attr-defined]


def _revision_of(connection: Connection) -> str | None:
    """Returns the upgrade the tables are at, or None for a database without any."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


@cache
def _newest_revision() -> str:
    return max(each.name.partition("_")[0] for each in (UPGRADES / "versions").glob("[0-9]*.py"))


def _upgrade(connection: Connection) -> None:
    # Imported here because it takes longer than everything else of a start that finds nothing to upgrade.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(UPGRADES))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    connection.commit()


_USUAL: dict[str, Any] = {"json_serializer": compact_json, "hide_parameters": True}


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, **_USUAL, pool_size=8, max_overflow=8, pool_pre_ping=True)
    engine = create_engine(url, **_USUAL, connect_args={"timeout": SQLITE_BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(raw: Any, _: Any) -> None:
    raw.isolation_level = None  # SQLAlchemy's "begin" event below says when a transaction starts, not the driver.
    cursor = raw.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # Read-then-write in a deferred transaction fails at once when another writes in between: writers say so first.
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _refuse_damage(engine: Engine) -> None:
    with engine.connect() as connection:
        found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if found != "ok":
        raise CannotOpen(
            f"The database file {engine.url.database} is damaged ({found}). "
            "Restore it from a backup; nothing was changed."
        )


def _sentence(url: URL, problem: DBAPIError) -> str:
    shown = url.render_as_string(hide_password=True)
    cause = str(problem.orig).strip().splitlines()[0]
    if "locked" in cause:
        return f"The database {shown} is locked by another program (another `parlour serve`?). Stop that one first."
    if "full" in cause:
        return f"There is no room left on the disk of {shown}. Make room and start again; nothing acknowledged is lost."
    if "not a database" in cause or "malformed" in cause:
        return f"The file {url.database} is not a database Parlour can read ({cause}). Restore it from a backup."
    return f"The database {shown} cannot be opened: {cause}"
