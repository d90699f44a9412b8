"""What an action answers is read as data: what can be honoured is, and the rest is named and left out."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.actions.answer import MOST_BUTTONS, MOST_MESSAGES, Reminder, Returned, Saying, read_answer
from bot.actions.client import Failed
from flows.effects import Option


def read(answer: Any) -> Returned:
    texts = {"utter_balance": "You have {balance}."}
    prepared = lambda name, given: texts[name].format(**given) if name in texts else None  # noqa: E731
    return read_answer(answer, prepared=prepared, zone=UTC)


def said(*responses: dict[str, Any]) -> tuple[Saying, ...]:
    return read({"events": [], "responses": list(responses)}).said


def after(*events: dict[str, Any]) -> Returned:
    return read({"events": list(events), "responses": []})


def test_texts_are_texts():
    assert said({"text": "<b>Hello</b> {{ name }}\x00\x1b[31m \ud800"}) == (Saying("<b>Hello</b> {{ name }}[31m"),)


def test_buttons_send_what_they_say_unless_they_say_what_to_send():
    buttons = [
        {"title": "Green", "payload": "green tea"},
        {"title": "Black", "payload": '/choose{"tea": "black"}'},
        {"title": "Long", "payload": "x" * 201},
        {"payload": "no title"},
        "no button",
    ]
    (saying,) = said({"text": "Which?", "buttons": buttons})
    assert saying.options == (Option("Green", "green tea"), Option("Black", "Black"), Option("Long", "Long"))


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:image/png;base64,AA",
        "//shop.example/x.png",
        "http://",
        "https://a b",
        "ftp://x/y",
        7,
    ],
)
def test_an_image_is_a_link_of_the_web_or_nothing(address: Any):
    returned = read({"events": [], "responses": [{"image": address}, {"attachment": address}]})
    assert returned.said == ()
    assert returned.ignored == ("image or attachment without an http address",)
    tea = "https://shop.example/tea.png"
    assert said({"image": tea, "attachment": tea}) == (Saying(tea, image=tea), Saying(tea))


def test_a_card_is_said_as_its_words_with_its_buttons():
    card = {"title": "Sencha", "subtitle": "from Japan", "buttons": [{"title": "Take it", "payload": "sencha"}]}
    assert said({"elements": [card]}) == (Saying("Sencha: from Japan", (Option("Take it", "sencha"),)),)


def test_a_prepared_text_is_said_with_what_the_action_gives():
    assert said({"response": "utter_balance", "balance": "12 €"}) == (Saying("You have 12 €."),)
    assert said({"response": "utter_balance", "balance": "12 €", "text": "Twelve."}) == (Saying("Twelve."),)
    assert read({"events": [], "responses": [{"response": "utter_none"}]}).ignored == ("response utter_none",)


def test_slots_keep_what_can_be_kept():
    values = {
        "text": "two\x00",
        "number": 2.5,
        "yes": True,
        "empty": None,
        "record": {"status": "shipped", "parcels": [1, 2]},
        "endless": float("inf"),
        "huge": 10**30,
        "deep": [[[[[[[[[[1]]]]]]]]]],
    }
    returned = after(*({"event": "slot", "name": name, "value": value} for name, value in values.items()))
    assert returned.slots == {
        "text": "two",
        "number": 2.5,
        "yes": True,
        "empty": None,
        "record": {"status": "shipped", "parcels": [1, 2]},
    }
    assert returned.ignored == ("slot endless", "slot huge", "slot deep")


def test_what_a_validator_asks_next_is_no_slot():
    assert after({"event": "slot", "name": "requested_slot", "value": "size"}).asks_next == ("size",)
    assert after({"event": "slot", "name": "requested_slot", "value": None}).asks_next == (None,)
    assert after().asks_next == ()


def test_a_reminder_has_a_moment_in_the_time_of_the_site():
    told = {"event": "reminder", "name": "tea", "intent": "advice", "entities": [], "kill_on_user_msg": True}
    at = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
    assert after({**told, "date_time": "2026-03-05T09:00:00"}).reminders == (Reminder("tea", at, "advice", True),)
    assert after({"event": "cancel_reminder", "name": "tea"}).reminders == (Reminder("tea", None),)
    assert after({**told, "date_time": "tomorrow"}).ignored == ("reminder without a moment",)


def test_what_cannot_be_honoured_is_named():
    told = after({"event": "rewind"}, {"event": "restart"}, {"event": "pause"}, {"event": "followup", "name": "advice"})
    assert (told.ignored, told.pauses, told.followup) == (("rewind", "restart"), True, "advice")


def test_no_answer_is_endless():
    returned = read(
        {"events": [], "responses": [{"text": str(n), "buttons": [{"title": "x"}] * 99} for n in range(99)]}
    )
    assert len(returned.said) == MOST_MESSAGES
    assert len(returned.said[0].options) == MOST_BUTTONS
    assert len(said({"text": "x" * 100_000})[0].text) == 4000


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        "text",
        7,
        {},
        {"error": "x"},
        {"events": {}},
        {"events": [7]},
        {"responses": "x"},
        {"responses": [None]},
    ],
)
def test_an_answer_of_the_wrong_kind_is_a_failure(answer: Any):
    with pytest.raises(Failed) as failed:
        read(answer)
    assert failed.value.reason == "error"
