"""Where a conversation stands, as its visitor is told: nothing promised that is not computed."""

import pytest

from handoff.status import status_of


@pytest.fixture
def status(office):
    def status(ann):
        conversation = office.desk.conversation(ann.conversation)
        return status_of(
            conversation, site=office.sites.current, agents=office.agents, queue=office.queue, now=office.clock()
        )

    return status


def test_in_opening_hours_nothing_is_said_of_coming_back(visitor, status):
    ann = visitor()
    ann.writes("Hi")
    assert (status(ann)["holder"], status(ann)["opens"]) == ("bot", None)


@pytest.mark.parametrize(("language", "said"), [("en", "Thursday 09:00"), ("de", "Donnerstag 09:00 Uhr")])
def test_when_it_is_closed_the_next_opening_is_said_as_people_say_it(visitor, status, clock, language, said):
    clock.advance(hours=12)
    ann = visitor(language)
    ann.writes("Hi")
    assert status(ann)["opens"] == said


def test_who_waits_is_told_their_place_and_then_who_is_there(visitor, agent, status):
    anna = agent("Anna").comes_online()
    ann = visitor()
    ann.writes("Hi")
    ann.presses("A person")
    assert (status(ann)["place"], status(ann)["department"]) == (1, "Sales")
    anna.accepts(ann.conversation)
    assert (status(ann)["place"], status(ann)["agent"]) == (None, "Anna")
