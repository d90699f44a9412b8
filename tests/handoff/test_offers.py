"""An offer stands with somebody who can take it: with whom it cannot be any more, it is the next one's."""

import pytest

from bot.change import Unavailable
from bot.site.loading import load_files
from handoff.agents import join
from handoff.refusals import TryAgain
from tests.conftest import WORLDS

HARBOUR = WORLDS / "harbour"


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


def deploy(office, *, max_chats):
    files = {path.relative_to(HARBOUR).as_posix(): path.read_text() for path in HARBOUR.rglob("*.yaml")}
    files["site.yaml"] = files["site.yaml"].replace("max_chats: 2", f"max_chats: {max_chats}")
    loaded = load_files(files)
    office.sites.switch(loaded.site, loaded.files)


def join_sales(office, agent):
    with office.database.writing() as connection:
        join(connection, agent.id, ["sales", "support"])


def test_room_that_a_new_version_makes_is_offered_to_who_waits(office, waiting, agent):
    anna = agent("Anna").comes_online()
    for _ in range(2):
        anna.accepts(waiting())
    third = waiting()
    look(office, seconds=5)
    assert anna.is_offered() == []
    deploy(office, max_chats=3)
    look(office, seconds=5)
    assert anna.is_offered() == [third]


def test_what_waits_is_offered_to_who_joins_its_department(office, waiting, agent):
    anna, sam = agent("Anna").comes_online(), agent("Sam", "support").comes_online()
    conversation = waiting()
    office.desk.decline(anna.id, conversation)
    look(office, seconds=5)
    assert sam.is_offered() == []
    join_sales(office, sam)
    look(office, seconds=5)
    assert sam.is_offered() == [conversation]


def test_who_leaves_a_department_is_not_asked_for_it_any_more(office, offered):
    anna, ben, conversation = offered
    with office.database.writing() as connection:
        join(connection, anna.id, ["support"])
    look(office, seconds=5)
    assert (anna.is_offered(), ben.is_offered()) == ([], [conversation])


def test_who_passed_something_on_is_not_asked_again_for_having_room(office, offered):
    anna, ben, conversation = offered
    for agent in (anna, ben):
        office.desk.decline(agent.id, conversation)
    look(office, seconds=15)
    assert anna.is_offered() == ben.is_offered() == []


def test_what_cannot_be_offered_does_not_keep_the_next_from_being_offered(office, waiting, agent):
    sam = agent("Sam", "support").comes_online()
    anna = agent("Anna").comes_online()
    spoilt, conversation = waiting(), waiting()
    for each in (spoilt, conversation):
        office.desk.decline(anna.id, each)
    office.spoil(spoilt)
    join_sales(office, sam)
    look(office, seconds=5)
    assert office.desk.conversation(conversation).offered_to == sam.id


def while_written(office, monkeypatch, happens):
    """Lets something happen once, while the next change is on its way into the database."""
    commit, planned = office.journal.commit, [happens]

    def slow(change):
        if planned:
            planned.pop()()
        commit(change)

    monkeypatch.setattr(office.journal, "commit", slow)


@pytest.fixture
def two(visitor):
    """Two visitors who are about to ask for a person."""
    both = visitor(), visitor()
    for each in both:
        each.writes("Hi")
    return both


def test_two_who_ask_at_the_same_moment_are_offered_to_two(office, two, agent, monkeypatch):
    anna, ben = agent("Anna").comes_online(), agent("Ben").comes_online()
    ann, bob = two
    while_written(office, monkeypatch, lambda: bob.presses("A person"))
    ann.presses("A person")
    assert len(anna.is_offered()) == len(ben.is_offered()) == 1


def test_of_two_who_ask_at_the_same_moment_one_waits_where_there_is_room_for_one(
    office, two, waiting, agent, monkeypatch
):
    anna = agent("Anna").comes_online()
    token = anna.accepts(waiting())
    ann, bob = two
    while_written(office, monkeypatch, lambda: bob.presses("A person"))
    ann.presses("A person")
    assert anna.is_offered() == [ann.conversation]
    office.desk.close(anna.id, office.queue.held_by(anna.id)[0], token=token)
    assert sorted(anna.is_offered()) == sorted([ann.conversation, bob.conversation])


def test_an_offer_that_could_not_be_written_takes_up_no_room(office, two, agent, monkeypatch):
    anna = agent("Anna").comes_online()
    ann, bob = two

    def fail():
        raise Unavailable

    while_written(office, monkeypatch, fail)
    with pytest.raises(TryAgain):
        ann.presses("A person")
    for each in (ann, bob):
        each.presses("A person")
    assert sorted(anna.is_offered()) == sorted([ann.conversation, bob.conversation])
