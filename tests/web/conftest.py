"""Some of these tests run in a browser, on pages that may import what lies beside the tests."""

from pathlib import Path

import pytest
from flask import Flask, session
from flask_wtf.csrf import generate_csrf
from playwright.sync_api import BrowserContext, Page

from tests.browser import browser_type_launch_args, open_empty_page, troubles
from web.audience import audience

__all__ = ["browser_type_launch_args", "troubles"]

BESIDE = Path(__file__).parent


@pytest.fixture
def empty_page(context: BrowserContext) -> Page:
    """A page with nothing on it but the right to import the modules of the tree."""
    return open_empty_page(context, BESIDE)


def let_in(app: Flask) -> None:
    """Lets a browser come in by the secret of a sign-in, without a form, and ask for the token of forms."""
    app.add_url_rule("/form-token", "form_token", audience("public")(lambda: generate_csrf()))
    app.add_url_rule("/enter/<secret>", "enter", audience("public")(_enter))


def _enter(secret: str) -> str:
    session["sign_in"] = secret
    return ""
