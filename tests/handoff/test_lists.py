"""The lists of the panel: what waits, what one holds, and everything one may see, a page at a time."""

import pytest

from handoff.queue import Border
from handoff.readings import Readings
from handoff.rows import Rows


@pytest.fixture
def talk(visitor, office):
    """Lets visitors begin conversations, a second apart, and returns their ids."""

    def begin(times: int = 1) -> list[str]:
        begun = []
        for _ in range(times):
            office.clock.advance(seconds=1)
            ann = visitor()
            ann.writes("Hello")
            begun.append(ann.conversation)
        return begun

    return begin


@pytest.fixture
def asking(visitor, office):
    """Lets visitors ask for a person, a second apart."""

    def ask(*texts: str):
        office.clock.advance(seconds=1)
        ann = visitor()
        ann.writes("Hello")
        ann.presses("A person")
        for text in texts:
            ann.writes(text)
        return ann

    return ask


@pytest.mark.parametrize(("fit", "more"), [(2, True), (3, False)])
def test_a_list_of_who_waits_says_whether_all_of_them_fit(asking, agent, office, monkeypatch, fit, more):
    monkeypatch.setattr("handoff.rows.LONGEST_LIST", fit)
    anna = agent("Anna").comes_online()
    asked = [asking().conversation for _ in range(3)]
    rows, further = Rows(office.queue, office.agents).waiting(office.desk.agent(anna.id))
    assert ([row["id"] for row in rows], further) == (asked[:fit], more)


def test_what_is_unread_is_counted_from_the_mark_of_each_conversation(asking, agent, office):
    anna = agent("Anna").comes_online()
    first, second, third = asking("Are you there?"), asking("Two", "Three"), asking()
    for each in (first, second):
        anna.accepts(each.conversation)
    readings = Readings(office.database)
    for each in (first, third):
        readings.note(f"agent:{anna.id}", each.conversation, office.desk.conversation(each.conversation).last_seq)
    who = office.desk.agent(anna.id)
    unread = {row["id"]: row["unread"] for row in (*office.queue.rows_held(who), *office.queue.rows_waiting(who))}
    assert unread == {first.conversation: 0, second.conversation: 4, third.conversation: 0}


def test_a_row_tells_the_last_words_and_whose_they_are_and_what_the_visitor_said_last(visitor, agent, office):
    anna, ben, ann = agent("Anna Berg").comes_online(), agent("Ben Wolf").comes_online(), visitor()
    ann.writes("Hello")
    assert row_of(office, ben, ann) == (("bot", None), "Hello")
    ann.presses("A person")
    ann.writes("Is it in stock?")
    assert row_of(office, ben, ann) == (("visitor", None), "Is it in stock?")
    anna.accepts(ann.conversation)
    anna.says(ann.conversation, "I have a look")
    assert row_of(office, ben, ann) == (("agent", {"id": anna.id, "name": "Anna Berg"}), "Is it in stock?")
    asked = row_of(office, ben, ann, "said")["seq"]
    office.desk.note(anna.id, ann.conversation, "Never seen this one", client_id="note-0001")
    office.desk.viewed(ann.id, facts={"page.path": "/tea", "page.title": "Tea"})
    assert row_of(office, ben, ann, "said")["seq"] == asked
    ann.writes("Thank you")
    assert row_of(office, ben, ann) == (("visitor", None), "Thank you")


def test_of_who_asks_for_a_person_the_row_tells_what_they_said_before_that(visitor, agent, office):
    anna, ann, ben = agent("Anna Berg").comes_online(), visitor(), visitor()
    for text in ("The kettle leaks", "a human, please"):
        ann.writes(text)
    assert row_of(office, anna, ann)[1] == "The kettle leaks"
    ben.writes("a human, please")
    assert row_of(office, anna, ben)[1] == "a human, please"
    ben.writes("The kettle leaks")
    assert row_of(office, anna, ben)[1] == "The kettle leaks"


def test_everything_is_leafed_through_without_a_gap(talk, asking, agent, office):
    lead = agent("Lea", role="lead")
    begun = [*talk(3), asking().conversation, *talk(3)]
    assert leafed(office, lead) == begun[::-1]


def test_an_agent_sees_their_own_their_departments_and_what_belongs_to_none(talk, asking, agent, office):
    anna, ben = agent("Anna", "sales").comes_online(), agent("Ben", "support")
    first, second = talk()[0], asking().conversation
    anna.accepts(second)
    (third,) = talk()
    assert leafed(office, anna) == [third, second, first]
    assert leafed(office, ben) == [third, first]


def test_a_marketer_finds_nobody_in_any_list(talk, asking, agent, office):
    marta, anna = agent("Marta", "sales", role="marketer"), agent("Anna", "sales").comes_online()
    talk()
    waiting = asking().conversation
    lists = [office.queue.rows_waiting(office.desk.agent(each.id)) for each in (marta, anna)]
    assert [[row["id"] for row in rows] for rows in lists] == [[], [waiting]]
    assert [len(leafed(office, each)) for each in (marta, anna)] == [0, 2]


def test_what_is_ones_own_and_of_ones_department_is_listed_once(asking, agent, office):
    anna = agent("Anna", "sales", "support").comes_online()
    mine = asking().conversation
    anna.accepts(mine)
    assert leafed(office, anna) == [mine]


def test_conversations_of_one_moment_are_all_on_some_page(visitor, agent, office):
    anna = agent("Anna", "sales", "support")
    begun = []
    for _ in range(5):
        each = visitor()
        each.writes("Hello")
        begun.append(each.conversation)
    assert sorted(leafed(office, anna)) == sorted(begun)


def row_of(office, agent, visitor, name=None):
    rows = Rows(office.queue, office.agents).page(office.desk.agent(agent.id), before=None, limit=9)
    row = next(each for each in rows if each["id"] == visitor.conversation)
    if name:
        return row[name]
    return (row["last"]["from"], row["last"]["by"]), row["said"]["text"]


def leafed(office, agent) -> list[str]:
    """Returns the ids of all pages, two on each."""
    who, before, ids = office.desk.agent(agent.id), None, []
    while True:
        rows = office.queue.rows_of_all(who, before=before, limit=2)
        if not rows:
            return ids
        ids += [row["id"] for row in rows]
        before = Border(rows[-1]["last_at"], rows[-1]["id"])
    return ids
