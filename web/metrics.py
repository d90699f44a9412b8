"""`GET /metrics`: what is measured, for Prometheus. Whichever worker is asked answers for all of them.

Each worker leaves its numbers in a small file in the data folder, and all are told side by side, each under the name of
its worker: added up, the sum would fall whenever a worker ends.
"""

import hmac
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import accumulate
from pathlib import Path
from typing import Any

from flask import Blueprint, Request, Response, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from sqlalchemy.exc import DBAPIError

from web.audience import audience
from web.errors import NotFound
from web.measures import MEASURES, Measure, Numbers, Sample, of_database, of_worker
from web.origins import asks_for_this_computer, came_through_a_proxy, is_loopback
from web.parts import Parlour
from web.tokens import bearer

LEFT_EVERY = 5.0
"""Seconds between looks of a worker at its own numbers, for the others."""
FRESH_FOR = 30.0
"""Seconds after which a worker that has left nothing new is taken to be gone."""
FORGOTTEN_AFTER = 600.0

_FAMILIES: dict[str, Callable[..., Any]] = {
    "counter": CounterMetricFamily,
    "gauge": GaugeMetricFamily,
    "histogram": HistogramMetricFamily,
}


def blueprint(parlour: Parlour) -> Blueprint:
    """Returns the route."""
    pages = Blueprint("metrics", __name__)
    left = left_by(parlour)

    @pages.get("/metrics")
    @audience("public")
    def metrics() -> ResponseReturnValue:
        if not may_read(request, parlour.options.metrics_token):
            raise NotFound
        by_worker = {parlour.worker: of_worker(parlour), **left.by_others()}
        found = parlour.workshop.run_blocking(_shared, parlour)
        return Response(told(by_worker, found), content_type=CONTENT_TYPE_LATEST)

    return pages


def may_read(request: Request, token: str) -> bool:
    """Says whether whoever asks may read: who brings the token; without one, programs on this computer alone."""
    if token:
        given = bearer(request)
        return given is not None and hmac.compare_digest(given.encode(), token.encode())
    is_here = is_loopback(request.remote_addr or "") and asks_for_this_computer(request)
    return is_here and not came_through_a_proxy(request)


def told(by_worker: Mapping[str, Numbers], shared: Numbers) -> bytes:
    """Returns what workers counted, and what all of them share, as Prometheus reads it."""
    registry = CollectorRegistry()
    registry.register(_Told(by_worker, shared))
    return generate_latest(registry)


def left_by(parlour: Parlour) -> "Left":
    """Returns where the workers of this service leave their numbers; others may share its data folder."""
    return Left(parlour.options.data / f"workers-{parlour.options.service}", parlour.worker)


class Left:
    """What workers leave for one another."""

    def __init__(self, folder: Path, worker: str):
        self._folder = folder
        self._own = folder / f"{worker}.json"

    def leave(self, numbers: Numbers) -> None:
        """Leaves this worker's numbers, whole or not at all."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        aside = self._own.with_suffix(".new")
        aside.write_text(json.dumps(numbers))
        os.replace(aside, self._own)

    def take_away(self) -> None:
        """Leaves nothing; for the end."""
        self._own.unlink(missing_ok=True)

    def by_others(self) -> dict[str, Numbers]:
        """Returns worker → its numbers, of those that are there still."""
        found = {}
        for file in sorted(self._folder.glob("*.json")):
            with suppress(OSError, ValueError):  # It ends just now.
                age = time.time() - file.stat().st_mtime
                if age > FORGOTTEN_AFTER:
                    file.unlink()
                elif age < FRESH_FOR and file != self._own:
                    found[file.stem] = json.loads(file.read_text())
        return found


class _Told:
    """What a registry asks for what it tells."""

    def __init__(self, by_worker: Mapping[str, Numbers], shared: Numbers):
        self._by_worker = by_worker
        self._shared = shared

    def collect(self) -> Iterator[Metric]:
        """Yields everything that is measured, in the order of the table."""
        for measure in MEASURES:
            if measure.of_worker:
                samples = [
                    ((*labels, worker), value)
                    for worker, numbers in self._by_worker.items()
                    for labels, value in numbers.get(measure.name, ())
                ]
                yield _family(measure, (*measure.labels, "worker"), samples)
            elif measure.name in self._shared:
                yield _family(measure, measure.labels, self._shared[measure.name])


def _shared(parlour: Parlour) -> Numbers:
    """Returns what the database tells; nothing while it is away."""
    try:
        return of_database(parlour)
    except DBAPIError:
        return {}


def _family(measure: Measure, labels: tuple[str, ...], samples: Iterable[Sample]) -> Metric:
    family: Any = _FAMILIES[measure.kind](measure.name.removesuffix("_total"), measure.meaning, labels=labels)
    for values, value in samples:
        if measure.kind == "histogram":
            bounds, counts, total = value
            ends = [*(str(bound) for bound in bounds), "+Inf"]
            family.add_metric(values, list(zip(ends, accumulate(counts), strict=True)), total)
        else:
            family.add_metric(values, value)
    return family
