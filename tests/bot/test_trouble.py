"""What is wrong with a database is said once, in words; what is our own mistake is not taken for it."""

import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError

from bot.database import Database
from bot.trouble import NoConnectionFree, OtherServer, is_trouble, sentence
from bot.wellbeing import QUIET_FOR, Wellbeing


class Seconds:
    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def named(name: str, words: str = "words") -> sqlite3.OperationalError:
    problem = sqlite3.OperationalError(words)
    problem.sqlite_errorname = name
    return problem


def of_sqlite(name: str) -> OperationalError:
    return OperationalError("INSERT", {"text": "a visitor's words"}, named(name))


def of_postgresql(kind: type[psycopg.Error], words: str = "words") -> DBAPIError:
    return OperationalError("INSERT", {"text": "a visitor's words"}, kind(words))


TROUBLE = [
    (of_sqlite("SQLITE_FULL"), "no room left"),
    (of_sqlite("SQLITE_IOERR_WRITE"), "cannot use its disk"),
    (of_sqlite("SQLITE_BUSY_SNAPSHOT"), "locked"),
    (of_sqlite("SQLITE_READONLY_DBMOVED"), "cannot be written"),
    (of_sqlite("SQLITE_CORRUPT_INDEX"), "is damaged"),
    (OperationalError("SELECT", {}, named("SQLITE_ERROR", "no such table: event")), "lacks a table"),
    (of_postgresql(psycopg.errors.DiskFull), "no room left"),
    (ProgrammingError("SELECT", {}, psycopg.errors.UndefinedTable("words")), "lacks a table"),
    (of_postgresql(psycopg.errors.AdminShutdown), "does not answer"),
    (of_postgresql(psycopg.errors.IdleInTransactionSessionTimeout), "does not answer"),
    (of_postgresql(psycopg.errors.TooManyConnections), "no connection free"),
    (of_postgresql(psycopg.errors.ReadOnlySqlTransaction), "cannot be written"),
    (of_postgresql(psycopg.OperationalError, 'FATAL:  password authentication failed for user "x"'), "let us in"),
    (of_postgresql(psycopg.OperationalError, "the connection is closed"), "does not answer"),
    (OperationalError(None, None, NoConnectionFree("none")), "no connection free"),
    (OperationalError(None, None, OtherServer("stand_by")), "takes no writes"),
    (OperationalError(None, None, OtherServer("taken_over")), "begins anew there"),
    (OperationalError(None, None, OtherServer("left_behind")), "Stop that one"),
]
OURS = [
    of_sqlite("SQLITE_ERROR"),
    IntegrityError("INSERT", {}, sqlite3.IntegrityError("UNIQUE")),
    of_postgresql(psycopg.errors.SerializationFailure),
    of_postgresql(psycopg.errors.DeadlockDetected),
    ProgrammingError("SELECT", {}, psycopg.errors.UndefinedColumn("words")),
]


@pytest.mark.parametrize(("problem", "words"), TROUBLE, ids=lambda each: each if isinstance(each, str) else "")
def test_trouble_is_said_with_what_to_do_and_without_what_was_written(problem: DBAPIError, words: str):
    assert is_trouble(problem)
    for told in (sentence(problem), sentence(problem, "The database /data/parlour.db")):
        assert words in told and "visitor" not in told and "\n" not in told
    assert sentence(problem).startswith("The database ") and "words" not in sentence(problem)


@pytest.mark.parametrize("problem", OURS, ids=lambda problem: type(problem.orig).__name__)
def test_what_was_asked_wrongly_is_no_trouble_of_the_database(problem: DBAPIError):
    assert not is_trouble(problem)


def test_when_every_connection_is_in_use_the_next_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("bot.database.FREE_WITHIN", 0.01)
    database = Database(f"sqlite:///{tmp_path}/parlour.db")
    heard: list[DBAPIError] = []
    database.on_trouble = heard.append
    with ExitStack() as held:
        for _ in range(15):
            held.enter_context(database.reading())
        with pytest.raises(OperationalError), database.reading():
            pass
    assert [is_trouble(problem) for problem in heard] == [True]
    with database.reading():
        assert len(heard) == 1
    database.close()


def test_trouble_is_over_when_something_can_be_written_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("bot.database.SQLITE_BUSY_SECONDS", 0)
    database, clock = Database(f"sqlite:///{tmp_path}/parlour.db"), Seconds()
    database.migrate()
    wellbeing = Wellbeing(database, clock=clock)
    with closing(sqlite3.connect(tmp_path / "parlour.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for _ in range(3):
            with pytest.raises(OperationalError), database.writing():
                pass
        assert wellbeing.problem and "locked" in wellbeing.problem
        assert str(tmp_path) not in wellbeing.problem
        clock.at += QUIET_FOR
        wellbeing.look_again()
        assert wellbeing.problem
    wellbeing.look_again()
    assert wellbeing.problem, "it was quiet for a moment only"
    clock.at += QUIET_FOR
    wellbeing.look_again()
    assert wellbeing.problem is None
    said = capsys.readouterr().out
    assert (said.count("database.trouble"), said.count("database.well_again")) == (1, 1)
    assert str(tmp_path) in said
    database.close()


def test_a_table_that_is_lost_is_trouble_until_it_is_back(database: Database):
    clock = Seconds()
    wellbeing = Wellbeing(database, clock=clock)
    with database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE event RENAME TO elsewhere")
    with pytest.raises(DBAPIError), database.reading() as connection:
        connection.exec_driver_sql("SELECT * FROM event")
    assert wellbeing.problem == (
        "The database lacks a table it had. Stop Parlour and restore a backup:  parlour restore FILE"
    )
    clock.at += QUIET_FOR
    wellbeing.look_again()
    assert wellbeing.problem, "something else can be written, but what was said is not to be had"
    with database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO event")
    wellbeing.look_again()
    assert wellbeing.problem is None
