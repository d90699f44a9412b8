"""Databases, sites and a clock for every test that remembers something."""

import gc
import os
import sys
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from bot.database import Database
from bot.site.loading import Loaded, load
from tests import browser, databases, disk, made_once, postgres
from tests.faults.scale import SEEDS
from tests.receiver import Receiver
from web.accounts import passwords

WORLDS = Path(__file__).parent / "worlds"
LOUD = "no PostgreSQL here: nothing is tested on it"

# Where an image forbids Python to keep what it compiled, every process of the tests would compile everything anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# How long an example takes depends on what else the machine does.
settings.register_profile("ours", deadline=None)
settings.load_profile("ours")


class Clock:
    """A clock that moves when told to."""

    def __init__(self, at: datetime):
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def advance(self, **span: float) -> None:
        self.at += timedelta(**span)


@cache
def world(folder: Path) -> Loaded:
    """Returns one of the worlds as it is read, which is done once: nothing of a site can be changed."""
    loaded = load(folder)
    assert loaded.site is not None, [str(problem) for problem in loaded.problems]
    return loaded


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 3, 4, 10, 0, tzinfo=UTC))


@pytest.fixture(scope="session")
def postgresql() -> None:
    """Skips where there is no PostgreSQL, or fails where that is not allowed."""
    if postgres.programs() is None:
        if os.environ.get("REQUIRE_POSTGRES") == "1":
            pytest.fail("REQUIRE_POSTGRES=1, but there is no PostgreSQL")
        pytest.skip(LOUD)


@pytest.fixture(scope="session")
def cluster(postgresql: None) -> Iterator[str]:
    with postgres.cluster() as address:
        yield address


@pytest.fixture
def postgres_url(cluster: str) -> Iterator[str]:
    """The address of a database of its own on PostgreSQL, with our tables and nothing in them."""
    with databases.lent_by_cluster(cluster) as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The same, once for each kind of database."""
    if request.param == "sqlite":
        return databases.sqlite_at(tmp_path / "parlour.db")
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def open_database(database_url: str) -> Iterator[Callable[[], Database]]:
    """Opens the test's database as often as wanted."""
    opened: list[Database] = []

    def open_() -> Database:
        database = Database(database_url)
        opened.append(database)
        return database

    yield open_
    for database in opened:
        database.close()


@pytest.fixture
def database(open_database: Callable[[], Database]) -> Database:
    return open_database()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """The folder of a disk that is soon full."""
    folder = tmp_path / "small"
    folder.mkdir()
    with disk.small(folder, megabytes=2):
        yield folder


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Another system that is called: it notes what it hears."""
    listening = Receiver().start()
    yield listening
    listening.stop()


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Whoever gets in here is hired for the test: keeping their passwords must not cost what guessing them shall."""
    with pytest.MonkeyPatch.context() as here:
        here.setattr(passwords, "WORK", {**passwords.WORK, "time_cost": 1, "memory_cost": 8})
        yield


@pytest.fixture(scope="session", autouse=True)
def share_what_is_made_once() -> Iterator[None]:
    with made_once.sharing():
        yield


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, Any, Any]:
    """Spares the collector of cycles what thousands of tests are made of, as a server does what it is made of."""
    gc.disable()
    found = yield
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
    gc.enable()
    return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", SEEDS)


def pytest_runtest_setup(item: pytest.Item) -> None:
    # Skipped from here they are one line of the summary; skipped by a fixture they would be a line for each test.
    browser.require_for(item)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Notes the rows of the fault matrix, for the table of `make faults`; keeps only those it asks for, if it does."""
    for item in items:
        item.user_properties += [("row", mark.args[0]) for mark in item.iter_markers("fault")]
    if wanted := os.environ.get("FAULT_ROWS"):
        items[:] = [item for item in items if any(("row", row) in item.user_properties for row in wanted.split(","))]
