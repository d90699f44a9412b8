"""Whom nobody answers is passed on to the next department where somebody is there, and else stays where they are."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.database import Database
from bot.site.loading import load
from tests.handoff.conftest import Office, VisitorActor, open_office

SITE = """
site: {name: Harbour, timezone: Europe/Berlin, languages: [en], domains: [harbour.example]}
opening_hours:
  always: {every day: 00:00-24:00}
  early: {every day: 06:00-10:00}
departments:
  sales: {opening_hours: always, if_no_answer: {after: 1m, department: support}}
  support: {opening_hours: always, if_no_answer: {after: 1m, department: master}}
  master: {opening_hours: always, if_no_answer: {after: 1m, department: sales}}
conversation: {start: welcome, fallback: I did not get that.}
flows:
  welcome:
    title: Welcome
    steps:
      - handoff: sales
        wait_up_to: 1h
"""
SUPPORT_IS_CLOSED = ("support: {opening_hours: always", "support: {opening_hours: early")
NO_SUPPORT = (
    ("department: support", "department: master"),
    ("  support: {opening_hours: always, if_no_answer: {after: 1m, department: master}}\n", ""),
)


@pytest.fixture
def deploy(tmp_path: Path, database: Database, clock: Any) -> Callable[..., Office]:
    """Opens an office over the site, or gives the one that is open another site."""
    opened: list[Office] = []

    def deploy(*changes: tuple[str, str]) -> Office:
        text = SITE
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "site.yaml").write_text(text)
        if not opened:
            opened.append(open_office(database, clock, tmp_path))
            return opened[0]
        loaded = load(tmp_path)
        assert loaded.site is not None, [str(problem) for problem in loaded.problems]
        opened[0].sites.switch(loaded.site, loaded.files)
        return opened[0]

    return deploy


@pytest.fixture
def office(deploy: Callable[..., Office]) -> Office:
    return deploy()


@pytest.fixture
def ann(office: Office, agent: Any) -> VisitorActor:
    """Somebody who waits for sales, where Anna is there and does not answer."""
    agent("Anna").comes_online()
    ann = VisitorActor(office, "ann")
    ann.writes("Hi")
    assert department_of(ann) == "sales"
    return ann


def department_of(ann: VisitorActor) -> str | None:
    return ann.office.desk.conversation(ann.conversation).department


def test_where_nobody_is_there_it_stays_with_who_is_and_they_are_asked_again(office, ann, agent):
    office.let_pass(minutes=5)
    assert department_of(ann) == "sales"
    ben = agent("Ben").comes_online()
    assert ben.is_offered() == [ann.conversation]


def test_a_department_where_nobody_is_there_is_passed_over(office, ann, agent):
    mia = agent("Mia", "master").comes_online()
    office.let_pass(seconds=59)
    assert department_of(ann) == "sales"
    office.let_pass(seconds=1)
    assert mia.is_offered() == [ann.conversation]
    agent("Sam", "support").comes_online()
    office.let_pass(minutes=10)
    assert department_of(ann) == "master"


def test_who_comes_later_is_asked_then(office, ann, agent):
    office.let_pass(seconds=90)
    sam = agent("Sam", "support").comes_online()
    office.let_pass(seconds=30)
    assert sam.is_offered() == [ann.conversation]
    passed_on = [event for event in office.journal.events_after(ann.conversation, 0) if event.kind == "requeued"]
    assert [event.body["department"] for event in passed_on] == ["support"]


def test_a_department_that_has_closed_meanwhile_is_passed_over(deploy, ann, agent):
    agent("Sam", "support").comes_online()
    mia = agent("Mia", "master").comes_online()
    office = deploy(SUPPORT_IS_CLOSED)
    office.let_pass(minutes=1)
    assert (department_of(ann), mia.is_offered()) == ("master", [ann.conversation])


def test_a_department_that_is_open_is_not_passed_over(deploy, ann, agent):
    sam = agent("Sam", "support").comes_online()
    agent("Mia", "master").comes_online()
    office = deploy(("support: {opening_hours: always", "support: {opening_hours: always, title: Help"))
    office.let_pass(minutes=1)
    assert sam.is_offered() == [ann.conversation]


def test_nobody_is_passed_on_to_a_department_that_has_gone(deploy, ann, agent):
    agent("Sam", "support").comes_online()
    office = deploy(*NO_SUPPORT)
    office.let_pass(minutes=10)
    assert department_of(ann) == "sales"


def test_nobody_waits_for_colleagues_who_are_there_out_of_hours(deploy, agent):
    office = deploy(SUPPORT_IS_CLOSED)
    agent("Sam", "support").comes_online()
    ann = VisitorActor(office, "ann")
    ann.writes("Hi")
    assert office.desk.conversation(ann.conversation).holder == "bot"
    agent("Mia", "master").comes_online()
    ann.writes("human")
    assert office.desk.conversation(ann.conversation).holder == "queue"
