"""Which jobs a poller has in hand: claimed for a while, renewed while they are worked on, and given back.

A poller that was held up for longer than its lease has lost the job: it does not begin it any more, and what it writes
of it changes nothing. Whoever claimed it since has a number of their own on it, and a try of their own. A lease that
reaches further ahead than any does was made before the clock was set back, and is over as well.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, or_, select, update

from bot.change import table_of
from bot.database import Database
from bot.ids import new_id
from bot.models import JobRow

LEASE = timedelta(seconds=30)
RENEW_EVERY = 8.0
"""Seconds between renewals: two may fail before a lease runs out."""
ENDS_EARLY = timedelta(seconds=5)
"""For whoever has it a lease ends earlier than for all others."""
TOO_FAR_AHEAD = 2 * LEASE
"""Where clocks of two computers differ a little, a lease may seem longer than it is; not this long."""

_jobs = table_of(JobRow)

Outcome = dict[str, Any]
"""What is written into the row of a job that was tried."""


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


class Leases:
    """The claims of one poller."""

    def __init__(self, database: Database, *, now: Callable[[], datetime]):
        self._database = database
        self._now = now
        self._me = new_id()
        self._until: dict[int, datetime] = {}

    def claim(self, connection: Connection, rows: Collection[Any]) -> list[Job]:
        """Claims rows that were taken, and returns them as jobs; once that is committed, they are to be kept."""
        if not rows:
            return []
        values = {"lease_until": self._now() + LEASE, "taken_by": self._me, "attempts": _jobs.c.attempts + 1}
        connection.execute(update(_jobs).where(_jobs.c.id.in_([row["id"] for row in rows])).values(values))
        return [
            Job(**{name: row[name] for name in Job.__slots__ if name != "attempts"}, attempts=row["attempts"] + 1)
            for row in rows
        ]

    def keep(self, jobs: Iterable[Job]) -> None:
        """Renews these from now on, until they are let go."""
        until = self._now() + LEASE - ENDS_EARLY
        self._until |= {job.id: until for job in jobs}

    def holds(self, job: Job) -> bool:
        """Returns whether a job may be begun: its lease has not run out meanwhile."""
        return timedelta() < self._until[job.id] - self._now() <= LEASE

    def renew(self, run_blocking: Callable[..., Any]) -> None:
        """Keeps what is in hand from being begun by another poller."""
        kept, until = list(self._until), self._now() + LEASE
        for id_ in run_blocking(self._renewed, kept, until) if kept else ():
            if id_ in self._until:  # It may have been let go meanwhile.
                self._until[id_] = until - ENDS_EARLY

    def _renewed(self, kept: Collection[int], until: datetime) -> list[int]:
        """Renews what nobody else has taken, and returns what that is."""
        mine = and_(_jobs.c.id.in_(kept), _jobs.c.taken_by == self._me)
        with self._database.writing() as connection:
            renewed = update(_jobs).where(mine).values(lease_until=until).returning(_jobs.c.id)
            return list(connection.scalars(renewed))

    def mark(self, connection: Connection, job: Job, outcome: Outcome) -> None:
        """Writes what came of a job, unless it was lost to another poller."""
        connection.execute(update(_jobs).where(self._mine(job)).values(taken_by=None, **outcome))

    def give_back(self, jobs: Iterable[Job]) -> None:
        """Lets others do at once what was claimed and not begun."""
        with self._database.writing() as connection:
            for job in jobs:
                untried = {"lease_until": None, "taken_by": None, "attempts": job.attempts - 1}
                connection.execute(update(_jobs).where(self._mine(job)).values(untried))

    def let_go(self, jobs: Iterable[Job]) -> None:
        """Forgets jobs that were marked, given back, or lost."""
        for job in jobs:
            self._until.pop(job.id, None)

    def _mine(self, job: Job) -> Any:
        return and_(_jobs.c.id == job.id, _jobs.c.taken_by == self._me, _jobs.c.attempts == job.attempts)


def due_at(now: datetime, kinds: Collection[str]) -> Any:
    """Returns the condition for jobs of these kinds that may be done now."""
    set_back = and_(_jobs.c.taken_by.is_not(None), _jobs.c.lease_until > now + TOO_FAR_AHEAD)
    free = or_(_jobs.c.lease_until.is_(None), _jobs.c.lease_until < now, set_back)
    return and_(_jobs.c.state == "waiting", _jobs.c.kind.in_(list(kinds)), _jobs.c.run_at <= now, free)


def taken(connection: Connection, due: Any, *, most: int) -> list[Any]:
    """Returns the rows that are due, the oldest first, and keeps other processes from taking them."""
    query = select(_jobs).where(due).order_by(_jobs.c.run_at, _jobs.c.id).limit(most)
    return list(connection.execute(query.with_for_update(skip_locked=True)).mappings())
