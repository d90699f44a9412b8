"""What must happen later or outside: rows committed with their cause, claimed with a lease, tried again.

A handler may run twice (a crash between its effect and the mark that it is done), so its effect must be guarded by
state or carry the job's key. Kinds are bound to callables in `create_app`; jobs never import upwards.

Here they are done one after the other; what waits on somebody else's computer is done beside (`bot/calls.py`).
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event as Signal

import structlog
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from bot.blocking import RunBlocking, at_once
from bot.change import table_of
from bot.database import Database
from bot.leases import Job, Leases, Outcome, due_at, taken
from bot.models import JobRow
from bot.spans import Spans, no_spans
from bot.trouble import in_words, is_trouble

LONGEST_NAP = 1.0
"""Seconds between looks for leftovers when nothing wakes the poller."""
CLAIMED_AT_ONCE = 50
GIVE_UP_AFTER = timedelta(hours=24)
LEAST_TRIES = 5
"""What waited for a day because we were away, or because a clock jumped, is not given up at its first failure."""
FIRST_BACK_OFF = timedelta(seconds=2)
LONGEST_BACK_OFF = timedelta(hours=1)

log = structlog.get_logger()
_jobs = table_of(JobRow)


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


class Jobs:
    """The poller of a process."""

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], datetime],
        run_blocking: RunBlocking = at_once,
        chance: Callable[[], float] = random.random,
        spans: Spans = no_spans,
    ):
        self._database = database
        self._now = now
        self._run_blocking = run_blocking
        self._chance = chance
        self._spans = spans
        self._signals = [Signal()]
        self._stopping = False
        self._leases = Leases(database, now=now)
        self.ended: Counter[tuple[str, str]] = Counter()
        """(Kind, how it ended) → how often: done, again, not_done, failed or given_up."""

    def signal(self) -> Signal:
        """Returns one more signal that is set by every `wake`: for a poller beside this one."""
        self._signals.append(Signal())
        return self._signals[-1]

    def wake(self) -> None:
        """Says that a job due now has been committed."""
        for signal in self._signals:
            signal.set()

    def stop(self) -> None:
        """Ends `run` after the job in hand; what was claimed and not begun is given back."""
        self._stopping = True
        self.wake()

    def run(self, handlers: Handlers) -> None:
        """Claims and does what is due until `stop`; the database being away only delays it."""
        while not self._stopping:
            try:
                busy = self.run_due(handlers)
            except DBAPIError as problem:
                if not is_trouble(problem):
                    log.error("jobs.refused", cause=in_words(problem))
                busy = False
            except Exception:
                log.exception("jobs.failed")
                busy = False
            if not busy:
                self._signals[0].wait(LONGEST_NAP)
                self._signals[0].clear()

    def run_due(self, handlers: Handlers) -> bool:
        """Does everything that is due now; returns whether there was anything."""
        claimed = self._run_blocking(self._claim, handlers)
        self._leases.keep(claimed)
        left = list(claimed)
        try:
            while left and not self._stopping:
                job = left.pop(0)
                if self._leases.holds(job):
                    outcome = self.outcome_of(job, handlers)
                    self._run_blocking(self._mark, job, outcome)
            if left:
                self._run_blocking(self._leases.give_back, left)
        finally:
            self._leases.let_go(claimed)
        return bool(claimed)

    def renew(self) -> None:
        """Keeps what is in hand from being begun elsewhere; to be called every `RENEW_EVERY` seconds."""
        self._leases.renew(self._run_blocking)

    def outcome_of(self, job: Job, handlers: Handlers) -> Outcome:
        """Does a job and returns what its row must say of it."""
        with self._spans("job", kind=job.kind, conversation=job.conversation_id, attempts=job.attempts):
            return self._outcome_of(job, handlers)

    def _outcome_of(self, job: Job, handlers: Handlers) -> Outcome:
        now = self._now()
        try:
            result = handlers[job.kind](job)
        except NotDone as problem:
            log.info("job.not_done", key=job.key, kind=job.kind, attempts=job.attempts, cause=str(problem))
            return self._again_or_never(job, "not_done", str(problem), hopeless=problem.hopeless)
        except Exception:
            log.exception("job.failed", key=job.key, kind=job.kind, attempts=job.attempts)
            return self._again_or_never(job, "failed", "failed")
        if isinstance(result, datetime):
            self.ended[job.kind, "again"] += 1
            return {"run_at": result, "lease_until": None, "attempts": 0}
        self.ended[job.kind, "done"] += 1
        return {"state": "done", "lease_until": None, "done_at": now, "outcome": result.outcome if result else None}

    def _again_or_never(self, job: Job, how: str, outcome: str, *, hopeless: bool = False) -> Outcome:
        now = self._now()
        if hopeless or (now - job.run_at > GIVE_UP_AFTER and job.attempts >= LEAST_TRIES):
            self.ended[job.kind, "given_up"] += 1
            log.error("job.given_up", key=job.key, kind=job.kind, attempts=job.attempts, cause=outcome)
            return {"state": "dead", "lease_until": None, "done_at": now, "outcome": outcome}
        self.ended[job.kind, how] += 1
        wait = min(FIRST_BACK_OFF * 2 ** min(job.attempts, 16), LONGEST_BACK_OFF)
        # Not all at once: whoever comes back after a fault is not met by everything that waited.
        return {"lease_until": now + wait * (0.5 + self._chance() / 2), "outcome": outcome}

    def _claim(self, handlers: Handlers) -> list[Job]:
        due = due_at(self._now(), handlers)
        with self._database.reading() as connection:  # Most looks find nothing, and need not write.
            if connection.execute(select(_jobs.c.id).where(due).limit(1)).first() is None:
                return []
        with self._database.writing() as connection:
            return self._leases.claim(connection, taken(connection, due, most=CLAIMED_AT_ONCE))

    def _mark(self, job: Job, outcome: Outcome) -> None:
        with self._database.writing() as connection:
            self._leases.mark(connection, job, outcome)
