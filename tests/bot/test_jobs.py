"""Jobs: each kind by whoever does it, once at a time whoever else is there, and in turn where the order counts."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.calls import Calls
from bot.change import Change, Row, table_of
from bot.database import Database
from bot.jobs import GIVE_UP_AFTER, LEAST_TRIES, Jobs, NotDone
from bot.journal import Journal
from bot.leases import LEASE, Job
from bot.models import JobRow

_jobs = table_of(JobRow)
Plan = Callable[..., None]


@pytest.fixture
def plan(database: Database, clock: Any) -> Plan:
    journal = Journal(database)

    def add(
        kind: str, key: str, *, conversation: str = "c1", at: datetime | None = None, target: str | None = None
    ) -> None:
        row = {"key": key, "kind": kind, "conversation_id": conversation, "payload": {}, "state": "waiting"}
        row |= {"run_at": at or clock(), "lease_until": None, "attempts": 0, "created_at": clock(), "target": target}
        journal.commit(Change(rows=[Row(JobRow, row)]))

    return add


@pytest.fixture
def other(open_database: Callable[[], Database], clock: Any) -> Jobs:
    """The poller of another process."""
    return Jobs(open_database(), now=clock)


def row_of(database: Database, key: str) -> Any:
    with database.reading() as connection:
        return connection.execute(select(_jobs).where(_jobs.c.key == key)).mappings().one()


def test_a_kind_is_left_to_whoever_does_it(database: Database, clock: Any, plan: Plan):
    jobs, done = Jobs(database, now=clock), []
    plan("timer", "t1")
    plan("post", "p1")
    jobs.run_due({"timer": lambda job: done.append(job.key)})
    assert done == ["t1"]
    jobs.run_due({"post": lambda job: done.append(job.key)})
    assert done == ["t1", "p1"]
    assert not jobs.run_due({"timer": print, "post": print})
    assert {each: jobs.ended[each, "done"] for each in ("timer", "post")} == {"timer": 1, "post": 1}


# Two processes


def test_a_job_at_which_somebody_still_works_is_begun_by_nobody_else(
    database: Database, clock: Any, plan: Plan, other: Jobs
):
    plan("timer", "slow")
    jobs, begun = Jobs(database, now=clock), []

    def slow(job: Job) -> None:
        begun.append("here")
        for _ in range(5):
            clock.advance(seconds=20)
            jobs.renew()
            assert not other.run_due({"timer": lambda job: begun.append("there")})

    jobs.run_due({"timer": slow})
    assert begun == ["here"]
    assert row_of(database, "slow")["state"] == "done"


def test_a_job_whose_process_is_gone_is_done_by_another(database: Database, clock: Any, plan: Plan, other: Jobs):
    plan("timer", "t1")
    jobs, done = Jobs(database, now=clock), []
    with pytest.raises(KeyboardInterrupt):
        jobs.run_due({"timer": _die})
    assert not other.run_due({"timer": lambda job: done.append(job.attempts)})
    clock.advance(seconds=LEASE.total_seconds() + 1)
    assert other.run_due({"timer": lambda job: done.append(job.attempts)})
    assert done == [2]


def _die(_: Job) -> None:
    raise KeyboardInterrupt


def test_who_was_held_up_too_long_changes_nothing_of_a_job_that_another_has_taken(
    database: Database, clock: Any, plan: Plan, other: Jobs
):
    plan("timer", "t1")
    jobs = Jobs(database, now=clock)

    def held_up(_: Job) -> None:
        clock.advance(seconds=LEASE.total_seconds() + 1)  # Nothing renews it: the whole process stood still.
        assert other.run_due({"timer": lambda job: clock() + timedelta(hours=1)})
        raise NotDone("too late to say so")

    jobs.run_due({"timer": held_up})
    row = row_of(database, "t1")
    assert (row["outcome"], row["attempts"], row["run_at"]) == (None, 0, clock() + timedelta(hours=1))


def test_who_was_held_up_too_long_does_not_begin_what_was_claimed_with_it(
    database: Database, clock: Any, plan: Plan, other: Jobs
):
    for key in ("t1", "t2"):
        plan("timer", key)
    done: list[tuple[str, str]] = []

    def held_up(job: Job) -> None:
        done.append(("here", job.key))
        clock.advance(seconds=LEASE.total_seconds() + 1)

    Jobs(database, now=clock).run_due({"timer": held_up})
    other.run_due({"timer": lambda job: done.append(("there", job.key))})
    assert done.count(("here", "t2")) == 0 and done.count(("there", "t2")) == 1


def test_what_was_claimed_and_not_begun_is_given_back_at_the_end(
    database: Database, clock: Any, plan: Plan, other: Jobs
):
    for key in ("t1", "t2", "t3"):
        plan("timer", key)
    jobs, done = Jobs(database, now=clock), []

    def stop(job: Job) -> None:
        done.append(job.key)
        jobs.stop()

    jobs.run_due({"timer": stop})
    assert done == ["t1"]
    attempts: list[int] = []
    assert other.run_due({"timer": lambda job: attempts.append(job.attempts)}), "no lease is waited for"
    assert attempts == [1, 1], "what was not begun was no try"


def test_two_processes_that_look_at_the_same_moment_do_each_job_once_and_in_order(
    open_database: Callable[[], Database], clock: Any, plan: Plan
):
    conversations = [f"c{number}" for number in range(6)]
    for number in range(60):
        plan("call", f"job-{number:02}", conversation=conversations[number % 6], target="shop")
    told: list[tuple[str, int]] = []
    under_way: set[str] = set()
    wrong: list[str] = []
    lock = threading.Lock()

    @contextmanager
    def alone_with(job: Job) -> Iterator[None]:
        conversation = str(job.conversation_id)
        with lock:
            if conversation in under_way:
                wrong.append(f"{job.key} beside another of {conversation}")
            under_way.add(conversation)
            told.append((conversation, job.id))
        yield
        with lock:
            under_way.remove(conversation)

    def call(job: Job) -> None:
        with alone_with(job):
            threading.Event().wait(0.001)  # Long enough for the other process to have a look meanwhile.

    def process() -> None:
        database = open_database()
        mine = Jobs(database, now=clock)
        calls = Calls(mine, database, now=clock, spawn=lambda *work: threads.append(_started(*work)))
        threads: list[threading.Thread] = []
        start.wait()
        while len(told) < 60 and not wrong:
            calls.run_due({"call": call})
        for thread in threads:
            thread.join(60)
        calls.run_due({})

    start = threading.Barrier(2)
    processes = [_started(process) for _ in range(2)]
    for each in processes:
        each.join(60)
    assert wrong == []
    assert len(told) == len(set(told)) == 60
    for conversation in conversations:
        of_it = [id_ for whose, id_ in told if whose == conversation]
        assert of_it == sorted(of_it)


def _started(function: Callable[..., None], *arguments: Any) -> threading.Thread:
    thread = threading.Thread(target=function, args=arguments, daemon=True)
    thread.start()
    return thread


def test_the_next_of_a_conversation_is_not_taken_while_another_process_has_the_one_before(
    database: Database, open_database: Callable[[], Database], clock: Any, plan: Plan
):
    for key in ("first", "second"):
        plan("call", key, target="shop")
    told: list[str] = []
    waiting: list[tuple[Any, ...]] = []
    here = Calls(Jobs(database, now=clock), database, now=clock, spawn=lambda *work: waiting.append(work))
    elsewhere = open_database()
    there = Calls(Jobs(elsewhere, now=clock), elsewhere, now=clock)
    handlers = {"call": lambda job: told.append(job.key)}
    assert here.run_due(handlers)
    assert not there.run_due(handlers) and told == []
    function, *arguments = waiting.pop()
    function(*arguments)
    assert not there.run_due(handlers), "what came of the first is not written yet"
    here.run_due(handlers)
    assert told == ["first"] and len(waiting) == 1, "now the second is begun"


# The clock


@pytest.mark.fault("F20")
def test_a_clock_that_goes_back_lets_nothing_happen_twice(database: Database, clock: Any, plan: Plan):
    plan("timer", "t1", at=clock() + timedelta(minutes=5))
    jobs, done = Jobs(database, now=clock), []
    handlers = {"timer": lambda job: done.append(job.key)}
    assert not jobs.run_due(handlers)
    clock.advance(minutes=6)
    assert jobs.run_due(handlers)
    clock.advance(hours=-1)
    assert not jobs.run_due(handlers)
    clock.advance(hours=2)
    assert not jobs.run_due(handlers)
    assert done == ["t1"]


@pytest.mark.fault("F20")
def test_a_clock_that_goes_ahead_and_back_lets_it_happen_early_and_once(database: Database, clock: Any, plan: Plan):
    plan("timer", "t1", at=clock() + timedelta(minutes=5))
    jobs, done = Jobs(database, now=clock), []
    handlers = {"timer": lambda job: done.append(job.key)}
    clock.advance(hours=1)
    assert jobs.run_due(handlers)
    clock.advance(hours=-1)
    assert not jobs.run_due(handlers)
    clock.advance(minutes=6)
    assert not jobs.run_due(handlers)
    assert done == ["t1"]


@pytest.mark.fault("F20")
def test_what_a_killed_process_had_in_hand_is_not_waited_for_when_the_clock_goes_back(
    database: Database, clock: Any, plan: Plan, other: Jobs
):
    plan("timer", "t1", at=clock() - timedelta(hours=2))

    def killed(_: Job) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Jobs(database, now=clock).run_due({"timer": killed})
    done: list[str] = []
    assert not other.run_due({"timer": lambda job: done.append(job.key)}), "its lease has not run out"
    clock.advance(hours=-1)
    assert other.run_due({"timer": lambda job: done.append(job.key)})
    assert done == ["t1"]


@pytest.mark.fault("F20")
def test_when_the_clock_goes_back_nobody_begins_what_another_may_have_taken(
    database: Database, clock: Any, plan: Plan, other: Jobs
):
    for key in ("t1", "t2"):
        plan("timer", key, at=clock() - timedelta(hours=2))
    done: list[tuple[str, str]] = []

    def set_back(job: Job) -> None:
        done.append(("here", job.key))
        clock.advance(hours=-1)
        other.run_due({"timer": lambda job: done.append(("there", job.key))})

    Jobs(database, now=clock).run_due({"timer": set_back})
    assert done.count(("here", "t2")) == 0 and done.count(("there", "t2")) == 1


@pytest.mark.fault("F20")
def test_what_is_renewed_stays_in_hand_when_the_clock_goes_back(
    database: Database, clock: Any, plan: Plan, other: Jobs
):
    for key in ("t1", "t2"):
        plan("timer", key, at=clock() - timedelta(hours=2))
    jobs, done = Jobs(database, now=clock), []

    def set_back(job: Job) -> None:
        done.append(job.key)
        clock.advance(hours=-1)
        jobs.renew()
        assert not other.run_due({"timer": print})

    jobs.run_due({"timer": set_back})
    assert done[:2] == ["t1", "t2"]


def test_what_waited_for_days_is_not_given_up_at_its_first_failure(database: Database, clock: Any, plan: Plan):
    plan("timer", "t1")
    jobs = Jobs(database, now=clock)
    clock.advance(days=3)
    for tries in range(1, LEAST_TRIES + 1):
        assert row_of(database, "t1")["state"] == "waiting", tries
        clock.advance(hours=2)
        jobs.run_due({"timer": _refuse})
    assert row_of(database, "t1")["state"] == "dead"


def test_what_fails_again_and_again_within_a_day_is_not_given_up(database: Database, clock: Any, plan: Plan):
    plan("timer", "t1")
    jobs = Jobs(database, now=clock, chance=lambda: 0.0)
    until = clock() + GIVE_UP_AFTER
    while clock() < until:
        clock.advance(minutes=20)
        jobs.run_due({"timer": _refuse})
        assert row_of(database, "t1")["state"] == ("waiting" if clock() <= until else "dead")


def _refuse(_: Job) -> None:
    raise NotDone("answered 500")
