"""Some of these tests run in a browser, on pages that may import what lies beside the tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, session
from flask_wtf.csrf import generate_csrf
from playwright.sync_api import Browser, Page

from tests.browser import LentWindow, browser_type_launch_args, troubles
from tests.serving import serving, with_files_beside
from web.audience import audience

__all__ = ["browser_type_launch_args", "troubles"]

BESIDE = Path(__file__).parent


@pytest.fixture(scope="session")
def lent_page(browser: Browser) -> Iterator[LentWindow]:
    with serving(with_files_beside(BESIDE)) as address:
        lent = LentWindow(lambda: browser.new_context(base_url=address).new_page())
        yield lent
        lent.close()


@pytest.fixture
def empty_page(lent_page: LentWindow) -> Iterator[Page]:
    """A page with nothing on it but the right to import the modules of the tree."""
    yield from lent_page.page()


def let_in(app: Flask) -> None:
    """Lets a browser come in by the secret of a sign-in, without a form, and ask for the token of forms."""
    app.add_url_rule("/form-token", "form_token", audience("public")(lambda: generate_csrf()))
    app.add_url_rule("/enter/<secret>", "enter", audience("public")(_enter))


def _enter(secret: str) -> str:
    session["sign_in"] = secret
    return ""
