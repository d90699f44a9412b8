"""Engines and connections for SQLite and PostgreSQL: what is asked of a database, and when it is given up."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoneCameBack

from bot.address import parsed
from bot.pool import SharedPool
from bot.sqlite_file import make_private, refuse_unusable
from bot.timeline import Timeline
from bot.trouble import OF_THE_DATABASE, CannotOpen, NoConnectionFree, OtherServer, called, is_trouble, sentence
from bot.upgrading import bring_up_to_date, is_whole, newest, revision_of
from rules.compact import compact_json

SQLITE_BUSY_SECONDS = 5.0
"""How long the lock of a writer is waited for."""
SQLITE_LOOK_AGAIN = 0.005
BUSY_MILLISECONDS = 5000
"""The same for all else, which is hardly ever held up."""
CONNECT_SECONDS = 5
FREE_WITHIN = 1.5
"""Seconds in which some connection must come back to a pool that is empty …"""
LONGEST_WAIT = 30.0
"""… and how long one waits in all, as long as they do."""
MOST_REWRITTEN = 64 * 2**20
"""Bytes of a SQLite file that is written anew in a second or two, while nothing else can be written."""

_POSTGRESQL = "postgresql+psycopg"
_WRITES_NOTHING = "UPDATE alembic_version SET version_num = version_num WHERE 1 = 0"
_WRITE = "Write  postgresql://user:password@host/name  or  sqlite:////folder/parlour.db"


class Database:
    """One database: an engine for reading and ordinary short transactions, a connection for the journal.

    Raises CannotOpen when the address cannot be used; whether there is a database is found out by `migrate`.
    """

    def __init__(self, url: str | URL):
        self.url = _read(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _engine(self.url, look=lambda raw: self.timeline.look(raw))
        self.timeline = Timeline(self.engine.dialect.dbapi)
        self.errors = 0
        """How often the database was away, locked, full, or took back what crossed something else."""
        self.on_trouble: Callable[[DBAPIError], None] = lambda _: None
        """Told whenever the database cannot be used, by whoever it was that wanted it."""
        self._returned = 0
        event.listen(self.engine, "checkin", self._count)
        event.listen(self.engine, "handle_error", self._notice)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yields a connection for looking things up; it sees the last commit."""
        with self.connected() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Yields a connection in a short transaction of its own; conversations go by the journal instead."""
        with self.connected().execution_options(immediate=True) as connection, connection.begin():
            yield connection

    def connected(self) -> Connection:
        """Returns a connection; raises OperationalError when none is free in time, or none may be used."""
        end = monotonic() + LONGEST_WAIT
        while True:
            returned = self._returned
            try:
                return self.engine.connect()
            except NoneCameBack as problem:
                # Where connections come back there is a crowd, and it moves on; where none does, waiting helps nobody.
                if returned == self._returned or monotonic() > end:
                    raise self._refused(NoConnectionFree("all connections are in use")) from problem
            except OtherServer as problem:
                raise self._refused(problem) from problem

    def migrate(self, *, read_whole: int | None = None) -> None:
        """Brings the tables to this version's form; a file of more than `read_whole` bytes is not read whole before.

        Raises CannotOpen with a sentence for the operator when the database cannot be used as it is; then nothing
        was changed in it.
        """
        try:
            if self.is_sqlite:
                refuse_unusable(Path(self.url.database or ""), read_whole=read_whole)
                with suppress(OSError):  # SQLite meets the same, and says what it is.
                    make_private(Path(self.url.database or ""))
            with self.writing() as connection:
                if not self.is_sqlite:
                    _refuse_encoding(connection, called(self.url))
                bring_up_to_date(connection, called(self.url))
                connection.exec_driver_sql(_WRITES_NOTHING)  # But what is read-only refuses it now and not later.
        except DBAPIError as problem:
            raise CannotOpen(sentence(problem, called(self.url))) from problem

    def is_begun(self) -> bool:
        """Returns whether there are tables, or a file for them; raises CannotOpen when the database does not answer."""
        if self.is_sqlite:
            return Path(self.url.database or "").exists()
        try:
            with self.reading() as connection:
                return bool(inspect(connection).get_table_names())
        except DBAPIError as problem:
            raise CannotOpen(sentence(problem, called(self.url))) from problem

    def is_upgraded(self) -> bool:
        """Returns whether the tables have all this version needs; raises DBAPIError when the database does not answer.

        Those of a later version have: while services are upgraded one by one, the others go on.
        """
        with self.reading() as connection:
            return (revision_of(connection) or "") >= newest()

    def is_whole(self) -> bool:
        """Returns whether no table or column is lost; raises DBAPIError when the database does not answer."""
        with self.reading() as connection:
            return is_whole(connection)

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
                with self.connected().execution_options(isolation_level="AUTOCOMMIT") as connection:
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

    def begin_anew(self) -> None:
        """Works on where another server took over, if one did; whoever asks has forgotten all of the time before."""
        if self.timeline.begin_anew():
            self.engine.dispose()  # Some may still lead to the server before.

    def close(self) -> None:
        """Gives all connections back."""
        self.engine.dispose()

    def _refused(self, problem: NoConnectionFree | OtherServer) -> OperationalError:
        refused = OperationalError(None, None, problem)
        self.on_trouble(refused)
        return refused

    def _count(self, *_: Any) -> None:
        self._returned += 1

    def _notice(self, context: ExceptionContext) -> None:
        problem = context.sqlalchemy_exception
        self.errors += isinstance(problem, OF_THE_DATABASE)
        if isinstance(problem, DBAPIError) and not context.is_pre_ping and is_trouble(problem):
            self.on_trouble(problem)


def _read(url: str | URL) -> URL:
    # No refusal shows the address: where it is written wrongly, nobody knows which part of it is the password.
    if isinstance(url, str) and not url.startswith("sqlite") and url.count("@") > 1:
        raise CannotOpen(
            "The address of the database has more than one @. In the user's name and the password write %40 for @, "
            "%2F for / and %3A for :"
        )
    try:
        read = parsed(url)
    except (ArgumentError, ValueError):
        raise CannotOpen(f"The address of the database cannot be read. {_WRITE}") from None
    if read.drivername in ("postgres", "postgresql"):
        return read.set(drivername=_POSTGRESQL)
    if read.drivername not in (_POSTGRESQL, "sqlite"):
        raise CannotOpen(f"Parlour keeps its record in PostgreSQL or SQLite, not in '{read.drivername}'. {_WRITE}")
    if read.drivername == "sqlite" and read.database in (None, "", ":memory:"):
        raise CannotOpen(f"The address of the database names no file. {_WRITE}")
    if read.drivername == "sqlite" and read.query:
        raise CannotOpen(f"The address of a database in SQLite ends with its file; leave away the ?. {_WRITE}")
    return read


_NOTICING = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
"""By which a server that is gone without a word is noticed within seconds, not a quarter of an hour."""
_USUAL: dict[str, Any] = {
    "json_serializer": compact_json,
    "hide_parameters": True,
    "poolclass": SharedPool,
    "pool_timeout": FREE_WITHIN,
}


def _engine(url: URL, *, look: Callable[[Any], None]) -> Engine:
    if url.get_backend_name() != "sqlite":
        return _postgresql_engine(url, look=look)
    engine = create_engine(url, **_USUAL, kept=5, most=15)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _postgresql_engine(url: URL, *, look: Callable[[Any], None]) -> Engine:
    """Returns an engine each of whose connections is looked at before anybody gets it.

    Not by the event of the pool: for that the first connection of a pool holds a lock, over which threads and the loop
    can wait for each other for good.
    """
    settings: dict[str, Any] = {name: value for name, value in _NOTICING.items() if name not in url.query}
    settings["client_encoding"] = "utf8"  # Whatever the environment says: visitors write in every script.

    def connect() -> Any:
        positional, named = engine.dialect.create_connect_args(url)
        raw = engine.dialect.connect(*positional, **{**named, **settings})
        look(raw)
        return raw

    try:
        engine = create_engine(
            url,
            **_USUAL,
            creator=connect,
            kept=8,
            most=16,
            pool_pre_ping=True,
        )
    except ImportError:
        raise CannotOpen(
            "PostgreSQL needs a driver that is not installed. Install it with:  pip install '.[postgres]'"
        ) from None
    return engine


def _refuse_encoding(connection: Connection, database: str) -> None:
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
    if encoding != "UTF8":
        raise CannotOpen(
            f"{database} keeps its text as {encoding}. Make one with:  "
            "createdb NAME --encoding UTF8 --template template0"
        )


def _prepare_sqlite(raw: Any, _: Any) -> None:
    raw.isolation_level = None  # SQLAlchemy's "begin" event below says when a transaction starts, not the driver.
    cursor = raw.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # Read-then-write in a deferred transaction fails at once when another writes in between: writers say so first.
    if connection.get_execution_options().get("immediate", False):
        _begin_writing(connection)
    else:
        connection.exec_driver_sql("BEGIN")


def _begin_writing(connection: Connection) -> None:
    raw: Any = connection.connection
    end = monotonic() + SQLITE_BUSY_SECONDS
    # SQLite's own waiting would hold up the loop, and whoever holds the lock may need the loop to give it back.
    raw.execute("PRAGMA busy_timeout=0")
    try:
        while monotonic() < end:
            try:
                raw.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as problem:
                if problem.sqlite_errorname != "SQLITE_BUSY":
                    break
            sleep(SQLITE_LOOK_AGAIN)
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # Most likely refused once more, and now that is told.
    finally:
        raw.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
