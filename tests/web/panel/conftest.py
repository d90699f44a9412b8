"""The panel as it is shipped, before a pretended desk and on a server that has nothing else."""

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import LentWindow
from tests.web.panel.desk import ANNA, CONVERSATION, PretendedDesk, row
from tests.web.panel.serving import PanelServer


@pytest.fixture
def desk() -> PretendedDesk:
    return PretendedDesk(waiting=[row(ANNA)], record={ANNA: deepcopy(CONVERSATION)})


@pytest.fixture(scope="package")
def panel_server() -> Iterator[PanelServer]:
    with PanelServer().running() as server:
        yield server


@pytest.fixture(scope="package")
def browser_context_args(browser_context_args: dict[str, Any], panel_server: PanelServer) -> dict[str, Any]:
    return {**browser_context_args, "base_url": panel_server.address}


@pytest.fixture(scope="package")
def lent_window(
    browser: Browser, browser_context_args: dict[str, Any], panel_server: PanelServer
) -> Iterator[LentWindow]:
    lent = LentWindow(lambda: _before(panel_server, browser.new_context(**browser_context_args)))
    yield lent
    lent.close()


@pytest.fixture
def page(request: pytest.FixtureRequest, lent_window: LentWindow, panel_server: PanelServer) -> Iterator[Page]:
    """A window that has read the panel already, unless the test wants a browser that is set up otherwise."""
    if request.node.get_closest_marker("browser_context_args"):
        yield _before(panel_server, request.getfixturevalue("new_context")())
    else:
        yield from lent_window.page()


def _before(panel_server: PanelServer, context: BrowserContext) -> Page:
    page = context.new_page()
    page.route_web_socket(re.compile(r"/panel/socket"), lambda socket: panel_server.desk.open(socket))
    return page


@pytest.fixture
def context(page: Page) -> BrowserContext:
    return page.context


@pytest.fixture
def panel(page: Page, desk: PretendedDesk, panel_server: PanelServer, troubles: list[str]) -> Callable[..., Page]:
    """Opens the panel; the desk is arranged before."""
    panel_server.desk = desk

    def open_panel(query: str = "") -> Page:
        page.goto(f"/panel/{query}")
        # On a phone that opens a conversation, the bar that says so is out of sight.
        expect(page.locator(".presence__said")).to_have_text("Online")
        return page

    return open_panel
