"""What visitors hear who are inside a flow while it changes."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.database import Database
from bot.site.loading import load
from tests.handoff.conftest import WORLDS, Office, VisitorActor, open_office

BEGINS_AGAIN = "We have changed something here in the meantime, so let us begin again."
ASKS_FOR_PHONE = (
    ("collect: email", "collect: phone"),
    ("write to {{ email }}", "call {{ phone }}"),
    ("schreiben an {{ email }}", "rufen an: {{ phone }}"),
)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A copy of the harbour's site, to change at will."""
    return Path(shutil.copytree(WORLDS / "harbour", tmp_path / "site"))


@pytest.fixture
def office(database: Database, clock: Any, site: Path) -> Office:
    return open_office(database, clock, site)


def edit(site: Path, file: str, *changes: tuple[str, str]) -> None:
    text = (site / file).read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (site / file).write_text(text)


def deploy(office: Office, site: Path) -> None:
    loaded = load(site)
    assert loaded.site is not None, [str(problem) for problem in loaded.problems]
    office.sites.switch(loaded.site, loaded.files)


def want(site: Path, way: str) -> None:
    edit(site, "site.yaml", ("start: welcome", f"start: welcome\n  flow_updates: {way}"))


@pytest.fixture
def ann(office: Office, visitor: Callable[..., VisitorActor]) -> VisitorActor:
    """Somebody who was asked for an address, and then the question was put in other words."""
    ann = visitor()
    ann.writes("Hi")
    ann.writes("Tickets")
    assert ann.hears()[-1] == "What is your e-mail address?"
    return ann


def change_the_question(office: Office, site: Path, way: str) -> None:
    want(site, way)
    edit(
        site,
        "flows/welcome.yaml",
        ("What is your e-mail address?", "Which address?"),
        ("say: {en: Hello,", "say: {en: Ahoy,"),
    )
    deploy(office, site)


def test_visitors_move_to_the_new_words_of_their_step(office: Office, site: Path, ann: VisitorActor):
    change_the_question(office, site, "move")
    ann.writes("hm")
    assert "Which address?" not in ann.hears()[-2] and ann.hears()[-1].endswith("What is yours?")
    ann.writes("back")
    ann.presses("Tickets")
    assert ann.hears()[-1] == "Which address?"


def test_visitors_finish_the_old_flow_where_the_site_wants_it_so(office: Office, site: Path, ann: VisitorActor):
    change_the_question(office, site, "finish_old")
    ann.writes("back")
    ann.presses("Tickets")
    assert ann.hears()[-1] == "What is your e-mail address?"


def test_visitors_begin_again_where_the_site_wants_it_so(office: Office, site: Path, ann: VisitorActor):
    change_the_question(office, site, "restart")
    ann.writes("ann@x.io")
    assert ann.hears()[-3:] == [BEGINS_AGAIN, "Ahoy", "What is it about?"]
    ann.writes("Tickets")
    assert ann.hears()[-1] == "Which address?", "it began again once"


def test_nobody_begins_a_flow_again_that_did_not_change(office: Office, site: Path, ann: VisitorActor):
    want(site, "restart")
    deploy(office, site)
    ann.writes("ann@x.io")
    assert ann.hears()[-1] == "Thank you, we will write to ann@x.io."


def test_who_wants_a_person_gets_one_before_anything_begins_again(
    office: Office, site: Path, ann: VisitorActor, agent: Callable[..., Any]
):
    anna = agent("Anna").comes_online()
    change_the_question(office, site, "restart")
    ann.writes("a person please")
    assert BEGINS_AGAIN not in ann.hears()
    anna.accepts(ann.conversation)
    office.desk.return_to_bot(anna.id, ann.conversation, token=office.desk.conversation(ann.conversation).owner_seq)
    assert BEGINS_AGAIN in ann.hears(), "the agent gave it back"


def test_a_flow_that_was_taken_away_cannot_begin_again_and_is_finished(office: Office, site: Path, ann: VisitorActor):
    want(site, "restart")
    edit(site, "site.yaml", ("  start: welcome\n", ""))
    (site / "flows" / "welcome.yaml").unlink()
    deploy(office, site)
    ann.writes("ann@x.io")
    assert ann.hears()[-1] == "Thank you, we will write to ann@x.io."


@pytest.mark.fault("F23")
@pytest.mark.parametrize(("way", "many"), [("move", 100), ("finish_old", 10), ("restart", 10)])
def test_of_a_hundred_visitors_whose_step_is_removed_none_is_stuck(
    office: Office,
    site: Path,
    database: Database,
    clock: Any,
    visitor: Callable[..., VisitorActor],
    way: str,
    many: int,
):
    inside = [visitor() for _ in range(many)]
    for each in inside:
        each.writes("Hi")
        each.writes("Tickets")
    want(site, way)
    edit(site, "flows/welcome.yaml", *ASKS_FOR_PHONE)
    deploy(office, site)
    for number in range(30):
        (site / "later.yaml").write_text(f"responses: {{later: {{text: Later {number}}}}}\n")
        deploy(office, site)
    clock.advance(days=3)
    assert office.sites.forget_unused() > 0
    again = open_office(database, clock, site)
    for each in inside:
        each.office = again
        each.writes("ann@x.io")
    thanked, renewed = "Thank you, we will write to ann@x.io.", "What is it about?"
    assert {each.hears()[-1] for each in inside} == {renewed if way == "restart" else thanked}
    for each in inside:
        assert BEGINS_AGAIN not in each.hears() or way == "restart"


def test_the_way_back_into_a_flow_that_changed_stays_open(office: Office, site: Path, database: Database, clock: Any):
    outer = "outer: {steps: [{call: inner}, {collect: email, ask: Where can we write to?}]}"
    inner = "inner: {steps: [{id: size, buttons: Which size?, save_as: size, options: [Small, Large]}]}"
    edit(site, "site.yaml", ("start: welcome", "start: outer"))
    (site / "flows" / "two.yaml").write_text(f"flows:\n  {outer}\n  {inner}\n")
    deploy(office, site)
    ben = VisitorActor(office, "ben")
    ben.writes("Hi")
    ben.presses("Small")
    assert ben.hears()[-1] == "Where can we write to?"
    (site / "flows" / "two.yaml").write_text(f"flows:\n  {outer}\n  {inner.replace('id: size', 'id: measure')}\n")
    for number in range(25):
        (site / "later.yaml").write_text(f"responses: {{later: {{text: Later {number}}}}}\n")
        deploy(office, site)
    clock.advance(days=3)
    assert office.sites.forget_unused() > 0
    ben.office = open_office(database, clock, site)
    ben.writes("back")
    assert ben.hears()[-1] == "Which size?"


def test_the_clock_begins_nothing_again_the_visitor_does(
    office: Office, site: Path, visitor: Callable[..., VisitorActor]
):
    asking = "quiet: {steps: [{collect: email, ask: Where to?, if_silent: {after: 2m, say: Still there?}}]}"
    edit(site, "site.yaml", ("start: welcome", "start: quiet\n  flow_updates: restart"))
    (site / "flows" / "quiet.yaml").write_text(f"flows:\n  {asking}\n")
    deploy(office, site)
    ben = visitor()
    ben.writes("Hi")
    edit(site, "flows/quiet.yaml", ("Where to?", "Which address?"))
    deploy(office, site)
    office.let_pass(minutes=3)
    assert ben.hears()[-1] == "Still there?"
    ben.writes("ben@x.io")
    assert ben.hears()[-2:] == [BEGINS_AGAIN, "Which address?"]


@pytest.mark.parametrize("way", ["move", "finish_old", "restart"])
def test_a_timer_of_an_answered_question_does_nothing_after_a_change(
    office: Office, site: Path, visitor: Callable[..., VisitorActor], way: str
):
    reminding = "{collect: email, ask: Where to?, if_silent: {after: 2m, say: Still there?}}"
    asking = f"quiet: {{steps: [{reminding}, {{collect: phone}}]}}"
    edit(site, "site.yaml", ("start: welcome", f"start: quiet\n  flow_updates: {way}"))
    (site / "flows" / "quiet.yaml").write_text(f"flows:\n  {asking}\n")
    deploy(office, site)
    ben = visitor()
    ben.writes("Hi")
    ben.writes("ben@x.io")
    heard = ben.hears()
    edit(site, "flows/quiet.yaml", ("Where to?", "Which address?"))
    deploy(office, site)
    office.clock.advance(minutes=3)
    office.jobs.run_due(office.desk.job_handlers())
    assert office.jobs.ended == {("timer", "done"): 1}
    assert ben.hears() == heard


def test_a_message_is_left_in_a_closed_department_and_in_none_that_has_gone(
    office: Office, site: Path, clock: Any, visitor: Callable[..., VisitorActor]
):
    ann, bob = visitor(), visitor()
    for each in (ann, bob):
        each.writes("Hi")
        each.writes("human")
    clock.advance(hours=12)  # Sales are closed by now, support is not.
    leaves_a_message(ann)
    edit(site, "site.yaml", ("  sales:", "  shop:"))
    edit(site, "flows/welcome.yaml", ("handoff: sales", "handoff: shop"))
    deploy(office, site)
    leaves_a_message(bob)
    left = [office.desk.conversation(each.conversation) for each in (ann, bob)]
    assert [(state.left, state.department) for state in left] == [(True, "sales"), (True, "support")]


def leaves_a_message(visitor: VisitorActor) -> None:
    visitor.writes("ann@x.io")
    visitor.writes("Please call me")
