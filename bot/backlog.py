"""What waits to be done and what was given up, for whoever looks after it.

Nothing here tells what a job carries: that may be a visitor's words.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, delete, func, select, update

from bot.change import table_of
from bot.database import Database
from bot.models import JobRow

LATE_AFTER = timedelta(seconds=10)
"""How long after its time a job is overdue."""
MOST_COUNTED = 10_000
"""Nobody counts further than this."""
PAGE = 50

_jobs = table_of(JobRow)


@dataclass(frozen=True, slots=True)
class Entry:
    """A job as it is shown."""

    key: str
    kind: str
    conversation_id: str | None
    target: str | None
    state: str
    run_at: datetime
    created_at: datetime
    lease_until: datetime | None
    taken_by: str | None
    attempts: int
    outcome: str | None
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class Load:
    """How much there is of one kind."""

    waiting: int = 0
    overdue: int = 0
    lag: timedelta = timedelta()
    """How long the oldest that is due has been so."""
    dead: int = 0


class NoSuchJob(LookupError):
    """There is none of this key, or not in a state in which that could be done; the text says which."""


class Backlog:
    """The jobs of an installation, whichever process does them."""

    def __init__(self, database: Database, *, now: Callable[[], datetime]):
        self._database = database
        self._now = now

    def kinds(self) -> list[str]:
        """Returns the kinds of which any job is kept."""
        with self._database.reading() as connection:
            return list(connection.scalars(select(_jobs.c.kind).distinct().order_by(_jobs.c.kind)))

    def loads(self, kinds: Iterable[str]) -> Mapping[str, Load]:
        """Returns kind → how much there is of it. What it takes does not grow with what is over."""
        now = self._now()
        with self._database.reading() as connection:
            return {kind: _load(connection, kind, now) for kind in kinds}

    def page(self, state: str, *, kind: str | None = None, page: int = 1) -> list[Entry]:
        """Returns one page of the jobs in a state, the newest first."""
        condition = self._in_state(state)
        if kind is not None:
            condition = and_(condition, _jobs.c.kind == kind)
        when = _jobs.c.done_at if state in ("dead", "done") else _jobs.c.run_at
        query = select(*_shown).where(condition).order_by(when.desc(), _jobs.c.id.desc())
        with self._database.reading() as connection:
            rows = connection.execute(query.limit(PAGE).offset(PAGE * (page - 1))).mappings()
            return [Entry(**row) for row in rows]

    def get(self, key: str) -> Entry:
        """Returns one job; raises NoSuchJob."""
        with self._database.reading() as connection:
            row = connection.execute(select(*_shown).where(_jobs.c.key == key)).mappings().one_or_none()
        if row is None:
            raise NoSuchJob(f"There is no job {key}. What is over is forgotten in time: see privacy: keep: jobs.")
        return Entry(**row)

    def retry(self, key: str) -> None:
        """Lets a job that was given up be tried afresh; raises NoSuchJob."""
        if not self._afresh(_jobs.c.key == key):
            raise NoSuchJob(f"The job {key} was not given up: it is {self.get(key).state}.")

    def retry_all(self, kind: str | None = None) -> int:
        """Lets everything that was given up be tried afresh, or all of one kind; returns how much that is."""
        return self._afresh(_jobs.c.kind == kind if kind else _jobs.c.state == "dead")

    def drop(self, key: str) -> None:
        """Takes a job away that waits or was given up; raises NoSuchJob."""
        at_it = and_(_jobs.c.taken_by.is_not(None), _jobs.c.lease_until > self._now())
        droppable = and_(_jobs.c.key == key, _jobs.c.state.in_(("waiting", "dead")), ~func.coalesce(at_it, False))
        with self._database.writing() as connection:
            gone = connection.execute(delete(_jobs).where(droppable)).rowcount
        if not gone:
            state = self.get(key).state
            raise NoSuchJob(f"The job {key} is {'being done just now' if state == 'waiting' else 'done already'}.")

    def _in_state(self, state: str) -> Any:
        if state == "overdue":
            return _overdue(self._now())
        return _jobs.c.state == state

    def _afresh(self, condition: Any) -> int:
        with self._database.writing() as connection:
            return tried_afresh(connection, condition, now=self._now())


def tried_afresh(connection: Connection, condition: Any, *, now: datetime) -> int:
    """Lets what was given up, as far as the condition goes, be tried for another day; returns how much that is."""
    given_up = and_(_jobs.c.state == "dead", condition)
    afresh = {"state": "waiting", "run_at": now, "attempts": 0, "done_at": None, "lease_until": None}
    return connection.execute(update(_jobs).where(given_up).values(afresh)).rowcount


_shown: Sequence[Any] = [_jobs.c[name] for name in Entry.__slots__]


def _overdue(now: datetime) -> Any:
    return and_(_jobs.c.state == "waiting", _jobs.c.run_at < now - LATE_AFTER)


def _load(connection: Connection, kind: str, now: datetime) -> Load:
    waiting = and_(_jobs.c.state == "waiting", _jobs.c.kind == kind)
    overdue = and_(_overdue(now), _jobs.c.kind == kind)
    dead = and_(_jobs.c.state == "dead", _jobs.c.kind == kind)
    oldest = select(func.min(_jobs.c.run_at)).where(overdue).scalar_subquery()
    found = connection.execute(select(_count(waiting), _count(overdue), oldest.label("oldest"), _count(dead))).one()
    return Load(found[0], found[1], now - found[2] if found[2] else timedelta(), found[3])


def _count(condition: Any) -> Any:
    some = select(_jobs.c.id).where(condition).limit(MOST_COUNTED).subquery()
    return select(func.count()).select_from(some).scalar_subquery()
