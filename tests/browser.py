"""A browser for tests of what runs in one. A conftest that needs it imports the fixtures."""

import mimetypes
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, Playwright, Route, ViewportSize, expect
from playwright.sync_api import Error as PlaywrightError

from tests.server import wait_for

STATIC = Path(__file__).parents[1] / "web" / "static"
ORIGIN = "https://chat.test"
STARTS_WITHIN = 40
LOUD = "NO CHROMIUM HERE: nothing that runs in a browser is tested"
# Without a screen the whole Chromium still keeps a window, with pages of its own in it, for each of ours.
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser")
expect.set_options(timeout=30_000)


def chromium() -> str | None:
    """Returns where Debian's Chromium is, the one that has no windows before the others, or None."""
    return next((found for program in PROGRAMS if (found := shutil.which(program))), None)


def require_for(item: pytest.Item) -> None:
    """Skips a test that needs a browser where there is none, or fails it where that is not allowed."""
    if "playwright" not in getattr(item, "fixturenames", ()) or chromium():
        return
    if os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail("REQUIRE_BROWSER=1, but there is no chromium", pytrace=False)
    pytest.skip(LOUD)


def picture(page: Page, name: str, *, whole: bool = False) -> None:
    """Keeps how it looks where somebody wants to look at it: in the folder that PICTURES names."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=whole)


def stop_clock(page: Page) -> None:
    """Lets no time pass in a page whose clock is installed but what is told to; it stops a little later than now."""
    page.clock.pause_at(page.evaluate("Date.now() / 1000 + 10"))


def is_good(page: Page, name: str) -> None:
    """Everybody can use it, nothing sticks out at the side; kept as a picture where somebody wants to look."""
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    picture(page, name, whole=True)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": chromium(), "args": ["--no-sandbox"]}


@pytest.fixture
def troubles(context: BrowserContext) -> Iterator[list[str]]:
    """Everything that must never happen in a window: a dialog, a broken content policy, a failing script."""
    found: list[str] = []
    heard: dict[Any, Callable[[Any], Any]] = {
        "dialog": lambda dialog: (found.append(f"dialog: {dialog.message}"), dialog.dismiss()),
        "weberror": lambda error: found.append(f"error: {error.error}"),
        "console": lambda said: found.append(said.text) if "Content Security Policy" in said.text else None,
    }
    for event, hear in heard.items():
        context.on(event, hear)
    yield found
    for event, hear in heard.items():
        context.remove_listener(event, hear)
    assert found == []


class LentWindow:
    """One window for many tests, one after another, that each find it as it was when it was new.

    What a page is made of is then fetched and compiled once: only a window that stays has it in its memory. A test that
    listens to it (`page.on`) stops listening; what a script put into it changes must show in `WHAT_THERE_IS`.
    """

    def __init__(self, make: Callable[[], Page]):
        """`make` opens one in a context of its own, at the root of the `base_url` where nothing is."""
        self._make = make
        self._page: Page | None = None
        self._new = ""

    def page(self) -> Iterator[Page]:
        """Lends it, and clears away what was done there; where that cannot be done the next test gets another."""
        if self._page is None:
            self._page = self._make()
            self._page.goto("/")
            self._new = self._page.evaluate(WHAT_THERE_IS)
        page = self._page
        yield page
        self._page = None
        if _is_cleared(page) and page.evaluate(WHAT_THERE_IS) == self._new:
            self._page = page
        else:  # A clock or a script that was put into it is put into each of its pages from then on.
            page.context.close()

    def close(self) -> None:
        if self._page is not None:
            self._page.context.close()


SIZE: ViewportSize = {"width": 1280, "height": 720}
"""What a window has unless it is told another."""
WHAT_THERE_IS = """
    () => JSON.stringify([window, document, navigator, Storage.prototype, navigator.clipboard].map((it) =>
        it && Object.getOwnPropertyNames(it).map((name) => {
            const there = Object.getOwnPropertyDescriptor(it, name).value;
            return [name, typeof there === "function" && String(there)];
        })))
"""


def _is_cleared(page: Page) -> bool:
    """Takes back all a test may do to a window and to its browser that does not end with the page in it."""
    try:
        _clear(page)
    except PlaywrightError:  # It has crashed, or was closed: the next test gets another.
        return False
    return True


def _clear(page: Page) -> None:
    page.set_default_timeout(30_000)
    page.context.clear_permissions()
    page.set_extra_http_headers({})
    for other in page.context.pages:
        if other is not page:
            other.close()
    page.unroute_all()
    page.context.unroute_all()
    page.context.clear_cookies()
    page.context.set_offline(False)
    page.goto("/")
    page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
    page.set_viewport_size(SIZE)
    page.emulate_media(media="screen", color_scheme="light", reduced_motion="no-preference", forced_colors="none")
    page.mouse.move(0, 0)


class OwnBrowser:
    """A browser in a process of its own that can be killed, with its own profile."""

    def __init__(self, playwright: Playwright, profile: Path):
        program = chromium()
        assert program is not None
        shown = ["--headless", "--no-sandbox", "--remote-debugging-port=0", f"--user-data-dir={profile}"]
        nowhere = subprocess.DEVNULL
        self._process = subprocess.Popen(
            [program, *shown, "about:blank"], stdout=nowhere, stderr=nowhere, start_new_session=True
        )
        told = profile / "DevToolsActivePort"
        wait_for(lambda: told.exists() and told.read_text().count("\n") > 0, STARTS_WITHIN)
        port = told.read_text().split()[0]
        self._driven = playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}")

    def open(self) -> Page:
        """Opens a window."""
        return self._driven.contexts[0].new_page()

    def kill(self) -> None:
        """Kills it, and the script it was started by, as whoever runs out of memory does."""
        with suppress(ProcessLookupError):  # It was killed already.
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


@pytest.fixture
def empty_page(context: BrowserContext) -> Page:
    """A page with nothing on it but the right to import the modules of web/static from where it came."""
    return open_empty_page(context)


def open_empty_page(context: BrowserContext, beside: Path | None = None) -> Page:
    """Opens an empty page that may import from `/static/`, and from `/beside/` what lies in a folder of tests."""
    serve_tree(context)
    if beside is not None:
        _serve(context, "beside", beside)
    blank = "<!doctype html><title>empty</title>"
    context.route(f"{ORIGIN}/", lambda route: route.fulfill(body=blank, content_type="text/html"))
    page = context.new_page()
    page.goto(f"{ORIGIN}/")
    return page


def serve_tree(context: BrowserContext) -> None:
    """Serves the files of web/static without a server."""
    _serve(context, "static", STATIC)


def _serve(context: BrowserContext, name: str, folder: Path) -> None:
    def answer(route: Route) -> None:
        file = folder / route.request.url.removeprefix(f"{ORIGIN}/{name}/")
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        if file.is_file():
            route.fulfill(body=file.read_bytes(), content_type=kind)
        else:
            route.fulfill(status=404, body=f"no {file.name}")

    context.route(f"{ORIGIN}/{name}/**", answer)
