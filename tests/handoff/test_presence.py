"""Who is here: agents whose panel was heard of lately, over a socket or by requests, at whichever worker."""

import pytest

from tests.handoff.conftest import WORLDS, open_office


@pytest.fixture
def there(office, clock, open_database):
    """The desk of another worker over the same record."""
    return open_office(open_database(), clock, WORLDS / "harbour", worker="there")


def wants_a_person(visitor):
    visitor.writes("Hi")
    visitor.presses("A person")
    return visitor.conversation


def test_an_agent_whose_panel_speaks_by_requests_is_asked(office, visitor, agent):
    anna = agent("Anna")
    office.desk.heard(anna.id)
    conversation = wants_a_person(visitor())
    assert office.desk.conversation(conversation).offered_to == anna.id


def test_what_waits_is_offered_to_whoever_comes_by_a_request(office, visitor, agent):
    anna, ben = agent("Anna").comes_online(), agent("Ben")
    conversation = wants_a_person(visitor())
    office.desk.decline(anna.id, conversation)
    assert office.desk.conversation(conversation).offered_to is None
    office.desk.heard(ben.id)
    assert office.desk.conversation(conversation).offered_to == ben.id


def test_other_workers_know_at_once_of_a_panel_that_speaks_by_requests(office, there, visitor, agent):
    anna = agent("Anna")
    there.desk.heard(anna.id)
    conversation = wants_a_person(visitor())
    assert office.desk.conversation(conversation).offered_to == anna.id


def test_without_requests_for_a_minute_the_agent_is_not_here(office, visitor, agent, clock):
    anna = agent("Anna")
    office.desk.heard(anna.id)
    clock.advance(seconds=61)
    conversation = wants_a_person(visitor())
    assert office.desk.conversation(conversation).holder == "bot"


def test_who_closed_their_panel_is_gone_until_they_are_heard_of_again(office, there, visitor, agent):
    anna = agent("Anna").comes_online()
    office.desk.heard(anna.id)
    office.desk.leave(anna.id)
    for desk in (office, there):
        desk.agents.look_again()
        assert not desk.desk.agent(anna.id).connected
    office.desk.heard(anna.id)
    for desk in (office, there):
        desk.agents.look_again()
        assert desk.desk.agent(anna.id).connected
