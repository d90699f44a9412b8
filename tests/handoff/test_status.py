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


def test_when_it_is_closed_the_moment_of_the_next_opening_is_told(visitor, status, clock):
    clock.advance(hours=12)
    ann = visitor()
    ann.writes("Hi")
    assert status(ann)["opens"] == "2026-03-05T08:00:00+00:00"


def test_who_waits_is_told_their_place_and_then_who_is_there(visitor, agent, status):
    anna = agent("Anna").comes_online()
    ann = visitor()
    ann.writes("Hi")
    ann.presses("A person")
    assert (status(ann)["place"], status(ann)["department"]) == (1, "Sales")
    anna.accepts(ann.conversation)
    assert (status(ann)["place"], status(ann)["agent"]) == (None, "Anna")
