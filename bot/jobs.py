"""What must happen later or outside: rows committed with their cause, claimed with a lease, tried again.

A handler may run twice (a crash between its effect and the mark that it is done), so its effect must be guarded by
state or carry the job's key. Kinds are bound to callables in `create_app`; jobs never import upwards.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event as Signal
from typing import Any

import structlog
from sqlalchemy import and_, or_, select, update
from sqlalchemy.exc import DBAPIError

from bot.change import table_of
from bot.database import Database
from bot.models import JobRow

LEASE = timedelta(seconds=30)
LONGEST_NAP = 1.0
"""Seconds between looks for leftovers when nothing wakes the poller."""
CLAIMED_AT_ONCE = 50
GIVE_UP_AFTER = timedelta(hours=24)
FIRST_BACK_OFF = timedelta(seconds=2)
LONGEST_BACK_OFF = timedelta(hours=1)

log = structlog.get_logger()
_jobs = table_of(JobRow)


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed job."""

    id: int
    key: str
    kind: str
    conversation_id: str | None
    payload: Mapping[str, Any]
    run_at: datetime
    created_at: datetime
    attempts: int


Handler = Callable[[Job], datetime | None]
"""Does a job; returns when to do it again, or None when it is done."""


class Jobs:
    """The jobs of a process, and its pollers."""

    def __init__(
        self, database: Database, *, now: Callable[[], datetime], run_blocking: Callable[..., Any] | None = None
    ):
        self._database = database
        self._now = now
        self._run_blocking = run_blocking or (lambda function, *args: function(*args))
        self._signals: list[Signal] = []
        self._stopping = False

    def wake(self) -> None:
        """Says that a job due now has been committed."""
        for signal in self._signals:
            signal.set()

    def stop(self) -> None:
        """Ends every `run` after the job in hand."""
        self._stopping = True
        self.wake()

    def run(self, handlers: Mapping[str, Handler]) -> None:
        """Claims and does what is due of these kinds until `stop`; the database being away only delays it.

        Kinds that wait for others (a request to another server) get a `run` of their own, and hold up no timer.
        """
        signal = Signal()
        self._signals.append(signal)
        while not self._stopping:
            try:
                busy = self.run_due(handlers)
            except DBAPIError as problem:
                log.error("jobs.unavailable", cause=str(problem.orig).strip())
                busy = False
            if not busy:
                signal.wait(LONGEST_NAP)
                signal.clear()

    def run_due(self, handlers: Mapping[str, Handler]) -> bool:
        """Does everything of these kinds that is due now; returns whether there was anything."""
        claimed = self._run_blocking(self._claim, tuple(handlers))
        for job in claimed:
            self._do(job, handlers)
        return bool(claimed)

    def is_first(self, job: Job) -> bool:
        """Says whether no earlier job of this kind waits for the same conversation: for what must keep its order."""
        earlier = and_(_jobs.c.state == "waiting", _jobs.c.id < job.id, _jobs.c.kind == job.kind)
        query = select(_jobs.c.id).where(earlier, _jobs.c.conversation_id == job.conversation_id).limit(1)
        with self._database.reading() as connection:
            return connection.execute(query).first() is None

    def _claim(self, kinds: tuple[str, ...]) -> list[Job]:
        now = self._now()
        free = or_(_jobs.c.lease_until.is_(None), _jobs.c.lease_until < now)
        due = and_(_jobs.c.state == "waiting", _jobs.c.run_at <= now, free, _jobs.c.kind.in_(kinds))
        with self._database.reading() as connection:  # Most looks find nothing, and need not write.
            if connection.execute(select(_jobs.c.id).where(due).limit(1)).first() is None:
                return []
        in_order = select(_jobs).where(due).order_by(_jobs.c.run_at).limit(CLAIMED_AT_ONCE)
        query = in_order.with_for_update(skip_locked=True)
        with self._database.writing() as connection:
            rows = connection.execute(query).mappings().all()
            ids = [row["id"] for row in rows]
            claim = {"lease_until": now + LEASE, "attempts": _jobs.c.attempts + 1}
            connection.execute(update(_jobs).where(_jobs.c.id.in_(ids)).values(claim))
        return [
            Job(**{name: row[name] for name in Job.__slots__ if name != "attempts"}, attempts=row["attempts"] + 1)
            for row in rows
        ]

    def _do(self, job: Job, handlers: Mapping[str, Handler]) -> None:
        try:
            again_at = handlers[job.kind](job)
            outcome = _done() if again_at is None else _again(again_at)
        except Exception:
            log.exception("job.failed", key=job.key, kind=job.kind, attempts=job.attempts)
            outcome = self._after_failure(job)
        self._run_blocking(self._mark, job, outcome)

    def _after_failure(self, job: Job) -> dict[str, Any]:
        now = self._now()
        if now - job.run_at > GIVE_UP_AFTER:
            return {"state": "dead", "lease_until": None}
        wait = min(FIRST_BACK_OFF * 2 ** min(job.attempts, 16), LONGEST_BACK_OFF)
        return {"lease_until": now + wait}

    def _mark(self, job: Job, outcome: dict[str, Any]) -> None:
        with self._database.writing() as connection:
            connection.execute(update(_jobs).where(_jobs.c.id == job.id).values(outcome))


def _done() -> dict[str, Any]:
    return {"state": "done", "lease_until": None}


def _again(at: datetime) -> dict[str, Any]:
    return {"run_at": at, "lease_until": None, "attempts": 0}
