"""What must happen later or outside: rows committed with their cause, claimed with a lease, tried again.

A handler may run twice (a crash between its effect and the mark that it is done), so its effect must be guarded by
state or carry the job's key. Kinds are bound to callables in `create_app`; jobs never import upwards.

Here they are done one after the other; what waits on somebody else's computer is done beside (`bot/calls.py`).
"""

import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event as Signal
from typing import Any

import structlog
from sqlalchemy import Connection, and_, or_, select, update
from sqlalchemy.exc import DBAPIError

from bot.change import table_of
from bot.database import Database
from bot.models import JobRow
from bot.trouble import is_trouble

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
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """It is done, and this came of it, in a word or two."""

    outcome: str


class NotDone(Exception):
    """It did not work, for a reason that was foreseen; the text is kept as what came of it.

    It is tried again, unless there is no hope.
    """

    def __init__(self, outcome: str, *, hopeless: bool = False):
        super().__init__(outcome)
        self.hopeless = hopeless


Handler = Callable[[Job], datetime | Done | None]
"""Does a job; returns when to do it again, or that it is done (None says so too)."""
Handlers = Mapping[str, Handler]
Outcome = dict[str, Any]
"""What is written into the row of a job that was tried."""


class Jobs:
    """The poller of a process."""

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], datetime],
        run_blocking: Callable[..., Any] | None = None,
        chance: Callable[[], float] = random.random,
    ):
        self._database = database
        self._now = now
        self._run_blocking = run_blocking or (lambda function, *args: function(*args))
        self._chance = chance
        self._signals = [Signal()]
        self._stopping = False

    def signal(self) -> Signal:
        """Returns one more signal that is set by every `wake`: for a poller beside this one."""
        self._signals.append(Signal())
        return self._signals[-1]

    def wake(self) -> None:
        """Says that a job due now has been committed."""
        for signal in self._signals:
            signal.set()

    def stop(self) -> None:
        """Ends `run` after the job in hand."""
        self._stopping = True
        self.wake()

    def run(self, handlers: Handlers) -> None:
        """Claims and does what is due until `stop`; the database being away only delays it."""
        while not self._stopping:
            try:
                busy = self.run_due(handlers)
            except DBAPIError as problem:
                if not is_trouble(problem):  # Of trouble the database itself has told.
                    log.error("jobs.refused", cause=str(problem.orig).strip())
                busy = False
            if not busy:
                self._signals[0].wait(LONGEST_NAP)
                self._signals[0].clear()

    def run_due(self, handlers: Handlers) -> bool:
        """Does everything that is due now; returns whether there was anything."""
        claimed = self._run_blocking(self._claim, handlers)
        for job in claimed:
            outcome = self.outcome_of(job, handlers)
            self._run_blocking(self._mark, job, outcome)
        return bool(claimed)

    def outcome_of(self, job: Job, handlers: Handlers) -> Outcome:
        """Does a job and returns what its row must say of it."""
        now = self._now()
        try:
            result = handlers[job.kind](job)
        except NotDone as problem:
            log.info("job.not_done", key=job.key, kind=job.kind, attempts=job.attempts, cause=str(problem))
            return self._again_or_never(job, str(problem), hopeless=problem.hopeless)
        except Exception:
            log.exception("job.failed", key=job.key, kind=job.kind, attempts=job.attempts)
            return self._again_or_never(job, "failed")
        if isinstance(result, datetime):
            return {"run_at": result, "lease_until": None, "attempts": 0}
        return {"state": "done", "lease_until": None, "done_at": now, "outcome": result.outcome if result else None}

    def _again_or_never(self, job: Job, outcome: str, *, hopeless: bool = False) -> Outcome:
        now = self._now()
        if hopeless or now - job.run_at > GIVE_UP_AFTER:
            log.error("job.given_up", key=job.key, kind=job.kind, attempts=job.attempts, cause=outcome)
            return {"state": "dead", "lease_until": None, "done_at": now, "outcome": outcome}
        wait = min(FIRST_BACK_OFF * 2 ** min(job.attempts, 16), LONGEST_BACK_OFF)
        # Not all at once: whoever comes back after a fault is not met by everything that waited.
        return {"lease_until": now + wait * (0.5 + self._chance() / 2), "outcome": outcome}

    def _claim(self, handlers: Handlers) -> list[Job]:
        due = due_at(self._now(), handlers)
        with self._database.reading() as connection:  # Most looks find nothing, and need not write.
            if connection.execute(select(_jobs.c.id).where(due).limit(1)).first() is None:
                return []
        with self._database.writing() as connection:
            rows = taken(connection, due, most=CLAIMED_AT_ONCE)
            return leased(connection, rows, until=self._now() + LEASE)

    def _mark(self, job: Job, outcome: Outcome) -> None:
        with self._database.writing() as connection:
            mark(connection, job, outcome)


def due_at(now: datetime, kinds: Collection[str]) -> Any:
    """Returns the condition for jobs of these kinds that may be done now."""
    free = or_(_jobs.c.lease_until.is_(None), _jobs.c.lease_until < now)
    return and_(_jobs.c.state == "waiting", _jobs.c.kind.in_(list(kinds)), _jobs.c.run_at <= now, free)


def taken(connection: Connection, due: Any, *, most: int) -> list[Any]:
    """Returns the rows that are due, the oldest first, and keeps other processes from taking them."""
    query = select(_jobs).where(due).order_by(_jobs.c.run_at, _jobs.c.id).limit(most)
    return list(connection.execute(query.with_for_update(skip_locked=True)).mappings())


def leased(connection: Connection, rows: Collection[Any], *, until: datetime) -> list[Job]:
    """Claims rows that were taken, and returns them as jobs."""
    claim = {"lease_until": until, "attempts": _jobs.c.attempts + 1}
    connection.execute(update(_jobs).where(_jobs.c.id.in_([row["id"] for row in rows])).values(claim))
    return [
        Job(**{name: row[name] for name in Job.__slots__ if name != "attempts"}, attempts=row["attempts"] + 1)
        for row in rows
    ]


def mark(connection: Connection, job: Job, outcome: Outcome) -> None:
    """Writes what came of a job."""
    connection.execute(update(_jobs).where(_jobs.c.id == job.id).values(outcome))
