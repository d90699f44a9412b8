"""The panel as it is shipped, before a pretended desk and on a server that has nothing else."""

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import LentWindow
from tests.serving import serving
from tests.web.panel.desk import ANNA, CONVERSATION, PretendedDesk, row
from tests.web.panel.pages import PanelPages


@pytest.fixture
def desk() -> PretendedDesk:
    return PretendedDesk(waiting=[row(ANNA)], record={ANNA: deepcopy(CONVERSATION)})


@pytest.fixture(scope="session")
def pages() -> PanelPages:
    return PanelPages()


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any], pages: PanelPages) -> Iterator[dict[str, Any]]:
    with serving(pages.pages()) as address:
        yield {**browser_context_args, "base_url": address}


@pytest.fixture(scope="session")
def lent_window(browser: Browser, browser_context_args: dict[str, Any], pages: PanelPages) -> Iterator[LentWindow]:
    lent = LentWindow(lambda: _before(pages, browser.new_context(**browser_context_args)))
    yield lent
    lent.close()


@pytest.fixture
def page(request: pytest.FixtureRequest, lent_window: LentWindow, pages: PanelPages) -> Iterator[Page]:
    """A window that has read the panel already, unless the test wants a browser that is set up otherwise."""
    if request.node.get_closest_marker("browser_context_args"):
        yield _before(pages, request.getfixturevalue("new_context")())
    else:
        yield from lent_window.page()


def _before(pages: PanelPages, context: BrowserContext) -> Page:
    page = context.new_page()
    page.route_web_socket(re.compile(r"/panel/socket"), lambda socket: pages.desk.open(socket))
    return page


@pytest.fixture
def context(page: Page) -> BrowserContext:
    return page.context


@pytest.fixture
def panel(page: Page, desk: PretendedDesk, pages: PanelPages, troubles: list[str]) -> Callable[..., Page]:
    """Opens the panel; the desk is arranged before."""
    pages.desk = desk

    def open_panel(query: str = "") -> Page:
        page.goto(f"/panel/{query}")
        # On a phone that opens a conversation, the bar that says so is out of sight.
        expect(page.locator(".presence__said")).to_have_text("Online")
        return page

    return open_panel
