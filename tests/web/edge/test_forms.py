"""Forms that no card of ours sends, at the real application on both databases."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from bot.database import Database
from bot.models import ConversationRow, EventRow
from web.app import create_app
from web.limits import NO_LIMITS
from web.parts import Options

CARD = "4111 1111 1111 1111"
SITE = """\
site: {name: Tea, timezone: Europe/Berlin, languages: [en]}
privacy:
  mask: [credit_card]
"""
FLOW = """\
flows:
  tasting:
    start_when: {last_message: {contains: tasting}}
    steps:
      - form:
          - {collect: name, ask: Who comes?}
          - {collect: guests, type: number, ask: How many?}
      - say: "Until then, {{ name }}."
"""


class Visitor:
    def __init__(self, browser: FlaskClient, database: Database):
        self._browser = browser
        self._database = database
        token = browser.post("/widget/view", json={"facts": {"page.path": "/"}}).json["token"]
        self._headers = {"Authorization": f"Bearer {token}"}
        self._sent = 0

    def sends(self, *, client_id: str = "", **body: Any) -> tuple[int, dict[str, Any]]:
        self._sent += 1
        sent = {"op": "send", "conversation": None, "client_id": client_id or f"message-{self._sent}", "body": body}
        answer = self._browser.post("/widget/op", json=sent, headers=self._headers)
        return answer.status_code, answer.json

    def fills_in(self, step: str, *, client_id: str = "", **values: Any) -> tuple[int, dict[str, Any]]:
        return self.sends(client_id=client_id, form={"step": step, "values": values})

    def recorded(self) -> list[dict[str, Any]]:
        """Returns what the record keeps of what was sent."""
        with self._database.engine.connect() as connection:
            mine = select(EventRow.body).where(EventRow.kind == "message", EventRow.actor.like("visitor:%"))
            return list(connection.scalars(mine.order_by(EventRow.seq)))

    def everything(self) -> list[Any]:
        """Returns all that the record keeps, by whomever, and where conversations stand."""
        with self._database.engine.connect() as connection:
            events = list(connection.scalars(select(EventRow.body)))
            return events + [dict(row._mapping) for row in connection.execute(select(ConversationRow.cursor))]


@pytest.fixture
def ann(tmp_path: Path, database_url: str, open_database: Callable[[], Database]) -> Visitor:
    (tmp_path / "site" / "flows").mkdir(parents=True)
    (tmp_path / "site" / "site.yaml").write_text(SITE)
    (tmp_path / "site" / "flows" / "tasting.yaml").write_text(FLOW)
    database = open_database()
    app = create_app(Options(tmp_path / "site", tmp_path / "data", database_url, rates=NO_LIMITS))
    visitor = Visitor(app.test_client(), database)
    assert visitor.sends(text="A tasting, please")[0] == 200
    return visitor


def test_of_a_form_only_what_it_asks_for_is_kept(ann: Visitor) -> None:
    assert ann.fills_in("tasting.form_1", name="Ann", guests="3", role="admin")[0] == 200
    kept = ann.recorded()[-1]
    assert kept["form"]["values"] == {"name": "Ann", "guests": "3"}
    assert "admin" not in json.dumps(kept)


def test_of_a_form_that_is_not_open_the_words_are_kept_and_no_names(ann: Visitor) -> None:
    assert ann.fills_in("tasting.form_9", name="Ann", role="admin")[0] == 200
    kept = ann.recorded()[-1]
    assert (kept["text"], kept["form"]["values"]) == ("Ann\nadmin", {})


@pytest.mark.parametrize("step", ["tasting.form_1", "tasting.form_9"])
def test_a_form_that_comes_again_is_the_same_though_not_all_of_it_was_kept(ann: Visitor, step: str) -> None:
    first = ann.fills_in(step, client_id="the-same-form", role="admin", name="Ann", guests="3")
    again = ann.fills_in(step, client_id="the-same-form", role="admin", name="Ann", guests="3")
    assert first == again and first[0] == 200
    assert ann.fills_in(step, client_id="the-same-form", name="Eve", guests="3")[0] == 409


def test_a_field_with_a_name_no_field_can_have_is_refused_in_words(ann: Visitor) -> None:
    for name in (CARD, "a b", "Näme", "__proto__", "a\n", "\ud800", "a\0", "x" * 65):
        status, answer = ann.fills_in("tasting.form_1", name="Ann", **{name: "x"})
        assert status == 400, ascii(name)
        assert answer["error"]["message"].endswith("."), ascii(name)
    assert len(ann.recorded()) == 1


def test_what_is_sent_as_a_button_of_an_action_is_masked_like_what_is_typed(ann: Visitor) -> None:
    assert ann.sends(button={"step": "action.action_look_up", "value": CARD, "label": "Yes"})[0] == 200
    assert CARD not in json.dumps(ann.everything())
    assert "How many?" in json.dumps(ann.everything())
