"""What no honest client sends, at the real application on both databases: refused in words, and never our fault."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.web.conftest import let_in
from web.app import create_app
from web.limits import NO_LIMITS
from web.parts import Options, Parlour

PASSWORD = "four unrelated words"
SITE = """\
site: {name: Tea, timezone: Europe/Berlin, languages: [en], domains: [tea.example]}
departments:
  sales: {title: Sales}
"""
FLOWS = """\
flows:
  delivery:
    start_when: {last_message: {contains: delivery}}
    steps:
      - {collect: wish, type: text, ask: When would it suit you?}
      - say: "We come {{ wish | date }}."
      - {collect: street, type: text, ask: And where to?}
"""


@dataclass
class Caller:
    """Somebody with a browser, and what it sends besides."""

    browser: FlaskClient
    path: str
    headers: dict[str, str]
    numbers: Iterator[int] = field(default_factory=count)

    def asks(self, op: str, **more: Any) -> TestResponse:
        return self.browser.post(self.path, json={"op": op, **more}, headers=self.headers)

    def sends(self, **body: Any) -> TestResponse:
        return self.asks("send", conversation=None, client_id=f"message-{next(self.numbers)}", body=body)

    def reads(self) -> dict[str, Any] | None:
        """Returns the page of the open conversation, if there is one."""
        frames = self.asks("resume", conversation=None, after=0).json["frames"]
        return next((frame for frame in frames if frame["op"] == "events"), None)


@pytest.fixture
def app(tmp_path: Path, database_url: str) -> Flask:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "site.yaml").write_text(SITE)
    (tmp_path / "site" / "flows").mkdir()
    (tmp_path / "site" / "flows" / "delivery.yaml").write_text(FLOWS)
    app = create_app(Options(tmp_path / "site", tmp_path / "data", database_url, rates=NO_LIMITS))
    let_in(app)
    return app


@pytest.fixture
def parlour(app: Flask) -> Parlour:
    parlour: Parlour = app.extensions["parlour"]
    return parlour


@pytest.fixture
def ann(app: Flask) -> Caller:
    browser = app.test_client()
    seen = browser.post("/widget/view", json={"facts": {"page.path": "/"}})
    return Caller(browser, "/widget/op", {"Authorization": f"Bearer {seen.json['token']}"})


@pytest.fixture
def agent(app: Flask, parlour: Parlour) -> Caller:
    parlour.accounts.add(email="ben@shop.example", name="Ben", departments=["sales"], role="admin", password=PASSWORD)
    account = parlour.accounts.find("ben@shop.example")
    assert account is not None
    browser = app.test_client()
    browser.get(f"/enter/{parlour.accounts.begin(account.id)}")
    return Caller(browser, "/panel/op", {"X-CSRFToken": browser.get("/form-token").text})


def test_the_number_of_an_event_is_one_that_can_be_looked_up(ann: Caller, agent: Caller) -> None:
    assert ann.sends(text="Hello").status_code == 200
    talk = ann.reads()["conversation"]
    for after, status in ((2**31 - 1, 200), (2**31, 400), (2**53 - 1, 400)):
        assert ann.asks("resume", conversation=talk, after=after).status_code == status, after
        assert ann.asks("read", conversation=talk, seq=after).status_code == status, after
        assert agent.asks("watch", conversation=talk, after=after).status_code == status, after
        assert agent.asks("read", conversation=talk, seq=after).status_code == status, after


def test_an_answer_to_a_bubble_says_something(ann: Caller) -> None:
    for text in ("", " ", "\u200b"):
        assert ann.sends(text=text, answer={"impression": "i" * 22}).status_code == 400, ascii(text)
    assert ann.reads() is None
    assert ann.sends(text="Yes", answer={"impression": "i" * 22}).status_code == 200


@pytest.mark.parametrize("wish", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_moment_at_the_end_of_the_calendar_silences_nobody(ann: Caller, wish: str) -> None:
    assert ann.sends(text="A delivery, please").status_code == 200
    assert ann.sends(text=wish).status_code == 200
    assert ann.reads()["events"][-1]["body"]["text"] == "And where to?"


def test_a_frame_without_its_operation_is_told_what_is_missing(ann: Caller) -> None:
    answer = ann.browser.post(ann.path, json={}, headers=ann.headers)
    assert (answer.status_code, answer.json["error"]["message"]) == (400, "`op` is missing.")


@pytest.mark.parametrize("email", ["a\0b@c.de", "nobody", ""])
def test_what_can_be_no_address_is_nobodys(parlour: Parlour, agent: Caller, email: str) -> None:
    assert parlour.accounts.find(email) is None
    assert parlour.accounts.find("BEN@shop.example") is not None


@pytest.mark.parametrize("body", ["[1, 2]", "5", '{"email": 5}', '{"next": 5}'])
def test_a_sign_in_that_is_no_form_is_refused(app: Flask, body: str) -> None:
    browser = app.test_client()
    assert browser.get("/panel/login").status_code == 200
    answer = browser.post("/panel/login", data=body, content_type="application/json")
    assert answer.status_code == 415


def test_an_answer_is_of_one_record_or_of_none(
    parlour: Parlour, ann: Caller, agent: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann.sends(text="Hello")
    page = ann.reads()
    assert page is not None
    talk = page["conversation"]
    watched = agent.asks("watch", conversation=talk, after=0).json["frames"]
    assert [frame["op"] for frame in watched] == ["welcome", "events"]
    assert watched[0]["epoch"] == parlour.epoch.current

    def replaced(read: Callable[..., Any]) -> Callable[..., Any]:
        def reads(*words: Any, **more: Any) -> Any:
            parlour.epoch.current = "another"
            return read(*words, **more)

        return reads

    for caller, op, read in ((ann, "resume", "visitor_events_after"), (agent, "watch", "events_after")):
        before = parlour.epoch.current
        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(parlour.journal, read, replaced(getattr(parlour.journal, read)))
            refused = caller.asks(op, conversation=talk, after=0)
        assert (refused.status_code, refused.json["error"]["code"]) == (503, "retry")
        assert caller.asks(op, conversation=talk, after=0).json["frames"][0]["epoch"] == "another"
        parlour.epoch.current = before
