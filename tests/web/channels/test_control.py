"""Rasa's tracker and control API, over real HTTP."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.server import ANSWER_TAKES, Answer, Server, wait_for
from tests.web.channels.conftest import KEY, Receiver, texts

Says = Callable[..., list[dict[str, Any]]]
Control = Callable[..., Answer]
ADDRESSES = ["/version", "/status", "/domain", "/conversations/ann/tracker"]


def test_programs_learn_what_they_speak_with(server: Server):
    version, status, domain = (server.get(path, **KEY).json() for path in ADDRESSES[:3])
    assert version["version"].split(".")[0] == "3"
    assert status["num_active_training_jobs"] == 0
    assert domain["intents"] == ["stay", "welcome"]
    assert "email" in domain["slots"]


@pytest.mark.parametrize("path", ADDRESSES)
def test_without_the_token_nothing_is_told_and_the_error_has_rasas_form(server: Server, path: str):
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        refused = server.get(path, **headers)
        assert refused.status == 401
        told = refused.json()
        assert told.keys() == {"version", "status", "message", "reason", "details", "help", "code"}
        assert (told["status"], told["reason"], told["code"]) == ("failure", "NotAuthenticated", 401)
    assert "header" in server.get(f"{path}?token=a-token-of-plain-characters").json()["message"]


def test_a_tracker_tells_the_story_in_rasas_words(says: Says, control: Control, sender: str):
    says("Hello")
    says("Tickets")
    says("ann@harbour.example")
    told = control("tracker").json()
    assert (told["sender_id"], told["paused"], told["latest_input_channel"]) == (sender, False, "rest")
    assert told["slots"] == {"email": "ann@harbour.example"}
    assert told["latest_message"]["text"] == "ann@harbour.example"
    story = [(each["event"], each.get("text") or each.get("name")) for each in told["events"]]
    assert story == [
        ("action", "action_session_start"),
        ("session_started", None),
        ("user", "Hello"),
        ("bot", "Hello"),
        ("bot", "What is it about?"),
        ("user", "Tickets"),
        ("bot", "What is your e-mail address?"),
        ("user", "ann@harbour.example"),
        ("slot", "email"),
        ("bot", "Thank you, we will write to ann@harbour.example."),
    ]
    times = [each["timestamp"] for each in told["events"]]
    assert times == sorted(times)


def test_how_much_of_the_story_is_told_can_be_chosen(says: Says, control: Control):
    says("Hello")
    assert control("tracker?include_events=NONE").json()["events"] is None
    assert control("tracker?include_events=ALL").json() == control("tracker").json()
    assert control("tracker?until=1").json()["events"] == []
    for wrong in ("include_events=SOME", "until=yesterday", "until=1e400"):
        assert (control(f"tracker?{wrong}").status, control(f"tracker?{wrong}").json()["reason"]) == (400, "BadRequest")


def test_somebody_who_never_spoke_has_an_empty_tracker_and_looking_makes_nothing(control: Control):
    told = control("tracker").json()
    assert (told["events"], told["slots"], told["paused"]) == ([], {}, False)
    assert control("tracker?include_events=ALL").json() == told


def test_the_number_of_any_conversation_will_do(server: Server):
    ann = server.visitor()
    ann.says("Hello")
    told = server.get(f"/conversations/{ann.conversation}/tracker", **KEY).json()
    assert [each["text"] for each in told["events"] if each["event"] == "user"] == ["Hello"]
    server.post(f"/conversations/{ann.conversation}/tracker/events?execute_side_effects=true", BOAT, **KEY)
    ann.hears("Your boat is here")
    ann.close()


BOAT = {"event": "bot", "text": "Your boat is here"}


def test_what_a_program_says_is_delivered_only_where_it_asks_for_that(
    server: Server, receiver: Receiver, control: Control, sender: str
):
    server.post("/webhooks/callback/webhook", {"sender": sender, "message": "Hello"})
    told_already = {"event": "bot", "text": "You have seen this"}
    control("tracker/events", told_already)
    control("tracker/events?execute_side_effects=true&output_channel=latest", [BOAT])
    receiver.hears(sender, "Your boat is here")
    assert "You have seen this" not in receiver.told(sender)
    said = [each["text"] for each in control("tracker").json()["events"] if each["event"] == "bot"]
    assert said[-2:] == ["You have seen this", "Your boat is here"]


def test_a_posted_message_may_carry_all_that_rasas_do(receiver: Receiver, control: Control, sender: str):
    data = {
        "buttons": [{"title": "Yes", "payload": "/affirm"}],
        "elements": [{"title": "Bow", "subtitle": "with a view", "buttons": [{"title": "Book", "payload": "/book"}]}],
        "image": "https://harbour.example/boat.png",
        "custom": {"seats": 12},
    }
    url = "tracker/events?execute_side_effects=true&output_channel=callback"
    assert control(url, {"event": "bot", "text": "Which seat?", "data": data}).status == 200
    receiver.hears(sender, "Which seat?\nBow : with a view")
    wait_for(lambda: len(receiver.to(sender)) == 3, ANSWER_TAKES)
    buttons = [{"title": "Yes", "payload": "/affirm"}, {"title": "Book", "payload": "/book"}]
    assert receiver.to(sender) == [
        {"recipient_id": sender, "text": "Which seat?\nBow : with a view", "buttons": buttons},
        {"recipient_id": sender, "custom": {"seats": 12}},
        {"recipient_id": sender, "image": "https://harbour.example/boat.png"},
    ]


def test_slots_people_and_flows_are_posted_in_one_list(says: Says, control: Control):
    says("Hello")
    posted = [
        {"event": "action", "name": "action_listen"},
        {"event": "slot", "name": "plan", "value": "team"},
        {"event": "user", "text": "I called you"},
        {"event": "agent", "text": "And I answered", "metadata": {"name": "Ben"}},
        {"event": "followup", "name": "welcome"},
    ]
    told = control("tracker/events", posted).json()
    assert told["slots"]["plan"] == "team"
    story = [(each["event"], each.get("text")) for each in told["events"]][5:]
    assert story == [
        ("slot", None),
        ("user", "I called you"),
        ("agent", "And I answered"),
        ("bot", "Hello"),
        ("bot", "What is it about?"),
    ]


def test_one_wrong_event_and_none_of_the_list_is_done(says: Says, control: Control):
    says("Hello")
    before = control("tracker").json()
    wrong: list[Any] = [
        {"event": "reminder", "name": "later"},
        {"event": "slot", "value": 1},
        {"event": "slot", "name": "plan", "value": {"a": 1}},
        {"event": "user"},
        {"event": "bot", "text": " \t"},
        {"event": "followup", "name": "nothing"},
        {"text": "no kind"},
        "bot",
        7,
    ]
    for each in wrong:
        refused = control("tracker/events", [BOAT, each])
        assert (refused.status, refused.json()["reason"]) == (400, "BadRequest"), each
    assert control("tracker/events", []).status == 400
    assert control("tracker/events", [BOAT] * 101).status == 400
    assert control("tracker").json() == before


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "9" * 400, "9007199254740992"])
def test_a_number_that_no_slot_can_hold_is_refused_and_the_largest_is_kept(
    server: Server, says: Says, control: Control, sender: str, number: str
):
    """S51."""
    says("Hello")
    address = f"/conversations/{sender}/tracker/events"
    event = '{"event": "slot", "name": "plan", "value": %s}'
    refused = server.post(address, raw=(event % number).encode(), **KEY)
    assert (refused.status, refused.json()["reason"]) == (400, "BadRequest")
    assert "plan" not in control("tracker").json()["slots"]
    assert server.post(address, raw=(event % "9007199254740991").encode(), **KEY).status == 200
    assert control("tracker").json()["slots"]["plan"] == 2**53 - 1


NUL = "a\0b"
CANNOT_BE_STORED: list[dict[str, Any]] = [
    {"image": NUL},
    {"attachment": NUL},
    {"attachment": {"type": NUL}},
    {"attachment": {NUL: 1}},
    {"attachment": 7},
    {"custom": {"a": [{NUL: 1}]}},
    {"custom": {"a": [NUL]}},
    {"buttons": [{"title": "Yes", "payload": NUL}]},
    {"buttons": [{"title": NUL, "payload": "yes"}]},
    {"quick_replies": [{"title": "Yes", "payload": NUL}]},
    {"elements": [{"title": "Boat", "buttons": [{"title": "Yes", "payload": NUL}]}]},
]


def test_what_no_database_keeps_is_refused_in_words_before_anything_is_done(says: Says, control: Control):
    """S51."""
    says("Hello")
    before = control("tracker").json()
    for data in CANNOT_BE_STORED:
        refused = control("tracker/events", [BOAT, {"event": "bot", "text": "Here", "data": data}])
        told = refused.json()
        assert (refused.status, told["reason"]) == (400, "BadRequest"), data
        assert told["details"]["parameter"].startswith(f"data.{next(iter(data))}"), told
        assert not set("()[]") & set(told["details"]["parameter"].removesuffix(".[key]")), told
    assert control("tracker").json() == before


def test_nobody_is_called_what_no_database_keeps(server: Server):
    posts = {"messages": {"text": "x"}, "tracker/events": BOAT, "trigger_intent": {"name": "welcome"}}
    refused = [server.post(f"/conversations/a%00b/{path}", body, **KEY) for path, body in posts.items()]
    refused += [server.get(f"/conversations/{name}/tracker", **KEY) for name in ("a%00b", "a" * 256)]
    told = [(answer.status, answer.json()["details"]["parameter"]) for answer in refused]
    assert told == [(400, "sender")] * 5


def test_what_no_flow_can_be_handed_is_refused_in_words(control: Control):
    for entities in ({"a\0": 1}, {"plan": {"a": 1}}, {"plan": NUL}, [{"entity": "plan", "value": NUL}], 7):
        refused = control("trigger_intent", {"name": "welcome", "entities": entities})
        told = refused.json()
        assert (refused.status, told["reason"]) == (400, "BadRequest")
        assert "[" not in told["message"] + told["details"]["parameter"], told


def test_an_unknown_event_is_told_with_those_there_are(control: Control):
    refused = control("tracker/events", {"event": "rewind"}).json()
    assert refused["message"] == (
        "'rewind' is no event that is understood here. Events are agent, bot, followup, pause, resume, slot, user."
    )


def test_a_message_is_recorded_without_an_answer(says: Says, control: Control):
    says("Hello")
    told = control("messages", {"text": "Tickets", "sender": "user"}).json()
    assert told["latest_message"]["text"] == "Tickets"
    assert told["events"][-1]["event"] == "user"
    assert control("messages", {"text": "x", "sender": "bot"}).status == 400


def test_an_intent_is_a_flow_by_its_name(says: Says, control: Control):
    started = control("trigger_intent?output_channel=latest", {"name": "welcome", "entities": []})
    assert texts(started.json()["messages"]) == ["Hello", "What is it about?"]
    assert started.json()["tracker"]["events"][-1]["text"] == "What is it about?"
    missing = control("trigger_intent", {"name": "nothing"})
    assert (missing.status, missing.json()["message"]) == (404, "There is no flow 'nothing'.")
    assert control("trigger_intent?output_channel=fax", {"name": "welcome"}).status == 400


@pytest.mark.parametrize("path", ["tracker/events", "messages", "trigger_intent"])
@pytest.mark.parametrize("body", [b"", b"{", b"[" * 3000, b'{"name": 7}', b"\xff", b"x" * 70_000])
def test_bodies_nobody_could_take_get_a_code_never_a_fault(server: Server, path: str, body: bytes):
    answer = server.post(f"/conversations/ann/{path}", raw=body, **KEY)
    assert answer.status in (400, 413), answer.body
    assert answer.json()["status"] == "failure"
