"""The widget as it is shipped, on the page of a shop; chat and shop without a network."""

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.web.widget.shop import CHAT, SHOP, Host, PretendedChat, Visit
from web.assets import LOADER, Assets

ASSETS = Assets()


def send(route: Route, path: str) -> None:
    asset = ASSETS.asset(path)
    if asset is None:
        route.fulfill(status=404)
        return
    cross = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
    route.fulfill(body=asset.body, content_type=asset.type, headers=cross)


@pytest.fixture
def chat() -> PretendedChat:
    return PretendedChat()


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def world(context: BrowserContext, chat: PretendedChat, host: Host) -> BrowserContext:
    """The shop and the chat, both without a network; the widget as it is shipped."""
    context.route(
        f"{CHAT}/static/**", lambda route: send(route, route.request.url.split("/static/")[1].split("/", 1)[1])
    )
    context.route(f"{CHAT}/widget.js", lambda route: send(route, LOADER))
    context.route(f"{CHAT}/widget/**", chat.answer)
    context.route_web_socket("wss://chat.test/widget/socket", chat.open)
    context.route(f"{SHOP}/**", host.answer)
    return context


@pytest.fixture
def visit(world: BrowserContext, troubles: list[str]) -> Visit:
    """Opens a page of the shop in a new tab and waits for the launcher; the chat is arranged before."""

    def visit(path: str = "/boots", launcher: str = "Open chat") -> Page:
        page = world.new_page()
        page.goto(SHOP + path)
        expect(page.get_by_role("button", name=launcher)).to_be_visible()
        return page

    return visit
