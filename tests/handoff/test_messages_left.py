"""A message that was left is owed an answer until a person accepts it, whatever its visitor does meanwhile."""

import pytest

from bot.greeting import Whereabouts


@pytest.fixture
def leaves(visitor):
    """Somebody who asked for a person, found nobody, and left a message."""

    def leave(text="Please call me"):
        ann = visitor()
        for each in ("Hi", "human", "ann@x.io", text):
            ann.writes(each)
        return ann

    return leave


def owed(office, ann):
    state = office.desk.conversation(ann.conversation)
    return state.holder, state.left, state.department, state.queued_at, state.waiting_since


def test_who_asks_for_a_person_again_in_vain_is_owed_the_same_answer_since_the_same_time(leaves, office, agent):
    lead = agent("Lea", "support", role="lead")
    first = leaves()
    office.clock.advance(hours=1)
    second = leaves()
    before = owed(office, second)
    office.clock.advance(hours=1)
    anna, sam = agent("Anna").comes_online(), agent("Sam", "support").comes_online()
    second.writes("human")
    waits = office.desk.conversation(second.conversation)
    assert (waits.holder, waits.queued_at, waits.waiting_since) == ("queue", office.clock(), before[-1])
    assert anna.is_offered() == [second.conversation]
    office.let_pass(seconds=61)
    assert sam.is_offered() == [second.conversation]
    office.let_pass(minutes=10)
    assert owed(office, second) == before
    rows = office.queue.rows_waiting(office.desk.agent(lead.id))
    assert [row["id"] for row in rows] == [first.conversation, second.conversation]


def test_who_sits_there_is_listed_before_what_was_left(leaves, visitor, office, agent):
    left = leaves()
    office.clock.advance(hours=1)
    anna = agent("Anna").comes_online()
    waits = visitor()
    waits.writes("Hello")
    waits.presses("A person")
    rows = office.queue.rows_waiting(office.desk.agent(anna.id))
    assert [(row["id"], row["left"]) for row in rows] == [(waits.conversation, False), (left.conversation, True)]


def test_who_is_taken_back_from_the_queue_is_owed_the_same_answer(leaves, office, agent):
    ann = leaves()
    before = owed(office, ann)
    office.clock.advance(hours=1)
    agent("Anna").comes_online()
    ann.writes("human")
    assert office.desk.conversation(ann.conversation).holder == "queue"
    office.desk.take_back(ann.id, whereabouts=Whereabouts("en"))
    assert owed(office, ann) == before


def test_a_message_stays_with_its_department_when_nobody_is_there_in_another(leaves, office):
    ann = leaves()
    before = owed(office, ann)
    office.desk.hand_over(ann.id, "support", whereabouts=Whereabouts("en"))
    assert ann.hears()[-1] == "What can we do for you?"
    assert owed(office, ann) == before


def test_a_second_message_leaves_the_first_as_old_as_it_is(leaves, office):
    ann = leaves()
    before = owed(office, ann)
    office.clock.advance(hours=1)
    ann.writes("human")
    ann.writes("And by the way: two tickets")
    assert [event.kind for event in ann.events()].count("message_left") == 2
    assert owed(office, ann) == before


def test_a_message_is_owed_again_when_who_accepted_it_vanished_without_an_answer(leaves, office, agent):
    ann = leaves()
    before = owed(office, ann)
    office.clock.advance(hours=1)
    anna = agent("Anna").comes_online()
    anna.accepts(ann.conversation)
    assert not office.desk.conversation(ann.conversation).left
    office.panels.discard(anna.id)
    office.desk.leave(anna.id)
    for _ in range(14):
        office.let_pass(seconds=5)
        office.desk.reclaim()
    assert owed(office, ann) == before


def test_who_waits_for_the_first_time_is_owed_nothing_once_nobody_came(visitor, office, agent):
    agent("Anna").comes_online()
    ann = visitor()
    ann.writes("Hi")
    ann.writes("human")
    office.let_pass(minutes=10)
    assert owed(office, ann)[:2] == ("bot", False)
    assert owed(office, ann)[3:] == (None, None)
