"""Who is here: agents whose panel was heard of lately, over a socket or by requests, at whichever worker."""

import pytest
from sqlalchemy import select

from bot.change import table_of
from handoff.agents import change
from handoff.announcements import StaffChanged
from handoff.models import PresenceChange
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


def test_who_works_elsewhere_by_another_programs_doing_is_offered_what_waits_there(office, visitor, agent):
    cleo, anna = agent("Cleo", "support").comes_online(), agent("Anna", "sales").comes_online()
    conversation = wants_a_person(visitor())
    office.desk.decline(anna.id, conversation)
    office.desk.reclaim()
    office.heard.clear()
    with office.database.writing() as connection:
        change(connection, cleo.id, name="Cleo", role="agent", departments=["sales"])
    office.desk.reclaim()
    assert StaffChanged(cleo.id) in office.heard
    assert cleo.is_offered() == [conversation]
    office.heard.clear()
    office.desk.reclaim()
    assert office.heard == []


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


def presence_of(office, agent):
    """What was written down of an agent's panels: open or closed, in order."""
    rows = table_of(PresenceChange)
    with office.database.reading() as connection:
        return list(connection.scalars(select(rows.c.connected).where(rows.c.agent_id == agent.id).order_by(rows.c.id)))


@pytest.fixture
def passed_on(office, visitor, agent):
    """Anna is here, and what waits is offered to nobody."""
    anna = agent("Anna").comes_online()
    conversation = wants_a_person(visitor())
    office.desk.decline(anna.id, conversation)
    return anna, conversation


@pytest.mark.parametrize("comes", ["arrive", "heard"])
def test_who_reloads_onto_another_worker_comes_there_whatever_was_known_a_moment_before(
    office, there, passed_on, clock, comes
):
    anna, conversation = passed_on
    there.agents.look_again()
    clock.advance(seconds=1)
    office.desk.leave(anna.id)
    getattr(there.desk, comes)(anna.id)
    assert presence_of(office, anna) == [True, False, True]
    assert there.desk.conversation(conversation).offered_to == anna.id


@pytest.mark.parametrize("comes", ["arrive", "heard"])
def test_who_opens_a_second_panel_at_another_worker_does_not_come_again(office, there, passed_on, comes):
    anna, conversation = passed_on
    getattr(there.desk, comes)(anna.id)
    assert presence_of(office, anna) == [True]
    assert there.desk.conversation(conversation).offered_to is None


def test_who_closes_the_last_of_two_panels_at_two_workers_goes(office, there, passed_on, clock):
    anna, _ = passed_on
    there.desk.arrive(anna.id)
    office.agents.look_again()
    clock.advance(seconds=1)
    there.desk.leave(anna.id)
    assert presence_of(office, anna) == [True]
    office.desk.leave(anna.id)
    assert presence_of(office, anna) == [True, False]


def test_who_spoke_by_requests_and_was_silent_here_comes_by_the_next_one(office, there, passed_on, clock):
    anna, conversation = passed_on
    there.desk.heard(anna.id)
    for _ in range(2):
        clock.advance(seconds=40)
        office.desk.heard(anna.id)
        there.agents.look_again()
    office.desk.leave(anna.id)
    there.desk.heard(anna.id)
    assert presence_of(office, anna) == [True, False, True]
    assert there.desk.conversation(conversation).offered_to == anna.id
