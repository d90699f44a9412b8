"""A page gets the bundle that it was told of, whoever told it and whatever was switched since."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from bot.database import Database
from tests.conftest import Clock
from web.app import Options, create_app

HARBOUR = Path(__file__).parents[1] / "worlds" / "harbour"
PAGE = {"Origin": "https://harbour.example"}


class Worker:
    """A process that serves."""

    def __init__(self, app: Flask):
        self.parlour = app.extensions["parlour"]
        self._browser = app.test_client()

    def tells_of(self) -> str:
        """Looks at a page, which is told of a bundle."""
        body = {"facts": {"page.path": "/"}, "languages": ["en"]}
        told: dict[str, Any] = self._browser.post("/widget/view", json=body, headers=PAGE).json or {}
        return str(told["bundle"])

    def name_in(self, bundle: str) -> str | None:
        """Fetches a bundle; returns the site's name in it, None if there is no such bundle."""
        answer = self._browser.get(f"/widget/bundle/{bundle}.json", headers=PAGE)
        if answer.status_code == 404:
            return None
        assert "immutable" in answer.headers["Cache-Control"]
        return str((answer.json or {})["name"])


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return Path(shutil.copytree(HARBOUR, tmp_path / "site"))


@pytest.fixture
def start(
    site: Path, tmp_path: Path, database_url: str, open_database: Callable[[], Database], clock: Clock
) -> Iterator[Callable[[], Worker]]:
    """Starts workers over one database."""
    open_database()
    started: list[Worker] = []

    def start() -> Worker:
        started.append(Worker(create_app(Options(site, tmp_path / "data", database_url), now=clock)))
        return started[-1]

    yield start
    for worker in started:
        worker.parlour.database.close()


def rename(site: Path, name: str) -> None:
    settings = site / "site.yaml"
    settings.write_text(settings.read_text().replace("name: Harbour Tours", f"name: {name}"))


def test_a_bundle_can_be_fetched_after_the_content_was_switched(start: Callable[[], Worker], site: Path):
    worker = start()
    bundle = worker.tells_of()
    rename(site, "Harbour")
    worker.parlour.content.take()
    assert worker.tells_of() != bundle
    assert [worker.name_in(each) for each in (bundle, worker.tells_of())] == ["Harbour Tours", "Harbour"]


def test_a_worker_has_the_bundle_that_another_one_told_of(start: Callable[[], Worker], site: Path):
    behind, ahead = start(), start()
    old = behind.tells_of()
    rename(site, "Harbour")
    ahead.parlour.content.take()
    new = ahead.tells_of()
    assert behind.tells_of() == old, "it has not looked yet"
    for worker in (behind, ahead, start()):
        assert [worker.name_in(each) for each in (old, new)] == ["Harbour Tours", "Harbour"]


def test_there_is_no_bundle_that_nobody_was_told_of(start: Callable[[], Worker]):
    worker = start()
    assert worker.name_in(worker.tells_of()) == "Harbour Tours"
    assert worker.name_in("0" * 16) is None
