"""A database for each test: its tables are made once and copied for everybody, because making them takes longest."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from sqlalchemy import Engine, create_engine, make_url

from bot.database import Database

COPIES_FILES = (15,)
"""The first PostgreSQL that has to be told so; those before it know no other way."""


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
    """Yields the address of a database as `in_cluster` makes it, and takes it away afterwards."""
    address = in_cluster(cluster)
    yield address
    _run(cluster, f"DROP DATABASE {make_url(address).database} WITH (FORCE)")


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


def _run(cluster: str, statement: str) -> None:
    with _engine(cluster).connect() as connection:
        connection.exec_driver_sql(statement)


@cache
def _engine(cluster: str) -> Engine:
    return create_engine(cluster, isolation_level="AUTOCOMMIT", pool_pre_ping=True)
