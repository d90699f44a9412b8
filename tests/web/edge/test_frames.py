"""Frames and bodies: what is read, and the sentence for what is not (S14, S17, S51)."""

import json
from typing import Any

import pytest
from pydantic import TypeAdapter

from web.bodies import MAX_BODY, read
from web.errors import Malformed, Refusal, TooLarge
from web.frames import (
    AgentSend,
    Beat,
    Presence,
    Resume,
    Send,
    Typing,
    View,
    Watch,
    agent_frame,
    client_id_of,
    visitor_frame,
)

CONVERSATION = "kQ3vX0aRr1m8c6yVt2WbZw"
CLIENT = "0193a6b2-7c4e-7d50-9f00-3b1a2c4d5e6f"


def send(**body: Any) -> str:
    return json.dumps({"op": "send", "conversation": None, "client_id": CLIENT, "body": body})


def refusal(raw: str | bytes, read: Any = visitor_frame) -> Refusal:
    with pytest.raises(Refusal) as caught:
        read(raw)
    return caught.value


def test_every_operation_of_a_visitor_is_read() -> None:
    assert visitor_frame('{"op":"resume","conversation":null,"after":0}') == Resume(
        op="resume", conversation=None, after=0
    )
    said = visitor_frame(send(text="Hello"))
    assert isinstance(said, Send) and said.body.text == "Hello"
    pressed = visitor_frame(send(button={"step": "ask_size", "value": "42", "label": "42"}))
    assert isinstance(pressed, Send) and pressed.body.button is not None and pressed.body.button.value == "42"
    answered = visitor_frame(send(answer={"impression": CONVERSATION, "label": "Yes"}))
    assert isinstance(answered, Send) and answered.body.answer is not None
    by_text = visitor_frame(send(answer={"impression": CONVERSATION}, text="Yes, please"))
    assert isinstance(by_text, Send) and by_text.body.text == "Yes, please"
    typing = visitor_frame(f'{{"op":"typing","conversation":"{CONVERSATION}","on":true,"text":"Hel"}}')
    assert isinstance(typing, Typing) and typing.text == "Hel"
    assert visitor_frame('{"op":"beat"}') == Beat(op="beat")


def test_every_operation_of_an_agent_is_read() -> None:
    one = {"conversation": CONVERSATION, "client_id": CLIENT}
    frames: list[dict[str, Any]] = [
        {"op": "watch", "conversation": CONVERSATION, "after": 7},
        {"op": "unwatch", "conversation": CONVERSATION},
        {"op": "accept", **one},
        {"op": "decline", "conversation": CONVERSATION},
        {"op": "decline", **one},
        {"op": "send", **one, "token": 3, "body": {"text": "Hello"}},
        {"op": "note", **one, "body": {"text": "a regular"}},
        {"op": "typing", "conversation": CONVERSATION, "on": False},
        {"op": "read", "conversation": CONVERSATION, "seq": 9},
        {"op": "return", **one, "token": 3},
        {"op": "close", **one, "token": 3},
        {"op": "presence", "intent": "away"},
        {"op": "beat"},
    ]
    for frame in frames:
        assert agent_frame(json.dumps(frame)).op == frame["op"]
    assert isinstance(agent_frame(json.dumps(frames[0])), Watch)
    assert isinstance(agent_frame(json.dumps(frames[5])), AgentSend)
    assert isinstance(agent_frame(json.dumps(frames[11])), Presence)


@pytest.mark.parametrize("wrong", ["0", '"0"', "[]", "true", "1e0", "1.5", "{}", '"a b c d e f g h"', '"../../../etc"'])
def test_an_id_is_text_of_the_form_given_out_and_nothing_is_converted(wrong: str) -> None:
    told = refusal(f'{{"op":"resume","conversation":{wrong},"after":0}}')
    assert (told.status, told.code, told.field) == (400, "malformed", "conversation")


@pytest.mark.parametrize("wrong", ['"1"', "true", "1.0", "1e0", "null", "[]", "-1", "9" * 17, "9" * 5000])
def test_a_number_is_a_whole_number_in_bounds_and_nothing_is_converted(wrong: str) -> None:
    told = refusal(f'{{"op":"resume","conversation":null,"after":{wrong}}}')
    assert (told.status, told.code) == (400, "malformed")


@pytest.mark.parametrize("extra", ["role", "owner", "seq", "at", "verified", "internal_note", "token", "__proto__"])
def test_a_visitor_cannot_send_what_is_not_theirs_to_say(extra: str) -> None:
    frame = {**json.loads(send(text="Hello")), extra: True}
    told = refusal(json.dumps(frame))
    assert (told.code, told.field, told.message) == ("malformed", extra, f"`{extra}` is not known here.")
    inside = json.loads(send(text="Hello"))
    inside["body"][extra] = True
    assert refusal(json.dumps(inside)).field == f"body.{extra}"


@pytest.mark.parametrize("op", ["accept", "note", "watch", "return", "close", "presence", "decline"])
def test_a_visitor_has_no_operation_of_an_agent(op: str) -> None:
    frame = json.dumps({"op": op, "conversation": CONVERSATION, "client_id": CLIENT, "body": {"text": "hi"}})
    assert refusal(frame).message == "`op` must be one of resume, send, typing, read, beat."


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "{",
        "null",
        "[]",
        "42",
        '"beat"',
        "{}",
        '{"op":null}',
        '{"op":["beat"]}',
        '{"op":"\\ud800"}',
        '{"op":"beat"',
        b"\xff\xfe",
        b'{"op":"\xed\xa0\x80"}',
        "[" * 30_000,
        '{"op":' * 10_000,
        "\ud800",
    ],
)
def test_what_is_no_frame_is_refused_in_a_sentence(raw: str | bytes) -> None:
    told = refusal(raw)
    assert isinstance(told, Malformed)
    assert told.message.endswith(".")
    assert "Error" not in told.message and "pydantic" not in told.message


def test_a_frame_larger_than_the_cap_is_refused_before_it_is_read() -> None:
    assert isinstance(refusal(b" " * (MAX_BODY + 1)), TooLarge)
    assert isinstance(refusal("é" * (MAX_BODY // 2 + 1)), TooLarge)


def test_a_character_that_cannot_be_stored_is_refused_in_values() -> None:
    told = refusal(send(button={"step": "a\0", "value": "b", "label": "c"}))
    assert (told.code, told.message) == ("malformed", "There is a character in the text that cannot be stored.")


@pytest.mark.parametrize("text", ["", " ", "\0\x1b", "a" * 10_000, "👋🏽"])
def test_which_text_cannot_be_sent_is_for_the_desk_to_say(text: str) -> None:
    frame = visitor_frame(send(text=text))
    assert isinstance(frame, Send) and frame.body.text == text


FILLED_IN = {"step": "lead.form_1", "values": {"name": "Ann", "sure": True}}


def test_a_form_says_which_one_it_is_and_what_its_fields_hold() -> None:
    frame = visitor_frame(send(form=FILLED_IN))
    assert isinstance(frame, Send) and frame.body.form is not None
    assert frame.body.form.model_dump() == FILLED_IN


@pytest.mark.parametrize(
    "values",
    [
        *({}, {"name": None}, {"name": 3}, {"name": ["Ann"]}, {"name": "\0"}, {"name": "x" * 4001}, {"": "x"}),
        {f"field_{n}": "x" for n in range(51)},
    ],
)
def test_a_form_that_no_form_could_be_is_refused(values: dict[str, Any]) -> None:
    told = refusal(send(form={"step": "lead.form_1", "values": values}))
    assert told.code == "malformed"
    assert not set("()[]") & set(told.message), told.message


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": None},
        {"text": "Yes", "button": {"step": "a", "value": "b", "label": "c"}},
        {"answer": {"impression": CONVERSATION}},
        {"answer": {"impression": CONVERSATION, "label": "Yes"}, "text": "Yes"},
        {"answer": {"impression": CONVERSATION, "label": "Yes"}, "button": {"step": "a", "value": "b", "label": "c"}},
        {"form": FILLED_IN, "text": "Yes"},
        {"form": FILLED_IN, "button": {"step": "a", "value": "b", "label": "c"}},
        {"form": FILLED_IN, "answer": {"impression": CONVERSATION}},
    ],
)
def test_a_message_says_one_thing(body: dict[str, Any]) -> None:
    told = refusal(send(**body))
    assert (told.field, told.message) == ("body", "`body` must hold one thing: a text, a button, or a form.")


def test_a_refused_frame_still_tells_which_message_it_was() -> None:
    assert client_id_of(send(text="")) == CLIENT
    for raw in (
        "",
        "{",
        "[]",
        '{"client_id":7}',
        '{"client_id":"a b"}',
        "[" * 100_000,
        b"\xff",
        '{"client_id":"abcdefgh\\n"}',
    ):
        assert client_id_of(raw) is None


def view(**facts: Any) -> str:
    return json.dumps({"facts": facts, "languages": ["en"]})


VIEWS: TypeAdapter[Any] = TypeAdapter(View)


def test_a_page_tells_what_pages_know_and_nothing_else_is_listened_to() -> None:
    told = {
        "page": "/cart",
        "exit_intent": False,
        "idle": 12,
        "scroll": 40.5,
        "utm.source": None,
        "page.query.size": "42",
        "days_since_last_visit": None,
    }
    not_for_pages = {"agents_available": 9, "contact.known": True, "segments": "vip", "cart.items": 2, "made_up": 1}
    assert read(VIEWS, view(**told, **not_for_pages)).facts == told


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"page": 5}, "The fact page is of another kind."),
        ({"page.title": {"a": 1}}, "The fact page.title is of another kind."),
        ({"visits": "3"}, "The fact visits is of another kind."),
        ({"visits": True}, "The fact visits is of another kind."),
        ({"exit_intent": 1}, "The fact exit_intent is of another kind."),
        ({"idle": 1e300}, "The fact idle is too large a number."),
        ({"referrer": "x" * 2_001}, "The fact referrer is longer than 2,000 characters."),
        ({"page.query.a": "\0"}, "There is a character in the text that cannot be stored."),
        ({"page.query." + "a" * 200: "1"}, "`facts.page.query."),
        ({f"page.query.{n}": "1" for n in range(201)}, "`facts` may have at most 200 entries."),
    ],
)
def test_a_fact_of_another_kind_is_refused_in_words(facts: dict[str, Any], sentence: str) -> None:
    found = refusal(view(**facts), lambda raw: read(VIEWS, raw))
    assert isinstance(found, Malformed)
    assert str(found).startswith(sentence)
    assert (found.field or "").startswith("facts")
