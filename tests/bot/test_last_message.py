"""`last_message` is what the visitor wrote, whole; what the bot or an agent wrote is not."""

from datetime import UTC, datetime

import pytest

from bot.circumstances import WithSlots, of_conversation
from bot.contact import Known
from bot.conversation import Conversation
from bot.site import load_files
from flows.cursor import Cursor

NOW = datetime(2026, 3, 4, 10, tzinfo=UTC)


class Nobody:
    """No agents."""

    def agents_online(self, department):
        return 0

    def agents_available(self, department):
        return 0


@pytest.fixture(scope="module")
def site():
    files = {"site.yaml": "site: {name: Tea}", "d.yaml": "departments: {sales: {title: Sales}}"}
    loaded = load_files({**files, "f.yaml": "flows: {a: {steps: [{collect: size}]}}"})
    assert loaded.site, loaded.problems
    return loaded.site


def facts(site, last, **more):
    conversation = Conversation(
        id="c", visitor_id="v", created_at=NOW, last_at=NOW, language="en", last_message=last, cursor=Cursor("c", "en")
    )
    return of_conversation(site, conversation, Known("v"), Nobody(), NOW, **more)


def test_it_is_the_message_being_answered_with_all_its_letters(site):
    said = facts(site, {"text": "x" * 200, "from": "visitor"}, said="x" * 300 + "lawyer")
    assert said["last_message"].endswith("lawyer")


def test_it_is_the_visitors_last_one_otherwise(site):
    assert facts(site, {"text": "Hello", "from": "visitor"})["last_message"] == "Hello"


def test_it_is_unknown_when_somebody_else_spoke_last(site):
    assert "last_message" not in facts(site, {"text": "Hello", "from": "bot"})


def test_slots_stand_beside_facts_and_an_empty_one_is_known_to_be_empty(site):
    cursor = Cursor("c", "en")
    cursor.slots = {"size": "L", "order": {"status": "sent"}}
    seen = WithSlots(facts(site, {}), cursor)
    assert (seen["size"], seen["slot.size"], seen["order.status"], seen["order.price"]) == ("L", "L", "sent", None)
    assert (seen["colour"], seen["email"], seen["agents_online"]) == (None, None, 0)
    assert "last_message" not in seen and "size" in set(seen) and len(seen) == len(set(seen))
