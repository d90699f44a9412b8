"""Why a person is wanted: what the brief and `explain` say of it, also where nobody could be asked."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.database import Database
from bot.explaining import explained
from handoff.brief import Briefs
from tests.handoff.conftest import Office, VisitorActor, open_office

SITE = """
site: {name: Shop, languages: [en], timezone: UTC}
opening_hours: {default: {every day: 09:00-18:00}}
departments: {sales: {title: Sales}}
conversation: {start: main, max_misunderstandings: 3}
flows:
  main:
    steps:
      - say: Welcome.
  choosing:
    start_when: {last_message: choose}
    steps:
      - buttons: Which?
        retries: 0
        give_up: handoff
        options: [{label: A person, value: p, then: handoff}, {label: Nothing, value: n}]
  desk:
    start_when: {last_message: desk}
    steps:
      - handoff: sales
"""


class NoVisits:
    """Nobody looked at a page."""

    def pages_of(self, visitor_id: str, *, limit: int) -> list[Any]:
        return []


@pytest.fixture
def office(database: Database, clock: Any, tmp_path: Path) -> Office:
    (tmp_path / "site.yaml").write_text(SITE)
    return open_office(database, clock, tmp_path)


ASKING_ON = """
  in_a_row:
    start_when: {last_message: row}
    steps:
      - {id: a1, handoff: sales, if_closed: a2, if_nobody: a2}
      - {id: a2, handoff: sales, if_closed: a3, if_nobody: a3}
      - {id: a3, handoff: sales, if_closed: a4, if_nobody: a4}
      - {id: a4, handoff: sales, if_closed: a5, if_nobody: a5}
      - {id: a5, handoff: sales, if_closed: a6, if_nobody: a6}
      - {id: a6, handoff: sales, if_closed: a7, if_nobody: a7}
      - {id: a7, say: Never said.}
"""


def test_a_flow_that_asks_for_one_person_after_the_other_takes_a_message_in_the_end(
    database: Database, clock: Any, tmp_path: Path
) -> None:
    (tmp_path / "site.yaml").write_text(SITE + ASKING_ON)
    office = open_office(database, clock, tmp_path)
    ann = VisitorActor(office, "visitor-1")
    ann.writes("Hello")
    ann.writes("row")
    assert ann.hears()[-1] == "What is your e-mail address?"
    ann.writes("ann@x.io")
    ann.writes("Call me")
    state = office.desk.conversation(ann.conversation)
    assert (state.left, state.department, state.cursor.flow) == (True, "sales", None)


@pytest.fixture
def ann(visitor: Callable[..., VisitorActor]) -> VisitorActor:
    ann = visitor()
    ann.writes("Hello")
    return ann


def brief_of(office: Office, ann: VisitorActor) -> dict[str, Any]:
    visits: Any = NoVisits()
    conversation = office.desk.conversation(ann.conversation)
    return Briefs(office.journal, office.live, visits).of(conversation, office.sites.current)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (["a human please"], "The visitor asked for a person"),
        (["desk"], "The flow desk hands over here"),
        (["choose", "A person"], "What the visitor chose leads to a person"),
        (["choose", "hm"], "The assistant gave up at the question choosing.buttons_1"),
        (["do you", "take", "cheques"], "The assistant did not understand what the visitor wants"),
    ],
)
def test_the_brief_says_why_a_person_is_wanted_and_whether_one_could_be_asked(
    office: Office, ann: VisitorActor, agent: Any, said: list[str], why: str
) -> None:
    assert brief_of(office, ann)["wanted"] is None
    for text in said:
        ann.writes(text)
    assert brief_of(office, ann)["wanted"]["why"] == f"{why}, but nobody was there"
    agent("Anna Berg", "sales").comes_online()
    ben = VisitorActor(office, "ben")
    for text in ("Hello", *said):
        ben.writes(text)
    assert office.desk.conversation(ben.conversation).holder == "queue"
    assert brief_of(office, ben)["wanted"]["why"] == why


def test_who_comes_after_an_agent_who_vanished_reads_that(office: Office, ann: VisitorActor, agent: Any) -> None:
    anna = agent("Anna Berg", "sales").comes_online()
    ann.writes("a human please")
    anna.accepts(ann.conversation)
    office.panels.discard(anna.id)
    office.desk.leave(anna.id)
    for _ in range(14):
        office.let_pass(seconds=5)
        office.desk.reclaim()
    why = "The agent who had the conversation went away, but nobody was there"
    assert brief_of(office, ann)["wanted"]["why"] == why


def test_that_it_was_closed_is_said_too(office: Office, ann: VisitorActor) -> None:
    office.clock.advance(hours=12)
    ann.writes("a human please")
    assert brief_of(office, ann)["wanted"]["why"] == "The visitor asked for a person, but it was closed"


def test_what_nothing_took_is_in_the_brief_and_explained_with_the_flows_that_did_not_begin(
    office: Office, ann: VisitorActor
) -> None:
    ann.writes("do you take cheques")
    assert [(each["step"], each["text"]) for each in brief_of(office, ann)["failed"]] == [("", "do you take cheques")]
    told = lines(office, ann)
    assert any("choosing" in line and "no       start_when: last message is choose" in line for line in told)
    assert any("refused: neither a flow nor a rule takes it" in line for line in told)


def test_what_a_flow_began_by_is_explained_with_its_place(office: Office, ann: VisitorActor) -> None:
    ann.writes("desk")
    told = lines(office, ann)
    (held,) = [line for line in told if "yes      start_when: last message is desk" in line]
    assert held.split()[0] == "site.yaml:17"
    (not_held,) = [line for line in told if "no       start_when: last message is choose" in line]
    assert told.index(not_held) < told.index(held)


def lines(office: Office, ann: VisitorActor) -> list[str]:
    """What is explained since the visitor wrote last."""
    events = office.journal.events_after(ann.conversation, 0)
    last = max(event.seq for event in events if event.role == "visitor")
    return [line.strip() for each in explained(events[last:]) for line in each.lines()]
