"""Everything that is measured: its name, what it means, and where the number stands. No label names a person.

What a worker counts is its own; what is read from the database is the same whichever worker reads it.
"""

import os
import resource
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bot.backlog import Load
from bot.measuring import Spread
from handoff.queue import Queue
from web import __version__
from web.connection import Connection
from web.parts import Parlour

Kind = Literal["counter", "gauge", "histogram"]
Sample = tuple[tuple[str, ...], Any]
"""Values of the labels, and a number; of a histogram [bounds, counts, total]."""
Numbers = Mapping[str, list[Sample]]
"""Name of the measure → its samples."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that is measured."""

    name: str
    kind: Kind
    meaning: str
    read: Callable[[Any], Iterable[Sample]]
    """Of a worker's number from its `Parlour`, else from what was `Found`."""
    labels: tuple[str, ...] = ()
    of_worker: bool = True
    """Each worker has its own number; False: it is read from the database."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the database tells."""

    waiting: Mapping[str, tuple[int, float]]
    """Department → how many wait for it, and for how many seconds the first of them."""
    loads: Mapping[str, Load]
    """Kind of job → how much there is of it."""


def _one(value: float) -> list[Sample]:
    return [((), value)]


def _spread(spread: Spread) -> list[Sample]:
    return [((), [list(spread.bounds), list(spread.counts), spread.total])]


def _counts(counts: Mapping[Any, int]) -> list[Sample]:
    return [(key if isinstance(key, tuple) else (key,), count) for key, count in sorted(counts.items())]


def _sockets(parlour: Parlour) -> list[Sample]:
    return _counts({**parlour.hub.sockets(), "socketio": len(parlour.lines)})


def _resident(_: Parlour) -> list[Sample]:
    try:
        with open("/proc/self/statm") as file:
            return _one(int(file.read().split()[1]) * resource.getpagesize())
    except OSError:  # Only Linux says how it is now; elsewhere it is left out.
        return []


def _processor(_: Parlour) -> list[Sample]:
    spent = os.times()
    return _one(spent.user + spent.system)


def _waiting(parlour: Parlour) -> Mapping[str, tuple[int, float]]:
    """Returns what waits for each department that the site has now; what it does not have is `other`."""
    now, known = parlour.now(), parlour.sites.current.departments
    waiting = dict.fromkeys(("any", *known), (0, 0.0))
    for department, (count, since) in Queue(parlour.database).lengths().items():
        name = "any" if department is None else department if department in known else "other"
        before, longest = waiting.get(name, (0, 0.0))
        waiting[name] = (before + count, max(longest, (now - since).total_seconds()))
    return waiting


def _jobs(what: Callable[[Load], float]) -> Callable[[Found], list[Sample]]:
    return lambda found: [((kind,), what(load)) for kind, load in found.loads.items()]


MEASURES: tuple[Measure, ...] = (
    Measure(
        "parlour_info",
        "gauge",
        "Always 1; the labels say which version runs and which content.",
        lambda parlour: [((__version__, parlour.sites.current.version[:12]), 1)],
        ("version", "site"),
    ),
    Measure(
        "parlour_turn_seconds",
        "histogram",
        "From a visitor's message to its being stored with all that it led to.",
        lambda parlour: _spread(parlour.desk.turns),
    ),
    Measure(
        "parlour_events_total",
        "counter",
        "Events stored, by kind and by who did it; messages are one kind, turns of the bot another.",
        lambda parlour: _counts(parlour.desk.recorded),
        ("kind", "by"),
    ),
    Measure(
        "parlour_lost_races_total",
        "counter",
        "Changes that were computed again because somebody else was faster.",
        lambda parlour: _one(parlour.desk.lost_races),
    ),
    Measure(
        "parlour_commit_seconds",
        "histogram",
        "How long the transactions of conversations took.",
        lambda parlour: _spread(parlour.journal.seconds),
    ),
    Measure(
        "parlour_commit_changes",
        "histogram",
        "How many changes were stored together in one transaction.",
        lambda parlour: _spread(parlour.journal.sizes),
    ),
    Measure(
        "parlour_database_errors_total",
        "counter",
        "Times the database was away, locked, full, or took back what crossed something else.",
        lambda parlour: _one(parlour.database.errors),
    ),
    Measure(
        "parlour_sockets", "gauge", "Open sockets, by whose they are: visitor, agent, socketio.", _sockets, ("of",)
    ),
    Measure(
        "parlour_slow_readers_total",
        "counter",
        "Sockets closed because what was queued for them was not taken.",
        lambda _: _one(Connection.slow_readers),
    ),
    Measure(
        "parlour_jobs_total",
        "counter",
        "Jobs tried, by kind and how it ended: done, again (planned), not_done, failed, given_up.",
        lambda parlour: _counts(parlour.jobs.ended),
        ("kind", "ended"),
    ),
    Measure(
        "parlour_actions_total",
        "counter",
        "Calls of custom actions, by how they ended: well, timeout, refused, error, missing, rejected.",
        lambda parlour: _counts(parlour.actions.ended),
        ("ended",),
    ),
    Measure(
        "parlour_loop_lag_seconds",
        "histogram",
        "How much later than asked for the worker's loop comes back; much of it is a worker with too much to do.",
        lambda parlour: _spread(parlour.lag),
    ),
    Measure("parlour_memory_bytes", "gauge", "Memory of the worker that is in use.", _resident),
    Measure("parlour_processor_seconds_total", "counter", "Processor time the worker has used.", _processor),
    Measure(
        "parlour_queue_length",
        "gauge",
        "Conversations that wait for a person, by department.",
        lambda found: [((name,), count) for name, (count, _) in found.waiting.items()],
        ("department",),
        of_worker=False,
    ),
    Measure(
        "parlour_queue_longest_wait_seconds",
        "gauge",
        "How long the first in the queue has waited.",
        lambda found: [((name,), seconds) for name, (_, seconds) in found.waiting.items()],
        ("department",),
        of_worker=False,
    ),
    Measure(
        "parlour_jobs_waiting",
        "gauge",
        "Jobs that wait, due or not; counted up to 10,000 of a kind.",
        _jobs(lambda load: load.waiting),
        ("kind",),
        of_worker=False,
    ),
    Measure(
        "parlour_jobs_overdue",
        "gauge",
        "Jobs that were due more than ten seconds ago.",
        _jobs(lambda load: load.overdue),
        ("kind",),
        of_worker=False,
    ),
    Measure(
        "parlour_jobs_lag_seconds",
        "gauge",
        "How long the oldest of those has been due.",
        _jobs(lambda load: load.lag.total_seconds()),
        ("kind",),
        of_worker=False,
    ),
    Measure(
        "parlour_jobs_dead",
        "gauge",
        "Jobs that were given up and are kept for you: `parlour jobs --state dead`.",
        _jobs(lambda load: load.dead),
        ("kind",),
        of_worker=False,
    ),
)


def of_worker(parlour: Parlour) -> Numbers:
    """Returns what this worker counts; plain data, as it is kept for the others."""
    return {each.name: list(each.read(parlour)) for each in MEASURES if each.of_worker}


def of_database(parlour: Parlour) -> Numbers:
    """Returns what is read from the database; raises DBAPIError when it does not answer."""
    kinds = sorted({*parlour.desk.job_handlers(), *parlour.call_handlers})
    found = Found(_waiting(parlour), parlour.backlog.loads(kinds))
    return {each.name: list(each.read(found)) for each in MEASURES if not each.of_worker}
