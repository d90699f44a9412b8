"""Jobs that wait on somebody else's computer: several at a time, beside everything else.

A slow or dead target holds up nobody but itself: it gets a few of the places and no more. What one target hears of one
conversation it hears in order: the next waits until the one before is done or given up.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from time import monotonic, sleep
from typing import Any

import structlog
from sqlalchemy import and_, or_, select
from sqlalchemy.exc import DBAPIError

from bot.blocking import RunBlocking, at_once
from bot.change import table_of
from bot.database import Database
from bot.jobs import LONGEST_NAP, Handlers, Jobs
from bot.leases import Job, Leases, Outcome, due_at, taken
from bot.models import JobRow
from bot.trouble import in_words, is_trouble

MOST = 16
"""Calls at once."""
MOST_FOR_ONE = 4
"""Calls at once to one target."""
LOOKED_AT = 100

log = structlog.get_logger()
_jobs = table_of(JobRow)
_earlier = _jobs.alias()
_NEXT_IN_ORDER = ~(
    select(_earlier.c.id)
    .where(
        _earlier.c.target == _jobs.c.target,
        _earlier.c.conversation_id == _jobs.c.conversation_id,
        _earlier.c.state == "waiting",
        _earlier.c.id < _jobs.c.id,
    )
    .exists()
)


class Calls:
    """The second poller of a process. Without `spawn` each call is made at once, one after the other."""

    def __init__(
        self,
        jobs: Jobs,
        database: Database,
        *,
        now: Callable[[], datetime],
        spawn: Callable[..., Any] | None = None,
        run_blocking: RunBlocking = at_once,
    ):
        self._jobs = jobs
        self._database = database
        self._now = now
        self._spawn = spawn or (lambda function, *args: function(*args))
        self._run_blocking = run_blocking
        self._signal = jobs.signal()
        self._leases = Leases(database, now=now)
        self._in_hand: dict[int, Job] = {}
        self._tried: list[tuple[Job, Outcome]] = []
        self._stopping = False

    def stop(self) -> None:
        """Begins nothing new; what is on its way is finished and written down."""
        self._stopping = True
        self._signal.set()

    def run(self, handlers: Handlers) -> None:
        """Makes the calls that are due until `stop`; the database being away only delays it."""
        while self._in_hand or not self._stopping:
            began = monotonic()
            try:
                busy = self.run_due(handlers)
            except DBAPIError as problem:
                if not is_trouble(problem):
                    log.error("calls.refused", cause=in_words(problem))
                busy = False
            except Exception:
                log.exception("calls.failed")
                busy = False
            if not busy:
                # The more waits for a dead target, the longer a look takes: never more than a tenth of the time.
                sleep(min(LONGEST_NAP, 9 * (monotonic() - began)))
                self._signal.wait(LONGEST_NAP)
                self._signal.clear()

    def run_due(self, handlers: Handlers) -> bool:
        """Writes down what came of calls that ended and begins what is due; returns whether there was anything."""
        tried, self._tried = self._tried, []
        try:
            begun = self._run_blocking(self._write_and_claim, tried, handlers)
        except BaseException:
            self._tried = [*tried, *self._tried]
            raise
        self._leases.let_go(job for job, _ in tried)
        for job, _ in tried:
            del self._in_hand[job.id]
        self._in_hand |= {job.id: job for job in begun}
        self._leases.keep(begun)
        for job in begun:
            self._spawn(self._try, job, handlers)
        return bool(tried or begun)

    def renew(self) -> None:
        """Keeps what is in hand from being begun elsewhere; to be called every `RENEW_EVERY` seconds."""
        self._leases.renew(self._run_blocking)

    def _try(self, job: Job, handlers: Handlers) -> None:
        outcome = self._jobs.outcome_of(job, handlers)
        self._tried.append((job, outcome))
        self._signal.set()

    def _write_and_claim(self, tried: list[tuple[Job, Outcome]], handlers: Handlers) -> list[Job]:
        """One transaction for both: a call that ends usually lets the next one begin."""
        over = {job.id for job, _ in tried}
        held = [job for job in self._in_hand.values() if job.id not in over]
        # A lease that ran out while its call still lasts is ours all the same.
        due = and_(due_at(self._now(), handlers), _NEXT_IN_ORDER, _jobs.c.id.not_in([job.id for job in held]))
        if not tried and not self._may_begin(due, held):
            return []
        with self._database.writing() as connection:
            for job, outcome in tried:
                self._leases.mark(connection, job, outcome)
            if self._stopping:
                return []
            rows = taken(connection, due & _of_targets_with_room(held), most=LOOKED_AT)
            return self._leases.claim(connection, _within_bounds(rows, held))

    def _may_begin(self, due: Any, held: list[Job]) -> bool:
        if len(held) >= MOST or self._stopping:
            return False
        with self._database.reading() as connection:  # Most looks find nothing, and need not write.
            query = select(_jobs.c.id).where(due & _of_targets_with_room(held)).limit(1)
            return connection.execute(query).first() is not None


def _of_targets_with_room(held: list[Job]) -> Any:
    full = [target for target, count in Counter(job.target for job in held).items() if target and count >= MOST_FOR_ONE]
    return or_(_jobs.c.target.is_(None), _jobs.c.target.not_in(full))


def _within_bounds(rows: list[Any], held: list[Job]) -> list[Any]:
    """Returns as many of the rows as there are places, and of each target no more than its share."""
    begun = Counter(job.target for job in held)
    room = MOST - len(held)
    chosen: list[Any] = []
    for row in rows:
        target = row["target"]
        if len(chosen) < room and (target is None or begun[target] < MOST_FOR_ONE):
            chosen.append(row)
            begun[target] += 1
    return chosen
