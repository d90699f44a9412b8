"""How much of each row is run, and the places it runs in."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import databases
from tests.faults.places import LAYOUTS, SQLITE, Layout, lighthouse
from tests.faults.scale import SCALE, Scale
from tests.server import Server


@pytest.fixture
def scale() -> Scale:
    return SCALE


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
