"""Jobs: each kind by whoever does it, and in turn where the order counts."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from bot.change import Change, Row
from bot.database import Database
from bot.jobs import Jobs
from bot.journal import Journal
from bot.models import JobRow


@pytest.fixture
def plan(database: Database, clock: Any) -> Callable[..., None]:
    journal = Journal(database)

    def add(kind: str, key: str, *, conversation: str = "c1", at: datetime | None = None) -> None:
        row = {"key": key, "kind": kind, "conversation_id": conversation, "payload": {}, "state": "waiting"}
        row |= {"run_at": at or clock(), "lease_until": None, "attempts": 0, "created_at": clock()}
        journal.commit(Change(rows=[Row(JobRow, row)]))

    return add


def test_a_kind_is_left_to_whoever_does_it(database: Database, clock: Any, plan: Callable[..., None]):
    jobs, done = Jobs(database, now=clock), []
    plan("timer", "t1")
    plan("post", "p1")
    jobs.run_due({"timer": lambda job: done.append(job.key)})
    assert done == ["t1"]
    jobs.run_due({"post": lambda job: done.append(job.key)})
    assert done == ["t1", "p1"]
    assert not jobs.run_due({"timer": print, "post": print})
