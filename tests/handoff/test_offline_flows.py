"""What a department does when nobody is there: once for each time that somebody is handed to it."""

import pytest

from tests.handoff.conftest import VisitorActor, open_office

SITE = """
site: {name: Bikes, timezone: UTC}
conversation: {start: a}
opening_hours: {default: {every day: 00:00-24:00}, never: {every day: closed}}
departments: {workshop: {title: Workshop, opening_hours: never, offline: shut}}
flows:
  a: {steps: [{handoff: workshop}]}
  shut: {steps: [{say: The workshop is shut.}, {note: Somebody came.}, %s]}
  other: {steps: [{say: Well., id: well}, {handoff: workshop}]}
"""


@pytest.fixture
def guest(open_database, clock, tmp_path):
    def comes(last_step):
        (tmp_path / "site.yaml").write_text(SITE % last_step)
        return VisitorActor(open_office(open_database(), clock, tmp_path), "guest-1", "en")

    return comes


@pytest.mark.parametrize("again", ["{handoff: workshop}", "{handoff: any}", "{goto: handoff}", "{start: other}"])
@pytest.mark.parametrize("wish", ["Hello", "human"])
def test_a_flow_that_hands_over_to_its_own_department_is_said_once_and_a_message_is_taken(guest, again, wish):
    ann = guest(again)
    ann.writes(wish)
    said = ann.hears()
    assert said.count("The workshop is shut.") == 1
    assert said[-1] == "What is your e-mail address?"
    events = ann.office.journal.events_after(ann.conversation, 0, limit=500)
    assert [event.kind for event in events].count("note") == 1
    ann.writes("ann@x.io")
    ann.writes("My wheel is flat")
    assert ann.office.desk.conversation(ann.conversation).left


def test_it_is_said_once_also_where_it_asks_something_before(guest):
    ann = guest("{collect: wish, ask: What is it?}, {handoff: workshop}")
    ann.writes("Hello")
    ann.writes("My wheel is flat")
    assert ann.hears().count("What is it?") == 1
    assert ann.hears()[-1] == "What is your e-mail address?"


def test_who_asks_for_a_person_another_time_hears_it_again(guest):
    ann = guest("{end: true}")
    ann.writes("human")
    ann.writes("human")
    assert ann.hears().count("The workshop is shut.") == 2


def test_what_it_asked_for_is_left_as_the_message_and_not_asked_again(guest):
    ann = guest("{collect: email}, {collect: message, ask: What is it?}, {call: leave_message}, {say: Bye.}")
    ann.writes("Hello")
    ann.writes("ann@x.io")
    ann.writes("My wheel is flat")
    assert ann.hears()[-1] == "Bye."
    events = ann.office.journal.events_after(ann.conversation, 0, limit=500)
    left = [event.body for event in events if event.kind == "message_left"]
    assert left == [{"department": "workshop", "email": "ann@x.io", "text": "My wheel is flat"}]
