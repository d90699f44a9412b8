"""A database that cannot be used as it is ends the start in one clear line, and nothing in it is changed."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, make_url

from bot import sqlite_file, upgrading
from bot.database import CannotOpen, Database
from bot.epoch import Epoch
from tests import databases
from tests.server import wait_for


@pytest.fixture
def used(tmp_path: Path) -> Path:
    """A whole database of ours, closed."""
    return made_at(tmp_path / "parlour.db")


def made_at(file: Path) -> Path:
    opened_at(databases.sqlite_at(file))
    return file


@pytest.mark.parametrize("found_open", [False, True])
def test_nobody_else_on_the_computer_reads_the_database_whatever_folder_it_is_in(tmp_path: Path, found_open: bool):
    """S28: it holds the hashes of passwords."""
    tmp_path.chmod(0o755)
    file = tmp_path / "parlour.db"
    if found_open:
        made_at(file).chmod(0o664)
    database = Database(f"sqlite:///{file}")
    database.migrate()
    Epoch(database)
    modes = {each.name: f"{each.stat().st_mode & 0o777:o}" for each in tmp_path.iterdir()}
    database.close()
    assert modes == dict.fromkeys(("parlour.db", "parlour.db-wal", "parlour.db-shm"), "600")


def test_files_beside_a_database_that_is_in_use_are_closed_as_well(tmp_path: Path):
    file = made_at(tmp_path / "parlour.db")
    with closing(sqlite3.connect(file)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE alembic_version SET version_num = version_num")
        other.commit()
        for each in tmp_path.iterdir():
            each.chmod(0o644)
        assert len(list(tmp_path.iterdir())) == 3
        made_at(file)
        assert {each.stat().st_mode & 0o777 for each in tmp_path.iterdir()} == {0o600}


def said_of(address: str | Path) -> str:
    """Returns what is said when it is refused."""
    with pytest.raises(CannotOpen) as refused:
        Database(f"sqlite:///{address}" if isinstance(address, Path) else address).migrate()
    told = str(refused.value)
    assert "\n" not in told
    return told


# Addresses


@pytest.mark.parametrize("address", ["nonsense", "postgresql://parlour:hush@host:port/parlour", "://", ""])
def test_an_address_that_cannot_be_read_is_not_repeated(address: str):
    told = said_of(address)
    assert told.startswith("The address of the database cannot be read. Write ")
    assert "hush" not in told


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://parlour:pa@hush@host/parlour",
        "postgresql://parlour:pa@hu/sh@host/parlour",
        "postgresql://parlour:pa@hush@host:5432/parlour?sslmode=require",
        "postgresql://parlour:pa@hush?@host/parlour",
        "postgresql://:pa@hush@host/parlour",
        "mysql://parlour:pa@hush@host/parlour",
    ],
)
def test_of_an_address_with_an_at_sign_in_its_password_nothing_is_shown(address: str):
    told = said_of(address)
    assert told.startswith("The address of the database has more than one @.") and "write %40 for @" in told
    assert not any(part in told for part in ("pa@", "hu", "sh@", "host"))


def test_a_password_is_shown_neither_escaped_nor_behind_the_address():
    told = said_of("postgresql://parlour:pa%40hush@127.0.0.1:1/parlour?password=hush&sslmode=disable")
    assert told.startswith("The database postgresql://parlour:***@127.0.0.1:1/parlour does not answer (")
    assert "hush" not in told


def test_an_at_sign_in_the_name_of_a_file_is_no_password(tmp_path: Path):
    file = tmp_path / "me@work@home.db"
    opened_at(f"sqlite:///{file}")
    assert file.exists()


@pytest.mark.parametrize("kind", ["mysql", "postgresql+asyncpg", "sqlite+aiosqlite"])
def test_a_database_of_another_kind_is_refused(kind: str):
    assert f"in PostgreSQL or SQLite, not in '{kind}'" in said_of(f"{kind}://parlour@host/parlour")


@pytest.mark.parametrize("address", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_alone_is_refused(address: str):
    assert "names no file" in said_of(address)


def test_a_question_mark_behind_a_file_is_refused():
    assert "ends with its file" in said_of("sqlite:////folder/parlour.db?mode=ro")


def test_postgresql_without_its_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert said_of("postgresql://parlour@host/parlour").endswith("pip install '.[postgres]'")


def test_nobody_answering_is_said_without_the_password():
    told = said_of("postgresql://parlour:hush@127.0.0.1:1/parlour")
    assert told.startswith("The database postgresql://parlour:***@127.0.0.1:1/parlour does not answer (")


def test_a_port_that_is_none_is_said():
    assert "are host and port in the address right?" in said_of("postgresql://parlour@127.0.0.1:99999/parlour")


# PostgreSQL


def test_a_database_that_does_not_exist_is_said(cluster: str):
    told = said_of(make_url(cluster).set(database="none").render_as_string())
    assert "does not exist" in told and "createdb" in told


def test_a_user_that_does_not_exist_is_said(cluster: str):
    assert "does not let us in" in said_of(make_url(cluster).set(username="nobody").render_as_string())


def test_a_user_who_may_make_no_tables_is_said(cluster: str):
    address = make_url(databases.empty_in_cluster(cluster))
    with changing(cluster) as connection:
        connection.exec_driver_sql("DROP ROLE IF EXISTS guest")
        connection.exec_driver_sql("CREATE ROLE guest LOGIN")
    told = said_of(address.set(username="guest").render_as_string())
    assert "grant it CREATE on the schema" in told
    assert tables_of(address.render_as_string()) == set()
    with changing(address.render_as_string()) as connection:
        connection.exec_driver_sql("GRANT CREATE ON SCHEMA public TO guest")
    opened = Database(address.set(username="guest"))
    opened.migrate()
    opened.close()


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_that_cannot_keep_every_letter_is_refused(cluster: str, encoding: str):
    address = databases.empty_in_cluster(cluster, encoding)
    told = said_of(address)
    assert f"keeps its text as {encoding}. Make one with:  createdb NAME --encoding UTF8 --template template0" in told
    opened_at(databases.empty_in_cluster(cluster))


def test_letters_are_told_the_same_way_whatever_the_environment_says(cluster: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    database = Database(databases.in_cluster(cluster))
    with database.reading() as connection:
        told = connection.exec_driver_sql("SELECT %s::text", ("Привет 😀",)).scalar()
    database.close()
    assert told == "Привет 😀"


def test_processes_that_start_at_the_same_moment_upgrade_once(cluster: str):
    address = databases.empty_in_cluster(cluster)
    with changing(address) as connection:
        connection.exec_driver_sql(f"SELECT pg_advisory_lock({upgrading.ONE_AT_A_TIME})")
        start = f"from bot.database import Database; Database({address!r}).migrate()"
        processes = [subprocess.Popen([sys.executable, "-c", start], stderr=subprocess.PIPE) for _ in range(2)]
        waiting = (
            "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database "
            "WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted"
        )
        wait_for(lambda: connection.exec_driver_sql(waiting).scalar() == 2, 40)
        assert connection.exec_driver_sql(waiting).scalar() == 2
        connection.exec_driver_sql(f"SELECT pg_advisory_unlock({upgrading.ONE_AT_A_TIME})")
        assert [(process.communicate(timeout=60)[1], process.returncode) for process in processes] == [(b"", 0)] * 2
    assert tables_of(address) >= upgrading.OURS


# Files


def test_a_folder_that_is_missing_is_not_made(tmp_path: Path):
    assert said_of(tmp_path / "none" / "parlour.db").startswith(f"There is no folder {tmp_path}/none")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_no_database(tmp_path: Path):
    assert said_of(tmp_path).startswith(f"The database {tmp_path} is a folder")


def not_a_database(file: Path) -> None:
    file.write_bytes(b"this is no database, and never was" * 100)


def cut_short(file: Path) -> None:
    os.truncate(file, file.stat().st_size * 2 // 3)


def emptied(file: Path) -> None:
    os.truncate(file, 0)


def emptied_beside_a_log(file: Path) -> None:
    os.truncate(file, 0)
    file.with_name("parlour.db-wal").write_bytes(b"what was written last")


def gone_beside_a_log(file: Path) -> None:
    file.rename(file.with_name("away"))
    file.with_name("parlour.db-wal").write_bytes(b"what was written last")


def with_a_bad_page(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'setting'").fetchone()[0]
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with file.open("r+b") as opened:
        opened.seek((page - 1) * size)
        opened.write(b"\xff" * 16)


def another_programs(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript("CREATE TABLE hen (name); CREATE TABLE alembic_version (version_num)")


def newer(file: Path) -> None:
    told_to(file, "UPDATE alembic_version SET version_num = '9999'")


def without_a_table(file: Path) -> None:
    told_to(file, "DROP TABLE page_view")


def without_a_table_every_version_had(file: Path) -> None:
    told_to(file, "DROP TABLE event")


def without_most_tables(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    told_to(file, *(f"DROP TABLE {name}" for name in tables if name != "alembic_version"))


def without_a_column(file: Path) -> None:
    told_to(file, "ALTER TABLE page_view DROP COLUMN title")


def without_its_revision(file: Path) -> None:
    told_to(file, "DROP TABLE alembic_version")


def told_to(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript("; ".join(statements))


WRONG = {
    not_a_database: "is no SQLite database. Nothing was changed. Restore a backup:  parlour restore FILE",
    cut_short: "is damaged (",
    emptied: "is empty. Nothing was changed. Restore a backup:  parlour restore FILE",
    emptied_beside_a_log: "is empty. Nothing was changed.",
    gone_beside_a_log: "is gone, but parlour.db-wal is there",
    with_a_bad_page: "is damaged (",
    another_programs: "holds another program's tables (hen). Give Parlour a database of its own.",
    without_a_table: "is damaged: it lacks the table page_view. Nothing was changed. Restore a backup:",
    without_a_table_every_version_had: "is damaged: it lacks the table event. Nothing was changed. Restore a backup:",
    without_most_tables: ", …. Nothing was changed.",
    without_a_column: "is damaged: it lacks the column page_view.title. Nothing was changed. Restore a backup:",
    without_its_revision: "is damaged: it lacks the table alembic_version.",
    newer: f"its tables are at 9999, this one knows them up to {upgrading.newest()}. Install the newer Parlour",
}


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.__name__)
def test_a_file_that_cannot_be_used_is_refused_and_left_as_it_is(used: Path, wrong: Callable[[Path], None]):
    opened_at(f"sqlite:///{used}")  # Until then there is nothing to complain of.
    wrong(used)
    before = files_in(used.parent)
    assert WRONG[wrong] in said_of(used)
    assert files_in(used.parent) == before


def test_a_file_that_can_only_be_read_is_refused(used: Path):
    with read_only(used):
        assert "cannot be written" in said_of(used)
    Database(f"sqlite:///{used}").migrate()


def test_a_folder_in_which_nothing_can_be_written_is_refused(used: Path):
    with read_only(used.parent):
        assert "Parlour must be able to write the file and its folder" in said_of(used)


def test_what_another_program_has_locked_is_said(used: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("bot.database.SQLITE_BUSY_SECONDS", 0)
    with closing(sqlite3.connect(used, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert "is locked by another program" in said_of(used)


def test_a_file_that_another_program_writes_during_the_look_is_not_called_damaged(
    used: Path, monkeypatch: pytest.MonkeyPatch
):
    with closing(sqlite3.connect(used)) as before:
        before.executemany("INSERT INTO setting VALUES (?, ?)", [(f"name {n}", "value" * 200) for n in range(2_000)])
        before.commit()
    looking, looks = sqlite_file.looking, []

    def looked(file: Path) -> sqlite3.Connection:
        looks.append(file)
        connection = looking(file)
        connection.execute("SELECT name FROM sqlite_master").fetchall()
        if len(looks) == 1:
            with closing(sqlite3.connect(file)) as other:
                other.execute("DELETE FROM setting WHERE name LIKE 'name %'")
                other.commit()
                other.execute("VACUUM")
        return connection

    monkeypatch.setattr(sqlite_file, "looking", looked)
    sqlite_file.refuse_unusable(used)
    assert len(looks) == 2


def test_a_large_file_is_not_read_whole_where_that_was_not_asked_for(used: Path):
    with_a_bad_page(used)
    Database(f"sqlite:///{used}").migrate(read_whole=used.stat().st_size - 1)
    with pytest.raises(CannotOpen):
        Database(f"sqlite:///{used}").migrate(read_whole=used.stat().st_size)


# Upgrades


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without any tables, once for each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/parlour.db"
    return databases.empty_in_cluster(request.getfixturevalue("cluster"))


def test_an_older_database_is_upgraded_and_keeps_what_it_has(empty_url: str):
    epoch = made_older(empty_url, "0002")
    assert opened_at(empty_url) == epoch
    with Database(empty_url).reading() as connection:
        assert upgrading.revision_of(connection) == upgrading.newest()


def test_an_upgrade_that_fails_half_way_leaves_the_database_as_it_was(
    empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    epoch, tables = opened_at(empty_url), tables_of(empty_url)
    before = upgrading.newest()
    failing = upgrades_in(tmp_path / "failing", monkeypatch) / "9999_fails.py"
    failing.write_text(
        f"from alembic import op\nimport sqlalchemy as sa\nrevision = '9999'\ndown_revision = '{before}'\n"
        "def upgrade():\n"
        "    op.create_table('half', sa.Column('id', sa.Integer, primary_key=True))\n"
        '    op.execute("INSERT INTO half VALUES (1)")\n'
        '    op.execute("DELETE FROM setting")\n'
        '    op.execute("INSERT INTO nowhere VALUES (1)")\n'
    )
    told = said_of(empty_url)
    assert f"could not be upgraded from {before} to 9999" in told
    assert told.endswith("Nothing was changed; the version that used it before still can.")
    monkeypatch.undo()
    assert (opened_at(empty_url), tables_of(empty_url)) == (epoch, tables)


def test_a_newer_database_is_refused_on_either_kind(empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    known = upgrading.newest()
    newer = upgrades_in(tmp_path / "newer", monkeypatch) / "9999_later.py"
    newer.write_text(f"revision = '9999'\ndown_revision = '{known}'\ndef upgrade():\n    pass\n")
    opened_at(empty_url)
    monkeypatch.undo()
    assert f"its tables are at 9999, this one knows them up to {known}" in said_of(empty_url)


@pytest.mark.parametrize(
    ("lost", "lacks"),
    [
        ("TABLE page_view CASCADE", "the table page_view"),
        ("TABLE event CASCADE", "the table event"),
        ("COLUMN title", "the column page_view.title"),
    ],
)
def test_a_database_that_lost_something_is_refused_on_postgresql_too(cluster: str, lost: str, lacks: str):
    address = databases.in_cluster(cluster)
    opened_at(address)
    with changing(address) as connection:
        connection.exec_driver_sql(f"ALTER TABLE page_view DROP {lost}" if "COLUMN" in lost else f"DROP {lost}")
    assert f"is damaged: it lacks {lacks}. Nothing was changed. Restore a backup:  parlour restore" in said_of(address)


def test_what_an_older_database_lost_is_found_once_it_is_upgraded_and_nothing_is_changed(empty_url: str):
    made_older(empty_url, "0002")
    with changing(empty_url) as connection:
        connection.exec_driver_sql("DROP TABLE page_view")
    before = tables_of(empty_url)
    assert "is damaged: it lacks the table page_view. Nothing was changed." in said_of(empty_url)
    assert tables_of(empty_url) == before


def test_another_programs_tables_are_refused_on_postgresql_too(cluster: str):
    address = databases.empty_in_cluster(cluster)
    with changing(address) as connection:
        connection.exec_driver_sql("CREATE TABLE hen (name text)")
    assert "holds another program's tables (hen)" in said_of(address)
    assert tables_of(address) == {"hen"}


def upgrades_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Lets upgrades be read from a copy that may be changed, and returns where they are."""
    shutil.copytree(upgrading.UPGRADES, folder)
    monkeypatch.setattr(upgrading, "UPGRADES", folder)
    return folder / "versions"


def made_older(address: str, revision: str) -> str:
    """Makes a database as it was at an earlier upgrade, and returns which record it is."""
    database = Database(address)
    config = Config()
    config.set_main_option("script_location", str(upgrading.UPGRADES))
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    try:
        return Epoch(database).current
    finally:
        database.close()


def opened_at(address: str) -> str:
    """Opens a database and returns which record it is."""
    database = Database(address)
    database.migrate()
    try:
        return Epoch(database).current
    finally:
        database.close()


def tables_of(address: str) -> set[str]:
    database = Database(address)
    with database.reading() as connection:
        found = set(upgrading.inspect(connection).get_table_names())
    database.close()
    return found


@contextmanager
def changing(address: str) -> Iterator[object]:
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def files_in(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir() if each.is_file()}


@contextmanager
def read_only(path: Path) -> Iterator[None]:
    """Nobody can write there; the superuser, who can anyway, needs a mark on the file."""
    if os.geteuid() == 0:
        marked = subprocess.run(["chattr", "+i", str(path)], capture_output=True, text=True)
        if marked.returncode:
            pytest.skip("the superuser can write everywhere, and no file can be marked here")
        undo = ["chattr", "-i", str(path)]
    else:
        mode = path.stat().st_mode
        path.chmod(0o555 if path.is_dir() else 0o444)
        undo = ["chmod", f"{mode & 0o777:o}", str(path)]
    try:
        yield
    finally:
        subprocess.run(undo, check=True)
