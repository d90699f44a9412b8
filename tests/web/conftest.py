"""A browser for the tests of what runs in one, and pages served from the tree without a server."""

import mimetypes
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route

STATIC = Path(__file__).parents[2] / "web" / "static"
BESIDE = Path(__file__).parent

CHAT = "https://chat.test"
SHOP = "https://shop.test"


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail("REQUIRE_BROWSER=1, but there is no chromium")
        pytest.skip("no chromium here: what runs in a browser is not tested")
    return {**browser_type_launch_args, "executable_path": chromium, "args": ["--no-sandbox"]}


def serve_file(route: Route, file: Path, headers: dict[str, str] | None = None) -> None:
    """Answers with a file of the tree, readable from every origin as the real server's are."""
    if not file.is_file():
        route.fulfill(status=404, body=f"no {file.name}")
        return
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    cross = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
    route.fulfill(body=file.read_bytes(), content_type=kind, headers={**cross, **(headers or {})})


@pytest.fixture
def serve_tree(context: BrowserContext) -> Callable[[], None]:
    """Serves web/static and the files beside the tests from the chat's origin."""

    def serve() -> None:
        context.route(
            f"{CHAT}/static/**", lambda route: serve_file(route, STATIC / route.request.url.split("/static/")[1])
        )
        context.route(
            f"{CHAT}/beside/*", lambda route: serve_file(route, BESIDE / route.request.url.split("/beside/")[1])
        )
        context.route(
            f"{CHAT}/",
            lambda route: route.fulfill(body="<!doctype html><title>empty</title>", content_type="text/html"),
        )

    return serve


@pytest.fixture
def empty_page(page: Page, serve_tree: Callable[[], None]) -> Page:
    """A page with nothing on it but the right to import the modules of the tree."""
    serve_tree()
    page.goto(f"{CHAT}/")
    return page
