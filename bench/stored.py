"""Times the questions of `questions.py` with a few and with very many conversations stored: nothing grows with history.

Both databases, the small and the large, are asked in turn. `python -m bench.stored 100000` does it with fewer.
"""

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.filling import fill
from bench.questions import House
from tests import databases, postgres

FEW, MANY = 1_000, 1_000_000
AT_MOST = 1.5
ROUNDS = 300


def main(many: int = MANY) -> int:
    """Prints the medians of both and their ratios; returns 1 when one is more than it may be."""
    missed = 0
    for name, place in (("SQLite", _files), ("PostgreSQL", _cluster)):
        folder = Path(tempfile.mkdtemp(prefix="parlour-bench-"))
        try:
            with place(folder) as address:
                missed |= _compare(name, _filled(folder, address("few"), FEW), _filled(folder, address("many"), many))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return missed


def _filled(folder: Path, address: str, stored: int) -> House:
    began = time.perf_counter()
    fill(folder, address, stored)
    print(f"\n{stored:,} conversations stored in {time.perf_counter() - began:.0f} s", flush=True)
    return House(folder, address, stored)


def _compare(name: str, few: House, many: House) -> int:
    missed = 0
    print(f"\n{name:36}  {few.stored:>10,}  {many.stored:>10,}   ms")
    asked = zip(few.questions().items(), many.questions().values(), strict=True)
    for (question, ask_few), ask_many in asked:
        short, long = _medians(ask_few, ask_many)
        held = long <= AT_MOST * short
        missed |= not held
        said = "held  " if held else "MISSED"
        print(
            f"{question:36}  {short * 1e3:10.2f}  {long * 1e3:10.2f}   {said} {long / short:.2f} (at most {AT_MOST:g})"
        )
    for house in (few, many):
        house.database.close()
    return missed


def _medians(*asked: Callable[[], object]) -> list[float]:
    took: list[list[float]] = [[] for _ in asked]
    for _ in range(ROUNDS):  # Alternating, so that the machine's moods meet both alike.
        for ask, times in zip(asked, took, strict=True):
            began = time.perf_counter()
            ask()
            times.append(time.perf_counter() - began)
    return [statistics.median(times) for times in took]


@contextmanager
def _files(folder: Path) -> Iterator[Callable[[str], str]]:
    yield lambda name: f"sqlite:///{folder / name}.db"


@contextmanager
def _cluster(_: Path) -> Iterator[Callable[[str], str]]:
    with postgres.cluster() as address:
        yield lambda _: databases.empty_in_cluster(address)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
