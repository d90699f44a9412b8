"""The daily look at what has become too old, beside everything else."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError

from handoff.privacy.retention import Retention

LOOK_EVERY = 600.0
"""Seconds between looks whether a day has passed."""

log = structlog.get_logger()


def sweep_when_due(retention: Retention, run_blocking: Callable[..., Any]) -> None:
    """Deletes what is too old if nobody has done so today; between the steps others do their work."""
    if not run_blocking(retention.is_due):
        return
    gone: Counter[str] = Counter()
    steps = retention.sweep()
    try:
        while (step := run_blocking(next, steps, None)) is not None:
            gone += step
    except DBAPIError as problem:
        log.warning("retention.put_off", cause=str(problem.orig).strip(), **gone)
        run_blocking(retention.put_off)
        return
    log.info("retention.swept", **gone)
