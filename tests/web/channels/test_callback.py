"""Rasa's callback channel: each answer posted to the operator's address, in order, until it is taken."""

from collections.abc import Callable

import pytest

from tests.server import AgentLine, Server
from tests.web.channels.conftest import KEY, Receiver, number_of


@pytest.fixture
def says(server: Server, sender: str) -> Callable[[str], None]:
    def say(message: str) -> None:
        answer = server.post("/webhooks/callback/webhook", {"sender": sender, "message": message})
        assert (answer.status, answer.body) == (200, b"success")

    return say


def test_each_answer_is_posted_by_itself(says: Callable[[str], None], receiver: Receiver, sender: str):
    says("Hello")
    receiver.hears(sender, "What is it about?")
    assert receiver.told(sender) == ["Hello", "What is it about?"]
    asked = next(post for post in receiver.posts if post["text"] == "What is it about?" and "buttons" in post)
    assert [button["title"] for button in asked["buttons"]] == ["Tickets", "A person"]


def test_what_is_not_taken_is_posted_again_under_the_same_key_and_in_order(
    says: Callable[[str], None], receiver: Receiver, sender: str
):
    before = len(receiver.keys)
    receiver.refuses = 1
    says("Hello")
    receiver.hears(sender, "What is it about?")
    assert receiver.told(sender) == ["Hello", "What is it about?"]
    tried = receiver.keys[before:]
    assert tried[0] == tried[1] != tried[2]


def test_what_a_person_says_later_is_posted_too(
    server: Server, says: Callable[[str], None], receiver: Receiver, sender: str, anna: AgentLine
):
    says("Hello")
    events = f"/conversations/{sender}/tracker/events"
    asked = server.post(events, {"event": "pause", "metadata": {"department": "support"}}, **KEY)
    conversation = number_of(asked.json())
    token = anna.accepts(conversation)
    anna.tell(op="send", conversation=conversation, client_id=f"to-{sender}", token=token, body={"text": "Good day"})
    anna.tell(op="note", conversation=conversation, client_id=f"on-{sender}", body={"text": "between us"})
    receiver.hears(sender, "Good day")
    server.post(events, {"event": "resume"}, **KEY)
    receiver.hears(sender, "What is it about?")
    told = receiver.told(sender)
    assert "Anna is here now." in told
    assert "between us" not in told


def test_a_program_starts_a_flow_for_somebody_who_never_wrote(server: Server, receiver: Receiver, sender: str):
    answer = server.post(f"/conversations/{sender}/trigger_intent", {"name": "welcome"}, **KEY)
    assert [each["text"] for each in answer.json()["messages"]] == ["Hello", "What is it about?"]
    receiver.hears(sender, "What is it about?")


def test_nothing_said_through_another_door_is_posted(server: Server, receiver: Receiver, sender: str):
    server.post("/webhooks/rest/webhook", {"sender": sender, "message": "Hello"})
    server.post("/webhooks/callback/webhook", {"sender": f"{sender}-2", "message": "Hello"})
    receiver.hears(f"{sender}-2", "What is it about?")
    assert receiver.told(sender) == []
