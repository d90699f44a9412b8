"""The admins' pages for webhooks, over HTTP and in a browser: what is shown once, refused under its field, and kept."""

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page, Route, expect
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from bot.database import Database
from bot.greeting import Whereabouts
from bot.webhooks import USUAL_KINDS
from handoff.desk import Said
from tests import databases
from tests.browser import is_good, serve_tree
from tests.conftest import Clock
from tests.receiver import Receiver, answering
from tests.web.conftest import let_in
from web.app import create_app
from web.limits import NO_LIMITS
from web.parts import Options, Parlour

HARBOUR = Path(__file__).parents[1] / "worlds" / "harbour"
CHAT = "https://chat.test"
KEY = re.compile(r"whsec_[A-Za-z0-9+/=]+")


@dataclass
class Admin:
    """Somebody with all rights and a browser."""

    app: Flask
    browser: FlaskClient
    token: str
    clock: Clock

    @property
    def parlour(self) -> Parlour:
        return self.app.extensions["parlour"]

    def get(self, path: str = "/panel/webhooks") -> TestResponse:
        return self.browser.get(path, headers={"Accept": "text/html"})

    def post(self, path: str = "/panel/webhooks", **form: Any) -> TestResponse:
        return self.browser.post(path, data={"csrf_token": self.token, **form}, headers={"Accept": "text/html"})

    def adds(self, url: str, kinds: Any = USUAL_KINDS) -> str:
        """Adds a webhook and returns the path of its page."""
        added = self.post(url=url, kind=list(kinds))
        assert added.status_code == 201, added.text
        return f"/panel/webhooks/{self.parlour.webhooks.all()[-1].id}"

    def visitor_says(self, text: str, visitor: str = "ann") -> None:
        where = Whereabouts("en", facts={})
        self.parlour.desk.receive(visitor, Said(text), client_id=f"{visitor}-{text}", whereabouts=where)

    def deliver(self) -> None:
        while self.parlour.calls.run_due(self.parlour.call_handlers):
            pass


@pytest.fixture
def admin(tmp_path: Path) -> Iterator[Admin]:
    address = databases.sqlite_at(tmp_path / "parlour.db")
    database = Database(address)
    clock = Clock(datetime.now(UTC))
    app = create_app(
        Options(HARBOUR, tmp_path / "data", address, webhooks_may_be_local=True, rates=NO_LIMITS), now=clock
    )
    let_in(app)
    parlour: Parlour = app.extensions["parlour"]
    parlour.accounts.add(
        email="a@harbour.example", name="Anna", departments=[], role="admin", password="three blue teapots"
    )
    account = parlour.accounts.find("a@harbour.example")
    assert account is not None
    browser = app.test_client()
    browser.get(f"/enter/{parlour.accounts.begin(account.id)}")
    yield Admin(app, browser, browser.get("/form-token").text, clock)
    database.close()


def test_without_webhooks_the_page_says_what_would_be_here(admin: Admin):
    page = admin.get()
    assert page.status_code == 200
    assert "Nobody yet. Add the address of a system" in page.text


def test_the_panel_leads_there(admin: Admin):
    assert 'href="/panel/webhooks"' in admin.get("/panel/").text


@pytest.mark.parametrize("id_", ["%00", "%0a", "nothing", "%ed%a0%80", "x" * 3000])
def test_an_id_of_nothing_is_nothing_whatever_it_is_made_of(admin: Admin, id_: str):
    assert admin.get(f"/panel/webhooks/{id_}").status_code == 404
    assert admin.post(f"/panel/webhooks/{id_}/remove").status_code == 404


def test_a_key_is_shown_when_it_is_made_and_never_again(admin: Admin, receiver: Receiver):
    added = admin.post(url=receiver.url, kind=["message"])
    shown = set(KEY.findall(added.text))
    assert added.status_code == 201 and len(shown) == 1
    path = f"/panel/webhooks/{admin.parlour.webhooks.all()[0].id}"
    for page in (admin.get(), admin.get(path), admin.post(f"{path}/test")):
        assert not KEY.search(page.text)
    rotated = admin.post(f"{path}/rotate", revision="1")
    new = set(KEY.findall(rotated.text))
    assert len(new) == 1 and not new & shown
    assert "The key before signs too until" in admin.get(path).text
    assert not KEY.search(admin.get(path).text)


def test_the_same_form_sent_twice_makes_one_webhook_and_one_new_key(admin: Admin, receiver: Receiver):
    form = re.search(r'name="id" value="([^"]+)"', admin.get().text)
    assert form is not None
    assert admin.post(url=receiver.url, kind=["message"], id=form[1]).status_code == 201
    again = admin.post(url=receiver.url, kind=["message"], id=form[1])
    assert (again.status_code, again.headers["Location"]) == (303, f"/panel/webhooks/{form[1]}")
    assert len(admin.parlour.webhooks.all()) == 1
    assert KEY.search(admin.post(f"/panel/webhooks/{form[1]}/rotate", revision="1").text)
    key = admin.parlour.webhooks.get(form[1]).secrets["current"]
    assert admin.post(f"/panel/webhooks/{form[1]}/rotate", revision="1").status_code == 303
    assert admin.parlour.webhooks.get(form[1]).secrets["current"] == key


@pytest.mark.parametrize(
    ("form", "field", "words"),
    [
        (
            {"url": "https://169.254.169.254/latest", "kind": ["note"]},
            "url",
            "leads to this computer or into a private",
        ),
        ({"url": "", "kind": ["note"]}, "url", "The address is missing"),
        ({"url": "https://a.example/<script>", "kind": ["note"]}, "url", "This is not an address"),
        ({"url": "\x00\ud800", "kind": ["note"]}, "url", "This is not an address"),
        ({"kind": ["note"]}, "url", "The address is missing"),
        ({"url": "http://127.0.0.1:9/"}, "kinds", "Choose at least one kind"),
        ({"url": "http://127.0.0.1:9/", "kind": ["<b>"]}, "kinds", "There is no kind &#39;&lt;b&gt;&#39;"),
    ],
)
def test_what_cannot_be_is_said_under_its_field_and_what_was_typed_is_kept(
    admin: Admin, form: dict[str, Any], field: str, words: str
):
    sent = {name: value.encode("utf-8", "surrogatepass") if name == "url" else value for name, value in form.items()}
    page = admin.post(**sent)
    assert page.status_code == 422
    told = re.search(rf'id="{field}-error">([^\n]*)</p>', page.text)
    assert told and words in told[1]
    assert "<title>Error: " in page.text and "<script>" not in page.text.split("<body")[1]
    if "note" in form.get("kind", ()):
        assert re.search(r'value="note" checked', page.text)
    assert admin.parlour.webhooks.all() == []


def test_a_test_says_what_came_of_it_and_nothing_of_what_was_answered(admin: Admin, receiver: Receiver):
    path = admin.adds(receiver.url)
    page = admin.post(f"{path}/test")
    assert "Test: answered 200." in page.text
    assert receiver.heard[0].message["type"] == "test"
    receiver.behaves = answering(500, X_Inside="SECRET of the inside")
    page = admin.post(f"{path}/test")
    assert "Test: answered 500." in page.text and "SECRET" not in page.text
    receiver.stop()
    assert "Test: nobody listens there." in admin.post(f"{path}/test").text


def test_what_became_of_deliveries_is_shown_and_what_was_given_up_sent_again(admin: Admin, receiver: Receiver):
    path = admin.adds(receiver.url, ["started", "message"])
    assert "Nothing was sent yet." in admin.get(path).text
    admin.visitor_says("Hello")
    admin.deliver()
    assert admin.get(path).text.count("Taken, answered 200") >= 2
    receiver.behaves = answering(500)
    admin.visitor_says("Anybody?")
    admin.deliver()
    assert "Waiting: answered 500, tried 1 time" in admin.get(path).text
    assert re.search(r"\d+ waiting", admin.get().text)
    for _ in range(20):
        admin.clock.advance(hours=3)
        admin.deliver()
        admin.get()  # Somebody is there, and stays signed in.
    assert "Given up: answered 500" in admin.get(path).text
    receiver.behaves = answering(200)
    assert admin.post(f"{path}/again").status_code == 303
    admin.deliver()
    assert "Given up" not in admin.get(path).text


def test_it_is_switched_off_and_on_and_removed(admin: Admin, receiver: Receiver):
    path = admin.adds(receiver.url)
    assert admin.post(f"{path}/switch", to="off").status_code == 303
    assert ">Off<" in admin.get(path).text
    admin.post(f"{path}/switch", to="on")
    assert ">On<" in admin.get(path).text
    assert admin.post(f"{path}/remove").status_code == 303
    assert admin.get(path).status_code == 404
    for verb in ("rotate", "switch", "remove", "test", "again"):
        assert admin.post(f"{path}/{verb}").status_code == 404, verb


def test_who_changed_what_is_in_the_log_and_no_key_is(
    admin: Admin, receiver: Receiver, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    with capture_logs() as logged:
        path = admin.adds(f"{receiver.url}?token=of-the-receiver")
        admin.visitor_says("a canary")
        admin.deliver()
        for verb in ("rotate", "test", "switch", "again", "remove"):
            admin.post(f"{path}/{verb}")
    audit = {entry["event"]: entry for entry in logged if entry["event"].startswith("webhook.")}
    assert set(audit) == {
        f"webhook.{what}" for what in ("added", "key_rotated", "tested", "switched_off", "sent_again", "removed")
    }
    (by,) = {entry["by"] for entry in audit.values()}
    (agent,) = admin.parlour.accounts.all()
    assert by == f"agent:{agent.agent_id}"
    everything = f"{logged} {caplog.text}"
    for secret in ("whsec_", "of-the-receiver", "a canary"):
        assert secret not in everything


# In a browser


@pytest.fixture
def shows(admin: Admin, page: Page) -> Callable[..., Page]:
    """Draws the pages of the application in a browser, under its own content policy."""
    serve_tree(page.context)

    def answer(route: Route) -> None:
        asked = route.request
        path = asked.url.removeprefix(CHAT)
        sent = {"data": asked.post_data or "", "content_type": "application/x-www-form-urlencoded"}
        told = admin.browser.open(
            path, method=asked.method, headers={"Accept": "text/html"}, **(sent if asked.method == "POST" else {})
        )
        policy = {"Content-Security-Policy": told.headers["Content-Security-Policy"]}
        body = re.sub(r"/static/[0-9a-f]+/", "/static/", told.text)
        if told.location:
            # A browser follows a real redirect past this route, into a network that has no such host.
            route.fulfill(body=f'<meta http-equiv=refresh content="0; url={told.location}">', content_type="text/html")
        else:
            route.fulfill(status=told.status_code, body=body, content_type="text/html", headers=policy)

    page.route(f"{CHAT}/panel/webhooks**", answer)
    page.route(f"{CHAT}/panel/webhooks/**", answer)

    def show(path: str = "/panel/webhooks", *, width: int = 1280, scheme: Any = "light") -> Page:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        page.goto(f"{CHAT}{path}")
        return page

    return show


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_every_state_of_the_pages_can_be_used_by_everybody(
    admin: Admin, receiver: Receiver, shows: Callable[..., Page], troubles: list[str], width: int, scheme: str
):
    name = f"webhooks-{width}-{scheme}"
    page = shows(width=width, scheme=scheme)
    is_good(page, f"{name}-empty")
    page.get_by_label("Address").fill("https://10.0.0.1/")
    page.get_by_role("button", name="Add webhook").click()
    expect(page.get_by_label("Address")).to_be_focused()
    expect(page.get_by_label("Address")).to_have_value("https://10.0.0.1/")
    is_good(page, f"{name}-refused")

    page.get_by_label("Address").fill(receiver.url)
    page.get_by_label("started").check()
    page.get_by_role("button", name="Add webhook").click()
    expect(page.get_by_text("whsec_")).to_be_visible()
    is_good(page, f"{name}-key")

    admin.visitor_says("Hello")
    admin.deliver()
    receiver.behaves = answering(503)
    admin.visitor_says("Anybody?")
    admin.deliver()
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_role("status")).to_contain_text("Test: answered 503.")
    is_good(page, f"{name}-one")
    page.get_by_role("link", name="All webhooks").click()
    expect(page.get_by_text("waiting")).to_be_visible()
    is_good(page, f"{name}-all")


def test_a_webhook_is_removed_by_keyboard_only_after_a_second_look(
    admin: Admin, receiver: Receiver, shows: Callable[..., Page]
):
    page = shows(admin.adds(receiver.url))
    expect(page.get_by_role("button", name="Remove webhook")).not_to_be_visible()
    page.get_by_text("Remove it").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Remove webhook")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nobody yet.")).to_be_visible()
    assert admin.parlour.webhooks.all() == []
