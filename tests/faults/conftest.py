"""How much of each row is run: a little with all tests, all of it by `make faults`; and the places it runs in."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import databases
from tests.faults.places import LAYOUTS, SQLITE, Layout, lighthouse
from tests.server import Server

FIRST_SEED = int(os.environ.get("FAULT_SEED", "1"))


@dataclass(frozen=True)
class Scale:
    """`seeds` is how many; `kills`, `races` and `schedules` are those of one seed."""

    seeds: int
    kills: int
    races: int
    schedules: int
    crowd: int


SCALES = {"little": Scale(3, 3, 40, 10, 60), "whole": Scale(21, 48, 480, 480, 480)}
SCALE = SCALES[os.environ.get("FAULT_SCALE", "little")]


@pytest.fixture
def scale() -> Scale:
    return SCALE


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(FIRST_SEED, FIRST_SEED + SCALE.seeds))


@pytest.fixture
def layout(seed: int) -> Layout:
    """One way to run Parlour after the other, seed by seed."""
    return LAYOUTS[seed % len(LAYOUTS)]


@pytest.fixture
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Layout], str]:
    """Returns the address of the test's database for a layout."""

    def of(layout: Layout) -> str:
        if layout.database == SQLITE.database:
            return databases.sqlite_at(tmp_path / "parlour.db")
        return str(request.getfixturevalue("postgres_url"))

    return of


@pytest.fixture
def server(layout: Layout, tmp_path: Path, address: Callable[[Layout], str]) -> Iterator[Server]:
    """A lighthouse that is served, each seed in another layout."""
    with lighthouse(layout, tmp_path, address(layout)) as server:
        yield server
