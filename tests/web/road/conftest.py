"""Real servers, over the harbour's site and over the sample shop, and windows of real browsers."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from bot.site.starting import make_site
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


def open_shop(folder: Path) -> Path:
    """Makes the sample shop as a new site has it, only never closed."""
    site = folder / "site"
    make_site(site)
    settings = site / "site.yaml"
    hours = re.compile(r"^  (default|service):\n(?:    .*\n|      .*\n)+", re.M)
    settings.write_text(hours.sub(r"  \1:\n    every day: 00:00-24:00\n", settings.read_text()))
    return site


@pytest.fixture
def window(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens windows of separate browsers; nothing may go wrong in any of them."""
    wrong: list[str] = []
    contexts = []

    def open_(size: dict[str, int], **options: Any) -> Page:
        context = browser.new_context(viewport=size, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: wrong.append(f"dialog: {dialog.message}"))
        page.on("console", lambda line: wrong.append(line.text) if _is_wrong(line) else None)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert wrong == []


def _is_wrong(line: ConsoleMessage) -> bool:
    """A browser that was taken off the network, or whose server was, says so itself."""
    return line.type == "error" and not re.search("ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_(REFUSED|RESET)", line.text)
