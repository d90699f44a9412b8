"""A real server over the harbour's site."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server import Server, running

HARBOUR = Path(__file__).parents[2] / "worlds" / "harbour"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A copy of the harbour's site, to change at will."""
    return Path(shutil.copytree(HARBOUR, tmp_path / "site"))


@pytest.fixture
def server(site: Path, database_url: str) -> Iterator[Server]:
    yield from running(Server(site, database_url))


@pytest.fixture
def sqlite_server(site: Path, tmp_path: Path) -> Iterator[Server]:
    """For what does not depend on the database."""
    yield from running(Server(site, f"sqlite:///{tmp_path}/parlour.db"))
