"""A copy is whole and of one moment, nothing is ever written over, and a copy put back is another record."""

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, select

import bot.in_use
from bot.backup import back_up, restore
from bot.change import table_of
from bot.database import CannotOpen, Database
from bot.epoch import Epoch
from bot.in_use import used
from bot.models import Setting
from tests.bot.test_opening import WRONG

AT = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
settings = table_of(Setting)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "parlour.db"


@pytest.fixture
def open_(file: Path) -> Iterator[Callable[[], Database]]:
    opened = []

    def open_() -> Database:
        opened.append(Database(f"sqlite:///{file}"))
        opened[-1].migrate()
        return opened[-1]

    yield open_
    for database in opened:
        database.close()


def note(database: Database, name: str) -> None:
    with database.writing() as connection:
        connection.execute(insert(settings).values(name=name, value="noted"))


def notes(database: Database) -> list[str]:
    with database.reading() as connection:
        noted = select(settings.c.name).where(settings.c.value == "noted").order_by(settings.c.name)
        return list(connection.scalars(noted))


def test_a_copy_holds_what_was_committed_and_nothing_that_was_not(
    file: Path, tmp_path: Path, open_: Callable[[], Database]
):
    database = open_()
    note(database, "before")
    with database.writing() as connection:
        connection.execute(insert(settings).values(name="meanwhile", value="noted"))
        assert back_up(file, tmp_path / "copy.db").conversations == 0
    copy = Database(f"sqlite:///{tmp_path}/copy.db")
    copy.migrate()
    assert (notes(copy), notes(database)) == (["before"], ["before", "meanwhile"])
    copy.close()


def test_a_copy_holds_nothing_of_what_was_deleted(file: Path, tmp_path: Path, open_: Callable[[], Database]):
    database = open_()
    note(database, "somebody's words")
    with database.writing() as connection:
        connection.execute(settings.delete())
    assert b"somebody's words" in b"".join(each.read_bytes() for each in tmp_path.glob("parlour.db*"))
    back_up(file, tmp_path / "copy.db")
    assert b"somebody's words" not in (tmp_path / "copy.db").read_bytes()


def test_a_copy_is_for_its_owner_alone_and_by_itself(file: Path, tmp_path: Path, open_: Callable[[], Database]):
    open_()
    (tmp_path / "backups").mkdir()
    back_up(file, tmp_path / "backups" / "copy.db")
    assert stat.S_IMODE((tmp_path / "backups" / "copy.db").stat().st_mode) == 0o600
    assert os.listdir(tmp_path / "backups") == ["copy.db"]


def test_what_a_killed_copy_left_goes_with_the_next_one(file: Path, tmp_path: Path, open_: Callable[[], Database]):
    open_()
    left, under_way = tmp_path / ".monday.db.1.partial", tmp_path / ".tuesday.db.2.partial"
    for each in (left, under_way):
        each.write_text("somebody's words")
    os.utime(left, (0, 0))
    back_up(file, tmp_path / "copy.db")
    assert (left.exists(), under_way.exists()) == (False, True)


def test_nothing_is_written_over(file: Path, tmp_path: Path, open_: Callable[[], Database]):
    open_()
    (tmp_path / "copy.db").write_text("something of mine")
    with pytest.raises(CannotOpen, match=r"copy\.db is there already"):
        back_up(file, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "something of mine"


def test_of_nothing_there_is_no_copy(file: Path, tmp_path: Path):
    with pytest.raises(CannotOpen, match="There is no database"):
        back_up(file, tmp_path / "copy.db")
    assert list(tmp_path.iterdir()) == []


def test_of_what_is_damaged_there_is_no_copy(file: Path, tmp_path: Path, open_: Callable[[], Database]):
    open_().close()
    os.truncate(file, file.stat().st_size // 2)
    with pytest.raises(CannotOpen, match="is damaged"):
        back_up(file, tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists() and not list(tmp_path.glob("*partial*"))


def test_a_folder_that_is_missing_is_said(file: Path, tmp_path: Path, open_: Callable[[], Database]):
    open_()
    with pytest.raises(CannotOpen, match=r"Nothing can be written in .*none"):
        back_up(file, tmp_path / "none" / "copy.db")


def test_an_empty_file_is_no_backup_and_nobody_is_told_to_delete_it(file: Path, tmp_path: Path):
    (tmp_path / "copy.db").touch()
    with pytest.raises(CannotOpen, match=r"copy\.db is empty\. Name another backup; nothing was changed\.$"):
        restore(tmp_path / "copy.db", file, at=AT)


def test_a_copy_put_back_is_what_it_was_but_another_record(file: Path, tmp_path: Path, open_: Callable[[], Database]):
    database = open_()
    first = Epoch(database).current
    note(database, "before")
    back_up(file, tmp_path / "copy.db")
    note(database, "after")
    database.close()

    _, aside = restore(tmp_path / "copy.db", file, at=AT)

    restored = open_()
    assert notes(restored) == ["before"]
    assert Epoch(restored).current != first
    assert aside == tmp_path / "parlour-before-2026-03-04-100000.db"
    kept = Database(f"sqlite:///{aside}")
    kept.migrate()
    assert (notes(kept), Epoch(kept).current) == (["after", "before"], first)
    kept.close()


def test_what_was_only_in_the_log_is_kept_too(file: Path, tmp_path: Path, open_: Callable[[], Database]):
    back_up_of(open_, file, tmp_path / "copy.db")
    # A process that is killed leaves a log behind.
    killed = (
        "import os; from bot.database import Database; from tests.bot.test_backup import note; "
        f"database = Database('sqlite:///{file}'); note(database, 'last'); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", killed], timeout=60)
    assert file.with_name("parlour.db-wal").stat().st_size
    _, aside = restore(tmp_path / "copy.db", file, at=AT)
    with closing(sqlite3.connect(str(aside))) as kept:
        assert kept.execute("SELECT count(*) FROM setting WHERE name = 'last'").fetchone() == (1,)
    assert not file.with_name("parlour.db-wal").exists()


def test_a_damaged_database_is_replaced_and_kept_with_its_log(
    file: Path, tmp_path: Path, open_: Callable[[], Database]
):
    back_up_of(open_, file, tmp_path / "copy.db")
    file.write_bytes(b"nothing but noise")
    file.with_name("parlour.db-wal").write_bytes(b"more noise")
    _, aside = restore(tmp_path / "copy.db", file, at=AT)
    assert aside is not None and aside.read_bytes() == b"nothing but noise"
    assert Path(f"{aside}-wal").read_bytes() == b"more noise"
    assert notes(open_()) == ["before"]


def test_where_there_is_none_a_copy_is_put_too(file: Path, tmp_path: Path, open_: Callable[[], Database]):
    back_up_of(open_, file, tmp_path / "copy.db")
    file.unlink()
    assert restore(tmp_path / "copy.db", file, at=AT)[1] is None
    assert notes(open_()) == ["before"]


def test_while_a_server_uses_the_database_nothing_takes_its_place(
    file: Path, tmp_path: Path, open_: Callable[[], Database]
):
    back_up_of(open_, file, tmp_path / "copy.db")
    before = file.read_bytes()
    with used(file), pytest.raises(CannotOpen, match=r"A running server has .* open. Stop it first."):
        restore(tmp_path / "copy.db", file, at=AT)
    assert file.read_bytes() == before
    restore(tmp_path / "copy.db", file, at=AT)


def test_a_second_server_waits_for_what_is_left_of_the_first_and_is_then_refused(
    file: Path, monkeypatch: pytest.MonkeyPatch
):
    waited: list[float] = []
    monkeypatch.setattr(bot.in_use, "monotonic", lambda: sum(waited))
    monkeypatch.setattr(bot.in_use, "sleep", waited.append)
    with used(file), pytest.raises(CannotOpen, match=r"Another Parlour serves .* already"), used(file):
        pass
    assert sum(waited) >= bot.in_use.ENDS_WITHIN
    with used(file):
        pass


def test_nothing_takes_the_place_of_what_another_program_has_open(
    file: Path, tmp_path: Path, open_: Callable[[], Database]
):
    back_up_of(open_, file, tmp_path / "copy.db")
    shell = open_()
    with pytest.raises(CannotOpen, match=r"Another program has .* open. End it first."):
        restore(tmp_path / "copy.db", file, at=AT)
    assert not list(tmp_path.glob("*before*")) and not list(tmp_path.glob("*partial*"))
    shell.close()
    restore(tmp_path / "copy.db", file, at=AT)


@pytest.mark.parametrize(
    "wrong", [each for each in WRONG if "gone" not in each.__name__], ids=lambda each: each.__name__
)
def test_a_copy_that_cannot_be_used_takes_no_place(
    file: Path, tmp_path: Path, open_: Callable[[], Database], wrong: Callable[[Path], None]
):
    (tmp_path / "copies").mkdir()
    copy = tmp_path / "copies" / "copy.db"
    back_up_of(open_, file, copy)
    wrong(copy)
    before = file.read_bytes()
    with pytest.raises(CannotOpen):
        restore(copy, file, at=AT)
    assert file.read_bytes() == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["copies", "parlour.db"]


def back_up_of(open_: Callable[[], Database], file: Path, to: Path) -> None:
    """Makes a copy of a database in which something is noted, and closes it."""
    database = open_()
    note(database, "before")
    back_up(file, to)
    database.close()
