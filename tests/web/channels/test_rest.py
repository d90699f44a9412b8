"""Rasa's REST channel, over real HTTP."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.server import AgentLine, Answer, Server
from tests.web.channels.conftest import KEY, number_of, texts

Says = Callable[..., list[dict[str, Any]]]
EMAIL = "What is your e-mail address?"


def test_the_channel_says_that_it_is_there(server: Server):
    assert server.get("/webhooks/rest/").json() == {"status": "ok"}


def test_a_message_is_answered_and_a_button_pressed(says: Says, sender: str):
    hello, question = says("Hello")
    assert hello == {"recipient_id": sender, "text": "Hello"}
    assert question["text"] == "What is it about?"
    tickets, person = question["buttons"]
    assert (tickets["title"], person["title"]) == ("Tickets", "A person")
    assert says(tickets["payload"]) == [{"recipient_id": sender, "text": EMAIL}]


def test_a_button_pressed_late_moves_nothing(says: Says):
    tickets = says("Hello")[1]["buttons"][0]["payload"]
    says(tickets)
    assert texts(says(tickets)) == [EMAIL]
    assert texts(says("ann@harbour.example")) == ["Thank you, we will write to ann@harbour.example."]


def test_whatever_the_body_is_called_it_is_read_as_json(server: Server, sender: str):
    body = json.dumps({"sender": sender, "message": "Hello", "input_channel": "other", "stage": 7}).encode()
    for kind in ("text/plain;charset=UTF-8", "application/x-www-form-urlencoded"):
        assert server.ask("POST", "/webhooks/rest/webhook", body, Content_Type=kind).status == 200


def test_a_stream_is_one_answer_a_line(server: Server, sender: str):
    answer = server.post("/webhooks/rest/webhook?stream=true", {"sender": sender, "message": "Hello"})
    assert answer.headers["Content-Type"] == "text/event-stream"
    assert texts([json.loads(line) for line in answer.body.splitlines()]) == ["Hello", "What is it about?"]


def test_the_visitors_language_comes_with_the_message(says: Says):
    assert texts(says("Hallo", metadata={"language": "de-AT"})) == ["Hallo", "Worum geht es?"]


def test_a_message_with_an_id_that_comes_twice_is_taken_once_and_answered_twice(
    says: Says, control: Callable[..., Answer], sender: str
):
    says("Hello")
    first = says("Tickets", metadata={"message_id": f"{sender}-7"})
    assert texts(first) == [EMAIL]
    assert says("Tickets", metadata={"message_id": f"{sender}-7"}) == first
    told = control("tracker").json()["events"]
    assert [each["text"] for each in told if each["event"] == "user"] == ["Hello", "Tickets"]


def test_an_id_that_comes_with_other_words_is_refused(server: Server, says: Says, sender: str):
    says("Hello", metadata={"message_id": "same-id"})
    body = {"sender": sender, "message": "Other words", "metadata": {"message_id": "same-id"}}
    refused = server.post("/webhooks/rest/webhook", body)
    assert (refused.status, refused.json()["error"]["code"]) == (409, "idempotency_mismatch")


def test_the_same_name_at_two_doors_is_two_visitors(server: Server, says: Says, sender: str):
    says("Hello")
    server.post("/webhooks/callback/webhook", {"sender": sender, "message": "Hello"})
    assert server.get(f"/conversations/{sender}/tracker", **KEY).json()["latest_input_channel"] == "callback"
    assert texts(says("Tickets")) == [EMAIL]
    assert server.get(f"/conversations/{sender}/tracker", **KEY).json()["latest_input_channel"] == "rest"


def test_the_number_of_a_visitor_or_conversation_of_the_widget_is_only_a_name_here(server: Server, says: Says):
    ann = server.visitor()
    ann.says("a secret")
    visitor = ann.token.rpartition(".")[0]
    for guess in (visitor, ann.conversation, ann.token):
        answer = server.post("/webhooks/rest/webhook", {"sender": guess, "message": "Hello"})
        assert texts(answer.json()) == ["Hello", "What is it about?"]
    ann.hears("What is it about?")
    assert ann.texts() == ["a secret", "Hello", "What is it about?"]
    ann.close()


def test_while_a_person_has_it_nothing_is_answered_and_everything_is_in_the_tracker(
    says: Says, control: Callable[..., Answer], anna: AgentLine
):
    says("Hello")
    asked = control("tracker/events", {"event": "pause", "metadata": {"department": "support"}})
    conversation = number_of(asked.json())
    token = anna.accepts(conversation)
    assert says("Is somebody there?") == []
    anna.tell(op="send", conversation=conversation, client_id="a-reply-1", token=token, body={"text": "I am"})
    anna.until(lambda: anna.last("ack", client_id="a-reply-1"))
    told = control("tracker").json()
    assert told["paused"] is True
    said = [(each["event"], each.get("text")) for each in told["events"] if each["event"] in ("user", "agent", "pause")]
    assert said == [("user", "Hello"), ("pause", None), ("user", "Is somebody there?"), ("agent", "I am")]
    control("tracker/events", {"event": "resume"})
    assert control("tracker").json()["paused"] is False
    assert texts(says("Tickets")) == [EMAIL]


def test_agents_see_through_which_door_somebody_came(
    says: Says, control: Callable[..., Answer], anna: AgentLine, sender: str
):
    says("Hello")
    asked = control("tracker/events", {"event": "pause", "metadata": {"department": "support"}})
    conversation = number_of(asked.json())
    brief = json.loads(anna.ask("GET", f"/panel/conversations/{conversation}/brief").body)
    assert brief["context"]["channel"] == "rest"
    control("tracker/events", {"event": "resume"})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"[" * 3000,
        b'{"message": 7}',
        b'{"sender": 7, "message": "x"}',
        b'{"sender": "", "message": "x"}',
        b'{"sender": "\\u0000", "message": "x"}',
        b'{"sender": "x"}',
        b'{"message": "\\ud800"}',
        b'{"message": "  "}',
        b'{"message": "x", "metadata": []}',
        b'{"message": "x", "metadata": {"a": 1e400}}',
        b'{"message": "x", "metadata": {"message_id": "\\u0000"}}',
        b"\xff",
        b"x" * 70_000,
        b'{"message": "' + b"x" * 5000 + b'"}',
    ],
    ids=lambda body: body[:24].decode(errors="replace"),
)
def test_bodies_nobody_could_take_get_a_code_never_a_fault(server: Server, body: bytes):
    for door in ("rest", "callback"):
        answer = server.post(f"/webhooks/{door}/webhook", raw=body)
        assert answer.status in (400, 413), answer.body
        assert answer.json()["error"]["message"]
        assert b"Traceback" not in answer.body


@pytest.mark.parametrize(("origin", "status"), [("https://harbour.example", 200), ("https://evil.example", 403)])
def test_pages_of_the_site_may_ask_from_a_browser_and_others_may_not(server: Server, origin: str, status: int):
    answer = server.post("/webhooks/rest/webhook", {"message": "Hello", "sender": origin}, Origin=origin)
    assert answer.status == status
    assert answer.headers.get("Access-Control-Allow-Origin") == (origin if status == 200 else None)
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_flood_is_refused_with_the_time_to_wait(server: Server, sender: str):
    answers = [server.post("/webhooks/rest/webhook", {"sender": sender, "message": f"{n}"}) for n in range(25)]
    refused = [answer for answer in answers if answer.status == 429]
    assert 1 <= len(refused) <= 5
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in refused)
