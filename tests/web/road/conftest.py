"""Real servers, over the harbour's site and over the sample shop, and windows of real browsers."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from bot.site.starting import make_site
from tests import databases, valkey
from tests.server import AgentLine, Server, running
from web.commands.agents import add_agent

PASSWORD = "three blue teapots"
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
    yield from running(Server(site, databases.sqlite_at(tmp_path / "parlour.db")))


@pytest.fixture(scope="session")
def valkey_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if valkey.program() is None:
        if os.environ.get("REQUIRE_VALKEY") == "1":
            pytest.fail("REQUIRE_VALKEY=1, but there is neither Valkey nor Redis")
        pytest.skip("no Valkey or Redis here: the bus is not tested on it")
    with valkey.serving(tmp_path_factory.mktemp("valkey")) as address:
        yield address


@pytest.fixture(params=["postgres", "valkey"])
def bus(request: pytest.FixtureRequest) -> str:
    """What `--bus` names, once for each kind."""
    return "postgres" if request.param == "postgres" else request.getfixturevalue("valkey_address")


def hired(server: Server, name: str, *departments: str, role: str = "agent") -> AgentLine:
    """Adds an agent and opens their panel."""
    email = f"{name.lower()}@harbour.example"
    add_agent(
        server.site,
        email,
        name=name,
        departments=departments,
        role=role,
        ask=lambda: PASSWORD,
        data=None,
        database=server.database_url,
    )
    return AgentLine(server, email, PASSWORD)


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
    """A browser that was taken off the network, or whose server was, in the middle of an answer too, says so itself."""
    return line.type == "error" and not re.search(_TAKEN_AWAY, line.text)


_TAKEN_AWAY = "ERR_(INTERNET_DISCONNECTED|CONNECTION_REFUSED|CONNECTION_RESET|CONTENT_LENGTH_MISMATCH)"
