"""Agents who vanish give their conversations back; who comes back in time keeps them."""

from datetime import timedelta

import pytest

from handoff.refusals import Reassigned
from tests.handoff.conftest import WORLDS, open_office

pytestmark = pytest.mark.fault("F28")

LOOKS_EVERY = 5


def wait(office, *, seconds):
    """Lets time pass with a look at who is gone every few seconds, as servers look."""
    for _ in range(seconds // LOOKS_EVERY):
        office.let_pass(seconds=LOOKS_EVERY)
        office.desk.reclaim()


@pytest.fixture
def held(office, visitor, agent):
    """A conversation that Anna has held for a while, her panel now gone."""
    anna = agent("Anna").comes_online()
    ann = visitor()
    ann.writes("Hi")
    ann.presses("A person")
    token = anna.accepts(ann.conversation)
    anna.says(ann.conversation, "Good day")
    office.let_pass(minutes=5)
    ann.writes("Two tickets")
    office.panels.discard(anna.id)
    office.desk.leave(anna.id)
    return anna, ann, token


def test_a_conversation_waits_again_at_its_old_place_and_the_visitor_is_told(held, office, agent, visitor):
    anna, ann, token = held
    ben = agent("Ben").comes_online()
    other = visitor()
    other.writes("Hi")
    other.presses("A person")
    wait(office, seconds=65)
    state = office.desk.conversation(ann.conversation)
    assert (state.holder, state.owner, state.offered_to) == ("queue", None, ben.id)
    assert office.queue.place_of(state) == 1
    assert "Anna is not here any more. I am asking somebody else." in ann.hears()
    with pytest.raises(Reassigned):
        anna.says(ann.conversation, "One moment", token=token)
    assert office.desk.agent(anna.id).active == 0


def test_who_comes_back_in_time_keeps_everything(held, office, agent):
    anna, ann, token = held
    agent("Ben").comes_online()
    wait(office, seconds=50)
    anna.comes_online()
    wait(office, seconds=50)
    assert office.desk.conversation(ann.conversation).owner == anna.id
    anna.says(ann.conversation, "Here they are", token=token)


def test_with_nobody_else_there_a_message_is_taken(held, office):
    _, ann, _ = held
    wait(office, seconds=65)
    assert office.desk.conversation(ann.conversation).holder == "bot"
    assert "What is your e-mail address?" in ann.hears()


def test_with_nobody_else_there_what_was_not_answered_is_owed_until_somebody_accepts_it(held, office, agent):
    _, ann, _ = held
    asked_at = office.desk.conversation(ann.conversation).waiting_since
    wait(office, seconds=65)
    office.let_pass(days=2)
    state = office.desk.conversation(ann.conversation)
    assert (state.open, state.left, state.department, state.waiting_since) == (True, True, "sales", asked_at)
    ben = agent("Ben").comes_online()
    assert [row["id"] for row in office.queue.rows_waiting(office.desk.agent(ben.id))] == [ann.conversation]
    ben.accepts(ann.conversation)
    assert not office.desk.conversation(ann.conversation).left


def test_what_was_not_answered_is_owed_also_when_nobody_comes_of_those_who_are_asked(held, office, agent):
    _, ann, _ = held
    asked_at = office.desk.conversation(ann.conversation).waiting_since
    agent("Ben").comes_online()
    agent("Sam", "support").comes_online()
    wait(office, seconds=65)
    assert office.desk.conversation(ann.conversation).holder == "queue"
    office.let_pass(minutes=10)
    state = office.desk.conversation(ann.conversation)
    assert (state.holder, state.left, state.department) == ("bot", True, "sales")
    assert state.queued_at == state.waiting_since == asked_at


def test_what_was_answered_is_owed_nothing(held, office):
    anna, ann, token = held
    anna.says(ann.conversation, "Here they are", token=token)
    wait(office, seconds=65)
    state = office.desk.conversation(ann.conversation)
    assert (state.holder, state.left, state.waiting_since) == ("bot", False, None)


def test_nobody_who_vanished_is_overlooked_however_many_have_conversations(office, visitor, agent, monkeypatch):
    monkeypatch.setattr("handoff.queue.LONGEST_LIST", 2)
    conversations = []
    for name in ("Anna", "Ben", "Cleo"):
        someone, ann = agent(name).comes_online(), visitor()
        ann.writes("Hi")
        ann.presses("A person")
        someone.accepts(ann.conversation)
        conversations.append(ann.conversation)
    office.panels.clear()
    wait(office, seconds=65)
    assert [office.desk.conversation(each).owner for each in conversations] == [None, None, None]


def test_a_conversation_that_cannot_be_taken_back_does_not_keep_the_next_from_it(held, office, visitor):
    anna, ann, _ = held
    spoilt = ann.conversation
    office.spoil(spoilt)
    bob = visitor()
    bob.writes("Hi")
    anna.comes_online()
    bob.presses("A person")
    anna.accepts(bob.conversation)
    assert set(office.queue.held_by(anna.id)) == {spoilt, bob.conversation}
    office.panels.discard(anna.id)
    wait(office, seconds=65)
    assert office.desk.conversation(bob.conversation).owner is None


def test_a_panel_nobody_hears_of_is_as_good_as_closed(office, visitor, agent):
    anna = agent("Anna").comes_online()
    ann = visitor()
    ann.writes("Hi")
    ann.presses("A person")
    anna.accepts(ann.conversation)
    agent("Ben").comes_online()
    office.panels.discard(anna.id)
    wait(office, seconds=65)
    assert office.desk.conversation(ann.conversation).holder == "queue"


def test_after_a_restart_everybody_has_time_to_come_back(held, office, clock):
    anna, ann, _ = held
    office.let_pass(minutes=10)
    started_again = open_office(office.database, clock, WORLDS / "harbour", worker="again")
    started_again.desk.reclaim()
    assert started_again.desk.conversation(ann.conversation).owner == anna.id
    wait(started_again, seconds=65)
    assert started_again.desk.conversation(ann.conversation).owner is None


def test_who_is_at_another_worker_has_not_vanished(held, office, clock, open_database, agent):
    anna, ann, _ = held
    there = open_office(open_database(), clock, WORLDS / "harbour", worker="there")
    there.desk.arrive(anna.id)
    for _ in range(20):
        wait(office, seconds=5)
        there.desk.heard(anna.id)
        there.connections.tell()
    assert office.desk.conversation(ann.conversation).owner == anna.id


def test_a_panel_without_a_socket_is_heard_of_at_other_workers_too(held, office, clock, open_database):
    anna, ann, _ = held
    there = open_office(open_database(), clock, WORLDS / "harbour", worker="there")
    for _ in range(20):
        there.desk.heard(anna.id)
        there.connections.tell()
        wait(office, seconds=5)
    assert office.desk.conversation(ann.conversation).owner == anna.id


def test_after_a_time_without_a_database_everybody_has_to_come_back_first(held, office, clock):
    anna, ann, _ = held
    clock.advance(minutes=10)
    office.desk.reclaim()
    assert office.desk.conversation(ann.conversation).owner == anna.id
    wait(office, seconds=65)
    assert office.desk.conversation(ann.conversation).owner is None


@pytest.mark.fault("F20")
def test_a_clock_set_back_keeps_no_conversation_with_who_is_gone(held, office, clock):
    _, ann, _ = held
    clock.advance(hours=-1)
    wait(office, seconds=70)
    assert office.desk.conversation(ann.conversation).owner is None


@pytest.mark.fault("F20")
def test_a_clock_set_back_gives_everybody_time_to_come_back(held, office, clock):
    anna, ann, _ = held
    clock.advance(hours=-1)
    wait(office, seconds=50)
    anna.comes_online()
    wait(office, seconds=50)
    assert office.desk.conversation(ann.conversation).owner == anna.id


@pytest.mark.fault("F20")
def test_after_a_clock_was_set_back_other_workers_hear_of_whom_we_hear(held, office, clock, open_database):
    anna, ann, _ = held
    there = open_office(open_database(), clock, WORLDS / "harbour", worker="there")
    there.desk.heard(anna.id)
    clock.advance(hours=-1)
    for _ in range(20):
        wait(office, seconds=5)
        there.desk.heard(anna.id)
        there.connections.tell()
    assert office.desk.conversation(ann.conversation).owner == anna.id


def test_the_timers_of_a_first_wait_do_not_end_the_second(office, agent, visitor, monkeypatch):
    monkeypatch.setattr("handoff.presence.GRACE", timedelta(seconds=10))
    anna = agent("Anna").comes_online()
    ann = visitor()
    ann.writes("Hi")
    ann.presses("A person")
    anna.accepts(ann.conversation)
    agent("Ben").comes_online()
    agent("Sam", "support").comes_online()
    office.panels.discard(anna.id)
    office.desk.leave(anna.id)
    wait(office, seconds=20)
    assert office.desk.conversation(ann.conversation).holder == "queue"
    wait(office, seconds=50)  # Sales has a minute to answer, which the first wait would have used up.
    assert office.desk.conversation(ann.conversation).department == "sales"
    wait(office, seconds=10)
    assert office.desk.conversation(ann.conversation).department == "support"
