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


@pytest.fixture
def vanishes(office):
    """Lets an agent sign out, and a minute pass."""

    def vanish(someone):
        office.panels.discard(someone.id)
        office.desk.leave(someone.id)
        for _ in range(14):
            office.let_pass(seconds=5)
            office.desk.reclaim()

    return vanish


@pytest.fixture
def takes(leaves, office, agent):
    """A message that was left long ago, and Anna who accepts it while Ben is there as well."""

    def take():
        ann = leaves()
        office.clock.advance(hours=1)
        before = owed(office, ann)
        anna, ben = agent("Anna").comes_online(), agent("Ben").comes_online()
        anna.accepts(ann.conversation)
        return ann, anna, ben, before

    return take


def test_a_message_whose_agent_vanished_is_one_again_and_its_visitor_is_told_nothing(takes, vanishes, office, visitor):
    ann, anna, ben, before = takes()
    heard = ann.hears()
    waits = visitor()
    waits.writes("Hello")
    waits.presses("A person")
    vanishes(anna)
    assert (owed(office, ann), ann.hears()) == (before, heard)
    assert office.desk.agent(anna.id).active == 0
    assert office.queue.place_of(office.desk.conversation(waits.conversation)) == 1
    rows = office.queue.rows_waiting(office.desk.agent(ben.id))
    assert [(row["id"], row["left"]) for row in rows] == [(waits.conversation, False), (ann.conversation, True)]


def test_a_message_goes_back_as_often_as_who_accepted_it_vanishes(takes, vanishes, office):
    ann, anna, ben, before = takes()
    heard = ann.hears()
    vanishes(anna)
    ben.accepts(ann.conversation)
    vanishes(ben)
    assert (owed(office, ann), ann.hears()) == (before, heard)


def test_a_message_that_was_answered_is_one_again_since_its_agent_vanished(takes, vanishes, office):
    ann, anna, _, before = takes()
    anna.says(ann.conversation, "I will ask, and write again")
    heard = ann.hears()
    vanishes(anna)
    holder, left, department, queued_at, waiting_since = owed(office, ann)
    assert ((holder, left, department), ann.hears()) == (before[:3], heard)
    assert queued_at == waiting_since > before[-1]


def test_who_wrote_since_their_message_was_accepted_waits_for_somebody_else(takes, vanishes, office):
    ann, anna, ben, _ = takes()
    ann.writes("I am here")
    vanishes(anna)
    assert office.desk.conversation(ann.conversation).holder == "queue"
    assert ben.is_offered() == [ann.conversation]
    assert "Anna is not here any more. I am asking somebody else." in ann.hears()


def test_who_left_a_message_and_waits_again_by_now_goes_on_waiting(leaves, vanishes, office, agent):
    ann = leaves()
    anna, ben = agent("Anna").comes_online(), agent("Ben").comes_online()
    ann.writes("human")
    anna.accepts(ann.conversation)
    vanishes(anna)
    assert office.desk.conversation(ann.conversation).holder == "queue"
    assert ben.is_offered() == [ann.conversation]


@pytest.mark.parametrize(
    "is_busy, words", [(False, "It may take a while until somebody answers."), (True, "Nobody is free right now.")]
)
def test_who_waited_in_vain_is_told_what_is_true_of_those_who_are_there(visitor, office, agent, is_busy, words):
    anna = agent("Anna").comes_online()
    for _ in range(office.desk.agent(anna.id).capacity if is_busy else 0):
        other = visitor()
        other.writes("human")
        anna.accepts(other.conversation)
    assert office.desk.agent(anna.id).is_available is not is_busy
    ann = visitor()
    ann.writes("Hi")
    ann.writes("human")
    office.let_pass(minutes=10)
    assert f"{words} Leave a message, and the answer comes by e-mail." in ann.hears()
