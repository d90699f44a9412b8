"""What waits and what was given up: counted, told, tried afresh and dropped."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, insert, select

from bot.backlog import PAGE, Backlog, Load, NoSuchJob
from bot.change import table_of
from bot.database import Database
from bot.jobs import Jobs, NotDone
from bot.leases import Job
from bot.models import JobRow
from handoff.queue import Queue


@pytest.fixture
def backlog(database: Database, clock: Any) -> Backlog:
    return Backlog(database, now=clock)


def write(database: Database, now: datetime, *keys: str, **more: Any) -> None:
    usual = {"kind": "timer", "conversation_id": "c1", "payload": {"words": "SECRET"}, "state": "waiting"}
    usual |= {"run_at": now, "attempts": 0, "created_at": now}
    with database.writing() as connection:
        connection.execute(insert(table_of(JobRow)), [{**usual, "key": key, **more} for key in keys])


def count(database: Database) -> int:
    with database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(JobRow)) or 0


def test_each_kind_is_counted_with_what_is_late_and_what_was_given_up(database: Database, clock: Any, backlog: Backlog):
    now = clock()
    write(database, now, "later", run_at=now + timedelta(hours=1))
    write(database, now, "late", run_at=now - timedelta(minutes=3))
    write(database, now, "later-still", run_at=now - timedelta(minutes=2))
    write(database, now, "given-up", state="dead", done_at=now, kind="webhook")
    write(database, now, "done", state="done", done_at=now)
    assert backlog.kinds() == ["timer", "webhook"]
    assert backlog.loads(["timer", "webhook", "none"]) == {
        "timer": Load(waiting=3, overdue=2, lag=timedelta(minutes=3)),
        "webhook": Load(dead=1),
        "none": Load(),
    }


def test_pages_begin_with_the_newest(database: Database, clock: Any, backlog: Backlog):
    for number in range(PAGE + 2):
        clock.advance(minutes=1)
        write(database, clock(), f"job-{number}", state="dead", done_at=clock())
    write(database, clock(), "other", state="dead", done_at=clock() - timedelta(days=1), kind="webhook")
    first, second = backlog.page("dead"), backlog.page("dead", page=2)
    assert [first[0].key, first[-1].key, *(each.key for each in second)] == [
        f"job-{PAGE + 1}",
        "job-2",
        "job-1",
        "job-0",
        "other",
    ]
    assert [each.key for each in backlog.page("dead", kind="webhook")] == ["other"]
    assert backlog.page("overdue") == backlog.page("waiting") == []
    assert "SECRET" not in str(first)


def test_what_was_given_up_is_tried_afresh_by_whoever_serves(database: Database, clock: Any, backlog: Backlog):
    write(database, clock(), "a", "b", state="dead", done_at=clock(), attempts=20, outcome="answered 500")
    write(database, clock(), "c", state="dead", done_at=clock(), kind="webhook")
    clock.advance(days=3)
    backlog.retry("a")
    done: list[str] = []
    serving = Jobs(database, now=clock)
    serving.run_due({"timer": lambda job: done.append(job.key), "webhook": lambda job: done.append(job.key)})
    assert done == ["a"]
    assert backlog.retry_all("webhook") == 1
    assert backlog.retry_all() == 1
    assert backlog.retry_all() == 0
    serving.run_due({"timer": lambda job: done.append(job.key), "webhook": lambda job: done.append(job.key)})
    assert sorted(done) == ["a", "b", "c"]


def test_what_was_not_given_up_is_not_tried_afresh(database: Database, clock: Any, backlog: Backlog):
    write(database, clock(), "a")
    write(database, clock(), "b", state="done", done_at=clock())
    for key, why in (("a", "it is waiting"), ("b", "it is done"), ("c", "There is no job c")):
        with pytest.raises(NoSuchJob, match=why):
            backlog.retry(key)


def test_what_is_dropped_is_gone_unless_somebody_is_at_it(database: Database, clock: Any, backlog: Backlog):
    write(database, clock(), "a")
    write(database, clock(), "b", state="dead", done_at=clock())
    write(database, clock(), "c", state="done", done_at=clock())

    def try_to_drop(job: Job) -> None:
        with pytest.raises(NoSuchJob, match="being done just now"):
            backlog.drop(job.key)
        raise NotDone("answered 500")

    Jobs(database, now=clock).run_due({"timer": try_to_drop})
    backlog.drop("a")
    backlog.drop("b")
    for key, why in (("a", "There is no job a"), ("c", "done already")):
        with pytest.raises(NoSuchJob, match=why):
            backlog.drop(key)
    assert count(database) == 1


def test_nothing_that_is_asked_takes_longer_the_more_is_kept(database: Database, backlog: Backlog):
    """Each question finds what it wants by an index."""
    asked: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    backlog.loads(["timer"])
    backlog.page("dead")
    backlog.page("dead", kind="timer")
    Queue(database).lengths()
    event.remove(database.engine, "before_cursor_execute", note)
    assert len(asked) == 4
    with database.reading() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql("SET enable_seqscan = off")
        for statement, parameters in asked:
            how = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
            plan = "\n".join(str(row) for row in connection.exec_driver_sql(f"{how} {statement}", parameters))
            assert not re.search(r"SCAN (job|conversation)(?! USING)|Seq Scan", plan), plan
