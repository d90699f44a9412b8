"""Jobs that wait on somebody else: a few at a time for each, and nobody is held up by another."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from bot.calls import MOST, MOST_FOR_ONE, Calls
from bot.change import table_of
from bot.database import Database
from bot.jobs import Done, Job, Jobs, NotDone
from bot.models import JobRow


def plan(database: Database, now: Any, *jobs: tuple[str, str | None, str]) -> None:
    """Writes jobs of (kind, target, conversation), due now."""
    rows = [
        {
            "key": f"{kind}:{target}:{conversation}:{number}",
            "kind": kind,
            "conversation_id": conversation,
            "payload": {"n": number},
            "state": "waiting",
            "run_at": now,
            "attempts": 0,
            "created_at": now,
            "target": target,
        }
        for number, (kind, target, conversation) in enumerate(jobs)
    ]
    with database.writing() as connection:
        connection.execute(insert(table_of(JobRow)), rows)


class Beside:
    """Threads that are held in their call until let go."""

    def __init__(self) -> None:
        self.begun: list[Job] = []
        self.gate = threading.Event()
        self.threads: list[threading.Thread] = []

    def spawn(self, function: Callable[..., None], *arguments: Any) -> None:
        self.begun.append(arguments[0])
        self.threads.append(threading.Thread(target=function, args=arguments))
        self.threads[-1].start()

    def call(self, _: Job) -> Done:
        assert self.gate.wait(60)
        return Done("answered 200")

    def end(self) -> None:
        self.gate.set()
        for thread in self.threads:
            thread.join(60)


@pytest.fixture
def jobs(database: Database, clock: Any) -> Jobs:
    return Jobs(database, now=clock)


def test_a_target_that_does_not_answer_holds_up_only_itself(database: Database, clock: Any, jobs: Jobs):
    slow = [("call", "slow", f"c{number}") for number in range(150)]
    plan(database, clock(), *slow, ("call", "quick", "c1"), ("timer", None, "c1"))
    beside, timers = Beside(), []
    calls = Calls(jobs, database, now=clock, spawn=beside.spawn)
    while calls.run_due({"call": beside.call}):
        pass
    assert [job.target for job in beside.begun] == ["slow"] * MOST_FOR_ONE + ["quick"]
    while jobs.run_due({"timer": lambda job: timers.append(job.kind)}):
        pass
    assert timers == ["timer"], "the other poller never waits for a call"
    beside.end()


def test_there_are_never_more_calls_at_once_than_places(database: Database, clock: Any, jobs: Jobs):
    plan(database, clock(), *(("call", f"target-{number % 10}", f"c{number}") for number in range(40)))
    beside = Beside()
    calls = Calls(jobs, database, now=clock, spawn=beside.spawn)
    while calls.run_due({"call": beside.call}):
        pass
    assert len(beside.begun) == MOST
    beside.end()
    while calls.run_due({"call": beside.call}):
        beside.end()
    assert len(beside.begun) == 40


def test_what_one_target_hears_of_one_conversation_waits_for_what_was_before(
    database: Database, clock: Any, jobs: Jobs
):
    plan(database, clock(), ("call", "a", "c1"), ("call", "a", "c1"), ("call", "b", "c1"), ("call", "a", "c2"))
    heard: list[tuple[str | None, str | None, int]] = []

    def call(job: Job) -> None:
        if not heard and job.payload["n"] == 0 and job.attempts == 1:
            raise NotDone("answered 500")
        heard.append((job.target, job.conversation_id, job.payload["n"]))

    calls = Calls(jobs, database, now=clock)
    while calls.run_due({"call": call}):
        pass
    assert heard == [("b", "c1", 2), ("a", "c2", 3)]
    clock.advance(minutes=1)
    while calls.run_due({"call": call}):
        pass
    assert heard[2:] == [("a", "c1", 0), ("a", "c1", 1)]


def test_what_comes_of_a_call_is_kept_until_the_database_takes_it(
    database: Database, clock: Any, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
):
    plan(database, clock(), ("call", "a", "c1"))
    made: list[int] = []
    calls = Calls(jobs, database, now=clock)
    handlers = {"call": lambda job: made.append(job.id)}
    assert calls.run_due(handlers)
    with monkeypatch.context() as away:
        away.setattr(database, "writing", lambda: (_ for _ in ()).throw(ConnectionError))
        with pytest.raises(Exception):  # noqa: B017  whatever a database that is away raises
            calls.run_due(handlers)
    clock.advance(hours=1)
    assert calls.run_due(handlers) and not calls.run_due(handlers)
    assert len(made) == 1


def test_tries_lie_further_and_further_apart_and_never_all_at_the_same_moment(database: Database, clock: Any):
    plan(database, clock(), ("call", "a", "c1"))
    for chance, share in ((0.0, 0.5), (1.0, 1.0)):
        again = Jobs(database, now=clock, chance=lambda chance=chance: chance)
        for attempts, seconds in ((1, 4), (5, 64), (30, 3600)):
            job = Job(1, "key", "call", "c1", {}, clock(), clock(), attempts, "a")
            outcome = again.outcome_of(job, {"call": _refuse})
            assert outcome == {"lease_until": clock() + timedelta(seconds=seconds * share), "outcome": "answered 500"}


def _refuse(_: Job) -> None:
    raise NotDone("answered 500")
