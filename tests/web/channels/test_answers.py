"""What is said in the words of Rasa's clients, and what their buttons send back."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.events import KINDS, Event
from handoff.desk import Said
from web.channels.answers import answers_of, as_uttered, said_of

NOW = datetime(2026, 3, 4, tzinfo=UTC)
ASKED = {"text": "Which?", "step": "tea.which", "options": [{"label": "Green", "value": "green"}]}


def event(kind: str, body: dict[str, Any], *, actor: str = "bot", seq: int = 1) -> Event:
    return Event("c1", seq, None if KINDS[kind].visitor is None else seq, None, actor, kind, body, NOW)


def answers(*events: Event) -> list[dict[str, Any]]:
    return answers_of(events, visitor_id="v1", language="en")


def test_a_text_is_split_at_blank_lines():
    said = event("message", {"text": "One\ntwo\n\n \nthree\n\n"})
    assert answers(said) == [{"text": "One\ntwo"}, {"text": "three"}]


def test_a_text_with_buttons_stays_whole_and_its_payloads_name_the_step():
    said = event("message", {**ASKED, "text": "One\n\ntwo"})
    assert answers(said) == [
        {"text": "One\n\ntwo", "buttons": [{"title": "Green", "payload": '/tea.which{"value": "green"}'}]}
    ]


def test_one_message_with_several_things_becomes_several_answers():
    said = event("message", {"text": "Look", "custom": {"a": 1}, "image": "https://x/y.png", "attachment": "f.pdf"})
    parts = [{"text": "Look"}, {"custom": {"a": 1}}, {"image": "https://x/y.png"}, {"attachment": "f.pdf"}]
    assert answers(said) == parts
    uttered = [as_uttered(each) for each in answers(said)]
    picture = {"attachment": {"type": "image", "payload": {"src": "https://x/y.png"}}}
    assert uttered == [{"text": "Look"}, {"a": 1}, picture, {"attachment": "f.pdf"}]


@pytest.mark.parametrize(
    "hidden",
    [
        event("note", {"text": "she is angry", "name": "Anna"}, actor="agent:a1"),
        event("message", {"text": "my own words"}, actor="visitor:v1"),
        event("message", {"text": "told elsewhere", "silent": True}),
        event("turn", {"trace": [], "slots": [{"slot": "email", "value": "x"}]}),
    ],
    ids=["note", "own words", "told elsewhere", "turn"],
)
def test_what_is_not_for_the_visitor_or_known_to_them_is_not_said(hidden: Event):
    assert answers(hidden) == []


def test_a_person_who_takes_over_is_announced_by_name_and_the_program_as_one_after_them():
    taken = event("accepted", {"agent": "a1", "name": "Anna", "department": "sales"}, actor="agent:a1")
    said = event("message", {"text": "Good morning", "name": "Anna"}, actor="agent:a1")
    assert answers(taken, said) == [{"text": "Anna is here now."}, {"text": "Good morning"}]
    back = event("returned", {"agent": "a1", "name": "Anna"}, actor="agent:a1")
    assert answers(back)[0]["text"].startswith("I am the assistant again, a program.")


GREEN = Said(button={"step": "tea.which", "label": "Green", "value": "green"})
LATER = {"text": "How much?", "step": "tea.weight", "asks": "weight"}


@pytest.mark.parametrize(
    ("message", "recent", "said"),
    [
        ('/tea.which{"value": "green"}', [ASKED], GREEN),
        ('/tea.which{"value": "green"}', [ASKED, LATER], GREEN),  # Late: the flow refuses it.
        ("green", [ASKED], GREEN),
        ("green", [ASKED, {"text": "Take your time"}], GREEN),
        ("green", [ASKED, LATER], Said("green")),
        ("Green tea, please", [ASKED], Said("Green tea, please")),
        ('/tea.which{"value": "black"}', [ASKED], Said('/tea.which{"value": "black"}')),
        ('/coffee.which{"value": "green"}', [ASKED], Said('/coffee.which{"value": "green"}')),
        ('/tea.which{"value": {"a": []}}', [ASKED], Said('/tea.which{"value": {"a": []}}')),
        ("/tea.which{nothing}", [ASKED], Said("/tea.which{nothing}")),
        ("/greet", [ASKED], Said("/greet")),
        ("green", [], Said("green")),
    ],
)
def test_a_payload_presses_the_button_that_was_offered_and_everything_else_is_a_text(
    message: str, recent: list[dict[str, Any]], said: Said
):
    events = [event("message", body, seq=number) for number, body in enumerate(recent, 1)]
    assert said_of(message, events) == said


def test_a_button_no_flow_offered_says_what_it_is_called():
    offered = event("message", {"text": "Rate us", "options": [{"label": "Very good", "value": "/rate{5}"}]})
    assert said_of("/rate{5}", [offered]) == Said("Very good")
