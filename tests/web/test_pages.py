"""The pages around the panel: sign-in, first run and refusals, as they are drawn and as a browser shows them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Blueprint, Flask, render_template
from playwright.sync_api import Page, expect

from tests.browser import serve_tree
from web.headers import CONTENT_POLICY

WEB = Path(__file__).parents[2] / "web"
CHAT = "https://chat.test"
Draw = Callable[..., str]


@pytest.fixture
def draw() -> Iterator[Draw]:
    """Draws a page with the templates and nothing else of ours."""
    app = Flask("pages", template_folder=str(WEB / "templates"))
    app.secret_key = "of this test"
    app.jinja_env.globals["asset"] = lambda path: f"/static/{path}"
    app.jinja_env.globals["csrf_token"] = lambda: "csrf-of-this-session"
    security = Blueprint("security", __name__)
    security.add_url_rule("/panel/login", "login", lambda: "")
    app.register_blueprint(security)
    with app.test_request_context("/"):
        yield render_template


def sign_in_form(email: str = "", *, wrong: dict[str, list[str]] | None = None, **more: Any) -> SimpleNamespace:
    """Returns what Flask-Security hands to its template, as far as the template looks at it."""
    errors = wrong or {}

    def entry(name: str, data: str) -> SimpleNamespace:
        return SimpleNamespace(data=data, errors=errors.get(name, []))

    form = {
        "email": entry("email", email),
        "password": entry("password", more.pop("password", "")),
        "next": entry("next", more.pop("next", "")),
        "remember": entry("remember", ""),
        "csrf_token": None,
        "errors": errors,
        "form_errors": [],
        "user_authenticated": False,
    }
    return SimpleNamespace(**{**form, **more})


def sign_in(draw: Draw, *arguments: Any, **more: Any) -> str:
    return draw("security/login_user.html", login_user_form=sign_in_form(*arguments, **more))


def test_a_wrong_address_and_a_wrong_password_read_the_same(draw: Draw) -> None:
    unknown = sign_in(draw, "a@example.com", password="x", wrong={"email": ["Specified user does not exist"]})
    known = sign_in(draw, "a@example.com", password="x", wrong={"password": ["Invalid password"]})
    assert unknown == known
    assert "do not go together" in known


@pytest.mark.parametrize(
    ("email", "password", "field", "words"),
    [
        ("", "x", "email", "Type your e-mail address."),
        ("anna", "x", "email", "That e-mail address has no @. What is it in full?"),
        ("a@example.com", "", "password", "Type your password."),
    ],
)
def test_what_is_missing_is_said_under_its_field_and_the_rest_is_kept(
    draw: Draw, email: str, password: str, field: str, words: str
) -> None:
    page = sign_in(draw, email, password=password, wrong={field: ["whatever the library says"]})
    assert f'id="{field}-error">{words}<' in page
    assert "do not go together" not in page
    assert f'value="{email}"' in page or not email


def test_an_account_that_is_closed_is_told_so_only_after_its_password(draw: Draw) -> None:
    page = sign_in(
        draw, "a@example.com", wrong={"email": ["Account is disabled."]}, password="x", user_authenticated=True
    )
    assert "Account is disabled." in page


def test_what_came_with_the_address_is_never_markup(draw: Draw) -> None:
    hostile = '"><script>alert(1)</script>'
    pages = [
        sign_in(draw, hostile, next=hostile, password="x", wrong={"email": [hostile]}),
        draw("accounts/first_run.html", values={"name": hostile, "email": hostile}, errors={"name": hostile}),
        draw("refusal.html", status=400, message=hostile),
    ]
    assert all("<script>alert" not in page for page in pages)


def test_first_run_keeps_what_was_typed_but_never_a_password(draw: Draw) -> None:
    page = draw(
        "accounts/first_run.html", values={"name": "Anna", "password": "secret"}, errors={"password": "Longer."}
    )
    assert 'value="Anna"' in page
    assert "secret" not in page
    assert 'aria-describedby="password-hint password-error"' in page


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 413, 418, 429, 500, 503])
def test_every_refusal_has_a_page_that_says_what_to_do(draw: Draw, status: int) -> None:
    page = draw("refusal.html", status=status, message="What happened, in a sentence.")
    assert "<h1>" in page
    assert "What happened, in a sentence." in page
    assert f"Error {status}" in page
    assert "/panel/" in page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["sign in", "refused", "first run", "used", "refusal"])
def test_every_page_can_be_used_by_everybody(
    page: Page, draw: Draw, troubles: list[str], name: str, scheme: Any
) -> None:
    pages = {
        "sign in": lambda: sign_in(draw),
        "refused": lambda: sign_in(draw, "a@example.com", password="x", wrong={"password": ["Invalid password"]}),
        "first run": lambda: draw(
            "accounts/first_run.html", values={}, errors={"email": "That e-mail address has no @."}
        ),
        "used": lambda: draw("accounts/first_run_over.html"),
        "refusal": lambda: draw("refusal.html", status=404, message=None),
    }
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme=scheme)
    serve_tree(page.context)
    drawn = pages[name]()
    policy = {"Content-Security-Policy": CONTENT_POLICY}
    page.route(f"{CHAT}/page", lambda route: route.fulfill(body=drawn, content_type="text/html", headers=policy))
    page.goto(f"{CHAT}/page")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    found = Axe().run(page).response["violations"]
    assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == []
    assert page.evaluate("document.documentElement.scrollWidth") == 390
