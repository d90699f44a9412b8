"""A database for each test: its tables are made once, because that takes longest.

SQLite's file is copied for everybody. PostgreSQL's is lent, emptied and lent again: to copy it there takes a hundred
times as long as to empty it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep
from uuid import uuid4

from sqlalchemy import Connection, Engine, NullPool, create_engine, make_url
from sqlalchemy.exc import DBAPIError

from bot.database import Database

COPIES_FILES = (15,)
"""The first PostgreSQL that has to be told so; those before it know no other way."""
LOOKS_FOR_SOMEBODY = 500
"""How often it is looked who is still in a database."""
_SHAPE = """
SELECT 'column', c.relname, c.relkind::text, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull::text
  FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE c.relnamespace = 'public'::regnamespace
UNION ALL SELECT 'rule', conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', ''
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'index', indrelid::regclass::text, pg_get_indexdef(indexrelid), indisvalid::text, '', ''
  FROM pg_index WHERE indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
UNION ALL SELECT 'rights', relname, relacl::text, relowner::regrole::text, '', ''
  FROM pg_class WHERE relnamespace = 'public'::regnamespace
UNION ALL SELECT 'trigger', tgrelid::regclass::text, tgname, tgenabled::text, '', '' FROM pg_trigger
UNION ALL SELECT 'schema', nspname, nspacl::text, '', '', '' FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp_'
UNION ALL SELECT 'function', proname, '', '', '', '' FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT 'setting', setconfig::text, '', '', '', '' FROM pg_db_role_setting
  WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
UNION ALL SELECT 'database', datacl::text, datallowconn::text, datconnlimit::text, datdba::regrole::text, ''
  FROM pg_database WHERE datname = current_database()
UNION ALL SELECT 'version', version_num, '', '', '', '' FROM public.alembic_version
"""
"""All of a database but its rows."""
_SHAPE_IN_SHORT = f"SELECT md5(string_agg(part::text, ',' ORDER BY part::text)) FROM ({_SHAPE}) AS part"


def sqlite_at(file: Path) -> str:
    """Makes a database in this file, with our tables and nothing in them, and returns its address."""
    file.write_bytes(_made_file())
    return f"sqlite:///{file}"


def in_cluster(cluster: str) -> str:
    """Makes a database in a cluster, with our tables and nothing in them, and returns its address."""
    made = make_url(_made_in(cluster)).database
    by = "STRATEGY FILE_COPY" if (_engine(cluster).dialect.server_version_info or ()) >= COPIES_FILES else ""
    return _create(cluster, f"TEMPLATE {made} {by}")


def empty_in_cluster(cluster: str, encoding: str | None = None) -> str:
    """Makes a database without any tables in a cluster, of another encoding if named, and returns its address."""
    return _create(cluster, f"TEMPLATE template0 ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'" if encoding else "")


@contextmanager
def lent_by_cluster(cluster: str) -> Iterator[str]:
    """Yields the address of a database as `in_cluster` makes it, and takes it back afterwards."""
    free = _free(cluster)
    address = free.pop() if free else in_cluster(cluster)
    yield address
    if _is_emptied(cluster, address):
        free.append(address)
    else:
        _run(cluster, f"DROP DATABASE IF EXISTS {make_url(address).database} WITH (FORCE)")


@cache
def _free(cluster: str) -> list[str]:
    """Returns the databases of a cluster that nobody has now; they are as they were made."""
    return []


def _is_emptied(cluster: str, address: str) -> bool:
    """Lets go whoever is still in the database and empties it; returns whether it is as it was made."""
    name = make_url(address).database
    # To whoever is there it is only said: they go a moment later.
    for _ in range(LOOKS_FOR_SOMEBODY):
        if not _run(cluster, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"):
            break
        sleep(0.01)
    else:
        return False
    try:
        with _opened(address) as connection:
            if _shape(connection) != _made_shape(cluster):
                return False
            connection.exec_driver_sql(_emptying(cluster))
    except DBAPIError:  # What a test does to a database may be worse than that.
        return False
    return True


@cache
def _made_shape(cluster: str) -> str:
    with _opened(_made_in(cluster)) as connection:
        return _shape(connection)


def _shape(connection: Connection) -> str:
    return str(connection.exec_driver_sql(_SHAPE_IN_SHORT).scalar_one())


@cache
def _emptying(cluster: str) -> str:
    """Returns the statements that leave a database of ours with nothing in it, its numbers counted from one again."""
    with _opened(_made_in(cluster)) as connection:
        tables = connection.exec_driver_sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").scalars()
        numbers = connection.exec_driver_sql("SELECT sequencename FROM pg_sequences").scalars()
        deletions = [f'DELETE FROM "{table}"' for table in tables if table != "alembic_version"]
        return "; ".join(
            # Whatever refers to what, in whichever order.
            ["SET session_replication_role = replica", *deletions]
            + [f'ALTER SEQUENCE "{number}" RESTART' for number in numbers]
        )


@contextmanager
def _opened(address: str) -> Iterator[Connection]:
    with _engine_at(address).connect() as connection:
        yield connection


@cache
def _engine_at(address: str) -> Engine:
    """Returns what connects to a database that is lent again and again, and stays connected to none."""
    return create_engine(address, isolation_level="AUTOCOMMIT", poolclass=NullPool)


@cache
def _made_file() -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "made.db"
        _make_tables(f"sqlite:///{file}")
        return file.read_bytes()


@cache
def _made_in(cluster: str) -> str:
    address = empty_in_cluster(cluster)
    _make_tables(address)
    return address


def _make_tables(address: str) -> None:
    database = Database(address)
    database.migrate()
    database.close()


def _create(cluster: str, how: str = "") -> str:
    name = f"test_{uuid4().hex}"
    _run(cluster, f"CREATE DATABASE {name} {how}")
    return make_url(cluster).set(database=name).render_as_string(hide_password=False)


def _run(cluster: str, statement: str) -> int:
    """Does it, and returns how many rows there are of what it tells."""
    with _engine(cluster).connect() as connection:
        told = connection.exec_driver_sql(statement)
        return len(told.all()) if told.returns_rows else 0


@cache
def _engine(cluster: str) -> Engine:
    return create_engine(cluster, isolation_level="AUTOCOMMIT", pool_pre_ping=True)
