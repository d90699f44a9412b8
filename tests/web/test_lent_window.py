"""What one test did to a window is nothing to the next test that has it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import LentWindow
from tests.serving import serving, with_files_beside

Lent = Callable[[], AbstractContextManager[Page]]


@pytest.fixture
def lent(browser: Browser) -> Iterator[Lent]:
    with serving(with_files_beside(Path(__file__).parent)) as address:
        window = LentWindow(lambda: browser.new_context(base_url=address).new_page())
        yield contextmanager(window.page)
        window.close()


def test_nothing_that_was_kept_routed_or_opened_is_there_afterwards(lent: Lent) -> None:
    with lent() as page:
        page.evaluate("localStorage.kept = sessionStorage.kept = document.cookie = 'kept=yes'")
        page.context.route("/beside/*", lambda route: route.fulfill(body="routed"))
        page.context.new_page()
        page.set_viewport_size({"width": 390, "height": 844})
        page.emulate_media(color_scheme="dark", reduced_motion="reduce", forced_colors="active")
    with lent() as again:
        assert again is page
        kept = again.evaluate("[localStorage.kept ?? null, sessionStorage.kept ?? null, document.cookie, innerWidth]")
        assert kept == [None, None, "", 1280]
        asked = ["(prefers-color-scheme: dark)", "(prefers-reduced-motion)", "(forced-colors: active)"]
        assert not any(again.evaluate("(asked) => asked.map((each) => matchMedia(each).matches)", asked))
        assert "routed" not in again.evaluate("fetch('/beside/line.js').then((answer) => answer.text())")
        assert again.context.pages == [again]


@pytest.mark.parametrize(
    "changes",
    [
        lambda page: page.clock.install(),
        lambda page: page.context.add_init_script("window.AudioContext = class extends AudioContext {}"),
        lambda page: page.add_init_script("Storage.prototype.getItem = () => null"),
        lambda page: page.close(),
    ],
    ids=["a clock", "a script", "a script that changes what all have", "its end"],
)
def test_a_window_that_cannot_be_as_it_was_is_not_lent_again(lent: Lent, changes: Callable[[Page], None]) -> None:
    with lent() as page:
        changes(page)
    with lent() as other:
        assert page.is_closed()
        native = "[Date, AudioContext, localStorage.getItem].every((it) => String(it).includes('native code'))"
        assert other.evaluate(native)
