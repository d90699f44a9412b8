"""How much later another worker shows what one took: two of them over one PostgreSQL, told over each kind of bus.

Every visitor has a window at each worker. Alternately is measured how soon the window that sends shows the message, and
how soon the other one does; what lies between is the way from worker to worker.
"""

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import postgres, valkey
from tests.databases import empty_in_cluster
from tests.server import Server, VisitorLine

QUESTIONS = Path(__file__).parent / "site"
VISITORS, MESSAGES = 40, 10
LATER_AT_MOST = 15.0
"""Milliseconds, at the median."""


def main() -> int:
    """Prints what was measured; returns 1 when a target is missed, or nothing could be measured."""
    if postgres.programs() is None:
        print("\nno PostgreSQL: how workers tell one another is not measured")
        return 1
    missed = 0
    with postgres.cluster() as cluster, tempfile.TemporaryDirectory(prefix="parlour-bench-") as folder:
        missed |= _measured(cluster, Path(folder) / "postgres", "postgres")
        if valkey.program():
            with valkey.serving(Path(folder)) as address:
                missed |= _measured(cluster, Path(folder) / "valkey", address)
    return missed


def _measured(cluster: str, folder: Path, bus: str) -> int:
    with _pair(folder, empty_in_cluster(cluster), bus) as (here, there):
        same, other = _shown(here, there)
    later = statistics.median(other) - statistics.median(same)
    print(f"\ntwo workers, {folder.name}:")
    print(f"  {'shown where it was sent':28}  p50 {_at(same, 0.5):6.2f} ms   p95 {_at(same, 0.95):6.2f} ms")
    print(f"  {'shown at the other':28}  p50 {_at(other, 0.5):6.2f} ms   p95 {_at(other, 0.95):6.2f} ms")
    missed = later > LATER_AT_MOST
    print(f"{'MISSED' if missed else 'held  '}  later by, in ms: {later:.2f} (at most {LATER_AT_MOST:g})")
    return int(missed)


def _shown(here: Server, there: Server) -> tuple[list[float], list[float]]:
    same: list[float] = []
    other: list[float] = []
    for _ in range(VISITORS):
        token = here.view()["token"]
        sending, watching = VisitorLine(here, token), VisitorLine(there, token)
        sending.says("Hello")
        watching.hears("Hello")
        for number in range(MESSAGES):
            began = time.perf_counter()
            sending.say(f"words {number}")
            window, taken = (sending, same) if number % 2 else (watching, other)
            window.hears(f"words {number}")
            taken.append((time.perf_counter() - began) * 1000)
        sending.close()
        watching.close()
    return same, other


@contextmanager
def _pair(folder: Path, database: str, bus: str) -> Iterator[tuple[Server, Server]]:
    shutil.copytree(QUESTIONS, folder / "site")
    pair = [Server(folder / "site", database, options=("--bus", bus)) for _ in range(2)]
    try:
        yield pair[0].start(), pair[1].start()
    finally:
        for each in pair:
            each.kill()


def _at(taken: list[float], part: float) -> float:
    return sorted(taken)[int(len(taken) * part)]


if __name__ == "__main__":
    sys.exit(main())
