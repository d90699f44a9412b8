"""The panel as it is shipped, before a pretended desk and without a server."""

import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import pytest
from flask import Blueprint, Flask, render_template
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser import serve_tree
from tests.web.panel.desk import ANNA, CHAT, CONVERSATION, PretendedDesk, row
from web.headers import CONTENT_POLICY

WEB = Path(__file__).parents[3] / "web"
PANEL = f"{CHAT}/panel/"


@pytest.fixture
def desk() -> PretendedDesk:
    return PretendedDesk(waiting=[row(ANNA)], record={ANNA: deepcopy(CONVERSATION)})


@pytest.fixture
def pages() -> Flask:
    """The templates and nothing else: what a page needs to be drawn."""
    app = Flask("pages", template_folder=str(WEB / "templates"))
    app.jinja_env.globals["asset"] = lambda path: f"/static/{path}"
    app.jinja_env.globals["csrf_token"] = lambda: "csrf-of-this-session"
    security = Blueprint("security", __name__)
    security.add_url_rule("/login", "login", lambda: "")
    security.add_url_rule("/logout", "logout", lambda: "", methods=["POST"])
    app.register_blueprint(security)
    return app


@pytest.fixture
def panel(
    page: Page,
    context: BrowserContext,
    desk: PretendedDesk,
    pages: Flask,
    troubles: list[str],
) -> Callable[..., Page]:
    """Opens the panel; the desk is arranged before."""

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(CHAT)
        if path.startswith("/panel/ticket"):
            assert route.request.headers["x-csrftoken"] == "csrf-of-this-session"
            route.fulfill(json={"ticket": "one-time"})
        elif path.startswith("/panel/responses"):
            route.fulfill(json=desk.responses)
        elif path.endswith("/brief"):
            known = any(conversation in path for conversation in desk.record)
            route.fulfill(json=desk.brief) if known else route.fulfill(status=404, json={"error": {}})
        elif "/explanation?after=" in path and desk.happenings is None:
            route.fulfill(status=503, json={"error": {}})
        elif "/explanation?after=" in path:
            route.fulfill(json=desk.explanation(int(path.rpartition("=")[2])))
        elif path.startswith("/panel/conversations"):
            route.fulfill(json=desk.listed())
        else:
            with pages.test_request_context("/panel/"):
                agent = {"agent_id": desk.agent_id, "name": desk.agent_name, "role": "agent"}
                body = render_template("panel/index.html", agent=agent)
            route.fulfill(body=body, content_type="text/html", headers={"Content-Security-Policy": CONTENT_POLICY})

    def open_panel(query: str = "") -> Page:
        serve_tree(context)
        context.route(re.compile(re.escape(PANEL)), answer)
        page.route_web_socket(re.compile(r"wss://chat\.test/panel/socket"), desk.open)
        page.goto(PANEL + query)
        # On a phone that opens a conversation, the bar that says so is out of sight.
        expect(page.locator(".presence__said")).to_have_text("Online")
        return page

    return open_panel
