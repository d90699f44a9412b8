"""What a program asks of the desk: it speaks, starts flows, hands over and takes back, where the visitor is."""

from collections.abc import Callable
from typing import Any

import pytest

from bot.conversation import Draft
from bot.greeting import Whereabouts
from handoff.desk import Desk
from tests.handoff.conftest import AgentActor, Office, VisitorActor

HERE = Whereabouts("en", facts={"channel": "rest", "sender": "ann"})


def kinds(office: Office, visitor: VisitorActor) -> list[str]:
    return [event.kind for event in office.journal.events_after(visitor.conversation, 0)]


def test_a_flow_is_started_for_somebody_who_has_not_spoken_yet(office: Office, visitor: Callable[..., VisitorActor]):
    ann = visitor()
    outcome = office.desk.start_flow(ann.id, "welcome", inputs={}, whereabouts=HERE)
    assert ann.hears() == ["Hello", "What is it about?"]
    assert outcome.events[0].kind == "started"
    assert outcome.events[0].body["channel"] == "rest"
    ann.presses("Tickets")
    assert ann.hears()[-1] == "What is your e-mail address?"


def test_no_flow_starts_while_a_person_has_the_conversation(
    office: Office, visitor: Callable[..., VisitorActor], agent: Callable[..., AgentActor]
):
    ann, anna = visitor(), agent("Anna").comes_online()
    ann.writes("Hello")
    anna.accepts(ann.conversation)
    before = ann.hears()
    assert office.desk.start_flow(ann.id, "welcome", inputs={}, whereabouts=HERE).events == ()
    assert ann.hears() == before


def test_a_program_hands_over_and_takes_back_again(
    office: Office, visitor: Callable[..., VisitorActor], agent: Callable[..., AgentActor]
):
    ann, anna = visitor(), agent("Anna", "support").comes_online()
    ann.writes("Hello")
    office.desk.hand_over(ann.id, "support", whereabouts=HERE)
    assert office.desk.hand_over(ann.id, "support", whereabouts=HERE).events == ()
    assert anna.is_offered() == [ann.conversation]
    token = anna.accepts(ann.conversation)
    anna.says(ann.conversation, "Good morning", token=token)
    assert office.agents.get(anna.id).active == 1

    office.desk.take_back(ann.id, whereabouts=HERE)
    assert office.desk.conversation(ann.conversation).holder == "bot"
    assert office.agents.get(anna.id).active == 0
    assert ann.hears()[-1] == "What is it about?"
    assert office.desk.take_back(ann.id, whereabouts=HERE).events == ()


def test_who_waits_is_taken_back_from_the_queue_and_offered_no_more(
    office: Office, visitor: Callable[..., VisitorActor], agent: Callable[..., AgentActor]
):
    ann, anna = visitor(), agent("Anna", "support").comes_online()
    ann.writes("Hello")
    office.desk.hand_over(ann.id, "support", whereabouts=HERE)
    office.desk.take_back(ann.id, whereabouts=HERE)
    assert office.queue.lengths() == {}
    assert anna.is_offered() == []
    office.let_pass(minutes=10)
    assert "waited_long" not in kinds(office, ann)
    ann.presses("Tickets")
    assert ann.hears()[-1] == "What is your e-mail address?"


def test_nobody_there_is_what_the_visitor_is_told_as_after_any_handoff(
    office: Office, visitor: Callable[..., VisitorActor]
):
    ann = visitor()
    ann.writes("Hello")
    office.desk.hand_over(ann.id, "support", whereabouts=HERE)
    assert office.desk.conversation(ann.conversation).holder == "bot"
    assert "e-mail" in ann.hears()[-1]


def test_what_was_said_elsewhere_is_stored_once_and_not_answered(office: Office, visitor: Callable[..., VisitorActor]):
    ann = visitor()
    for _ in range(2):
        office.desk.record(ann.id, "I called you", client_id="call-1", whereabouts=HERE)
    assert ann.hears() == ["I called you"]


def test_a_slot_that_is_set_is_known_to_the_flow_that_asks_for_it(office: Office, visitor: Callable[..., VisitorActor]):
    ann = visitor()
    ann.writes("Hello")
    office.desk.set_slots(ann.id, {"plan": "team"}, whereabouts=HERE)
    assert office.desk.conversation(ann.conversation).cursor.slots["plan"] == "team"
    told = office.journal.events_after(ann.conversation, 0)[-1].body["slots"]
    assert told == [{"slot": "plan", "value": "team", "flow": "", "step": ""}]


@pytest.mark.parametrize(("speaker", "role"), [("bot", "bot"), ("agent", "agent")])
def test_a_program_speaks_as_the_bot_or_for_a_person(
    office: Office, visitor: Callable[..., VisitorActor], speaker: Any, role: str
):
    ann = visitor()
    office.desk.say_as(speaker, ann.id, {"text": "Your order has left"}, whereabouts=HERE)
    assert ann.hears() == ["Your order has left"]
    assert ann.events()[-1].role == role


def test_an_errand_is_planned_in_the_same_commit_and_not_at_all_when_it_fails(
    office: Office, visitor: Callable[..., VisitorActor]
):
    planned: list[str] = []

    def errand(draft: Draft) -> None:
        draft.job("errand", f"errand:{draft.events[-1].seq}", run_at=draft.now, payload={"last": draft.state.last_seq})

    parts = office.desk._parts
    desk = Desk(type(parts)(**{**{each: getattr(parts, each) for each in parts.__slots__}, "errands": (errand,)}))
    desk.record("v-1", "Hello", client_id="once-only", whereabouts=HERE)
    desk.record("v-1", "Hello", client_id="once-only", whereabouts=HERE)
    office.jobs.run_due({"errand": lambda job: planned.append(job.payload["last"])})
    assert planned == [2]
