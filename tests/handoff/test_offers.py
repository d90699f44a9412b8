"""An offer stands with somebody who can take it: with whom it cannot be any more, it is the next one's."""

import pytest


@pytest.fixture
def waiting(visitor):
    """A visitor who asked for a person; returns the conversation."""

    def ask():
        ann = visitor()
        ann.writes("Hi")
        ann.presses("A person")
        return ann.conversation

    return ask


@pytest.fixture
def offered(office, waiting, agent):
    """A conversation that is offered to Anna; then Ben came."""
    anna = agent("Anna").comes_online()
    conversation = waiting()
    ben = agent("Ben").comes_online()
    assert anna.is_offered() == [conversation]
    return anna, ben, conversation


def closes_panel(office, agent):
    office.panels.discard(agent.id)
    office.desk.leave(agent.id)


def look(office, *, seconds):
    """Lets time pass with a look at who can take what every few seconds, as servers look."""
    for _ in range(seconds // 5):
        office.let_pass(seconds=5)
        office.desk.reclaim()


def why_over(office, conversation):
    events = office.journal.events_after(conversation, 0)
    return [event.body["why"] for event in events if event.kind == "offer_over"]


@pytest.mark.parametrize("intent", ["away", "draining", "offline"])
def test_what_is_offered_to_who_goes_away_is_offered_to_the_next_at_once(office, offered, intent):
    anna, ben, conversation = offered
    anna.goes(intent)
    assert (anna.is_offered(), ben.is_offered()) == ([], [conversation])
    assert why_over(office, conversation) == ["unable"]


def test_what_is_offered_to_who_closed_the_panel_is_soon_offered_to_the_next(office, offered):
    anna, ben, conversation = offered
    closes_panel(office, anna)
    look(office, seconds=15)
    assert (anna.is_offered(), ben.is_offered()) == ([], [conversation])


def test_who_reloads_the_panel_is_still_asked(office, offered):
    anna, ben, conversation = offered
    closes_panel(office, anna)
    look(office, seconds=5)
    anna.comes_online()
    look(office, seconds=15)
    assert (anna.is_offered(), ben.is_offered()) == ([conversation], [])
    assert why_over(office, conversation) == []


def test_who_comes_back_to_what_nobody_else_could_take_is_asked_again(office, waiting, agent):
    anna = agent("Anna").comes_online()
    conversation = waiting()
    anna.goes("away")
    assert office.desk.conversation(conversation).offered_to is None
    anna.goes("online")
    assert anna.is_offered() == [conversation]


def test_what_is_offered_to_who_is_full_by_now_waits_for_whoever_has_room(office, waiting, agent):
    anna = agent("Anna").comes_online()
    first, second, third = (waiting() for _ in range(3))
    assert sorted(anna.is_offered()) == sorted([first, second])
    for taken in (first, third):
        anna.accepts(taken)
    assert anna.is_offered() == []
    ben = agent("Ben").comes_online()
    assert ben.is_offered() == [second]


def test_who_has_room_again_is_asked_again(office, waiting, agent):
    anna = agent("Anna").comes_online()
    first, second, third = (waiting() for _ in range(3))
    token = anna.accepts(first)
    anna.accepts(third)
    office.desk.close(anna.id, first, token=token)
    assert anna.is_offered() == [second]
