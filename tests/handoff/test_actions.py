"""Custom actions in a conversation: asked beside it, answered into it, and never in its way."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import random
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.actions.actions import Actions
from bot.actions.client import Client, address_of
from bot.actions.roster import Roster
from bot.actions.server import ActionServer
from bot.change import Unavailable
from bot.database import Database
from bot.visits import Visits
from handoff.brief import Briefs
from tests import databases
from tests.bot.actions.hostile import Hostile, answer, hostile
from tests.handoff.conftest import WORLDS, AgentActor, Office, VisitorActor, open_office

ORDERS = WORLDS / "orders"
FAILED = "That did not work."
TAKES_A_MESSAGE = "What is your e-mail address?"
"""What is asked when a person is wanted and nobody is there."""


BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
"""Where something has to be found again in the database; everything else is the same on both."""


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if getattr(request, "param", "sqlite") == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return databases.sqlite_at(tmp_path / "parlour.db")


def client_of(address: Any) -> Client:
    return Client(address, clock=time.monotonic, sleep=time.sleep, chance=random)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The shop's actions, served by rasa-sdk's own server."""
    status = tmp_path_factory.mktemp("actions") / "actions.json"
    server = ActionServer(ORDERS, status, clock=time.monotonic, sleep=time.sleep, log=print)
    try:
        server.look()
        client = client_of(server.address)
        client.names(within=60)
        yield client
    finally:
        server.stop()


def at_the_desk(
    database: Database, clock: Any, client: Client, *, spawn: Callable[..., Any] | None = None
) -> tuple[Office, VisitorActor]:
    roster = Roster(client)
    roster.wait()
    actions = Actions(client, roster, clock=time.monotonic, spawn=spawn)
    office = open_office(database, clock, ORDERS, actions)
    return office, VisitorActor(office, "visitor-1")


@pytest.fixture
def desk(database: Database, clock: Any, served: Client) -> tuple[Office, VisitorActor]:
    return at_the_desk(database, clock, served)


def asks_for(office: Office, visitor: VisitorActor, what: str) -> list[str]:
    """What is said after the visitor chose this, once everything due has happened."""
    visitor.writes("Hello")
    visitor.presses(what)
    office.let_pass(seconds=0.1)
    return visitor.hears()[3:]


def answers(office: Office, visitor: VisitorActor, text: str) -> list[str]:
    before = len(visitor.hears())
    visitor.writes(text)
    office.let_pass(seconds=0.1)
    return visitor.hears()[before + 1 :]


def brief_of(office: Office, visitor: VisitorActor) -> dict[str, Any]:
    briefs = Briefs(office.journal, office.live, Visits(office.database, office.journal, new_id=lambda: "x"))
    return briefs.of(office.desk.conversation(visitor.conversation), office.sites.current)


# What an action answers


@BOTH
def test_the_fields_of_an_answer_are_asked_about_and_said(desk: tuple[Office, VisitorActor]):
    assert asks_for(*desk, "Look up") == ["Which number?"]
    assert answers(*desk, "AB-1") == ["In 2 parcels since Mar 2, 2026."]


def test_another_order_goes_another_way(desk: tuple[Office, VisitorActor]):
    asks_for(*desk, "Look up")
    assert answers(*desk, "AB-2") == ["It is packing."]


def test_an_action_is_told_everything_of_the_conversation(desk: tuple[Office, VisitorActor]):
    office, visitor = desk
    (told,) = asks_for(office, visitor, "Tell all")
    tracker, domain = json.loads(told)["tracker"], json.loads(told)["domain"]
    assert tracker["sender_id"] == visitor.conversation
    slots = "name email phone number status colour at once seconds wanted order tea size"
    assert {*slots.split(), "requested_slot"} <= tracker["slots"].keys()
    assert {name: value for name, value in tracker["slots"].items() if value is not None} == {"extra": "more"}
    assert tracker["latest_message"]["text"] == "Tell all"
    assert tracker["latest_message"]["metadata"]["page.path"] == "/"
    said = [(each["event"], each.get("text") or each.get("name")) for each in tracker["events"]]
    assert said == [
        ("action", "action_session_start"),
        ("session_started", None),
        ("action", "action_listen"),
        ("action", "action_listen"),
        ("user", "Hello"),
        ("bot", "What is it?"),
        ("action", "action_listen"),
        ("user", "Tell all"),
        ("action", "tells_all"),
    ]
    assert domain["forms"]["order"] == {"required_slots": ["number"]}
    assert domain["forms"]["card"] == {"required_slots": ["number", "size"]}


def test_what_an_action_says_is_said_as_texts_links_and_buttons(desk: tuple[Office, VisitorActor]):
    office, visitor = desk
    said = asks_for(office, visitor, "Say much")
    assert said == [
        "<b>Two</b> teas, {{ contact.email }}",
        "https://shop.example/tea.png",
        "You have 12 € left.",
        "Which tea?",
    ]
    visitor.presses("Green")
    assert visitor.hears()[-2:] == ["Green", "green tea it is, for AB-2."]


def test_one_action_may_call_another_and_a_flow(desk: tuple[Office, VisitorActor]):
    office, visitor = desk
    assert asks_for(office, visitor, "Go on") == ["First this.", "It is shipped."]
    other = VisitorActor(office, "visitor-2")
    assert asks_for(office, other, "Advise") == ["Take the green one.", "Back in the menu."]


def test_an_action_may_call_a_person(desk: tuple[Office, VisitorActor], agent: Any):
    office, visitor = desk
    assert asks_for(office, visitor, "Fetch")[0] == "Somebody will be with you."
    assert office.desk.open_conversation(visitor.id).left is False  # type: ignore[union-attr]
    assert visitor.hears()[-1] == TAKES_A_MESSAGE


def test_an_agent_hears_of_it_when_an_action_calls_one(database: Database, clock: Any, served: Client):
    office, visitor = at_the_desk(database, clock, served)
    anna = hire(office, "Anna")
    asks_for(office, visitor, "Fetch")
    assert office.desk.conversation(visitor.conversation).holder == "queue"
    anna.accepts(visitor.conversation)
    assert office.desk.conversation(visitor.conversation).holder == "agent"


# Reminders


@pytest.mark.parametrize(
    ("what", "meanwhile", "comes"),
    [("Remind", "Thanks", True), ("Remind once", None, True), ("Remind once", "Thanks", False)],
)
def test_a_reminder_comes_in_its_time_unless_it_is_void(
    desk: tuple[Office, VisitorActor], what: str, meanwhile: str | None, comes: bool
):
    office, visitor = desk
    asks_for(office, visitor, what)
    if meanwhile:
        visitor.writes(meanwhile)
    office.let_pass(minutes=59)  # 12:00 in Berlin is 11:00, an hour after the beginning.
    assert "Take the green one." not in visitor.hears()
    office.let_pass(minutes=2)
    assert ("Take the green one." in visitor.hears()) is comes


@BOTH
@pytest.mark.fault("F9")
def test_a_reminder_that_is_done_again_after_a_crash_speaks_once(desk: tuple[Office, VisitorActor]):
    office, visitor = desk
    asks_for(office, visitor, "Remind")
    office.let_pass(minutes=61, tries=2)
    assert visitor.hears().count("Take the green one.") == 1
    (reminded,) = [each for each in everything(office, visitor) if each.kind == "reminded"]
    assert reminded.body == {"reminder": "tea", "flow": "advice"}


@BOTH
def test_a_reminder_can_be_cancelled(desk: tuple[Office, VisitorActor]):
    office, visitor = desk
    asks_for(office, visitor, "Remind")
    visitor.presses("Forget")
    office.let_pass(hours=2)
    assert "Take the green one." not in visitor.hears()


# What goes wrong


@pytest.mark.parametrize(
    ("what", "outcome"),
    [("Decline", "rejected"), ("Break", "error"), ("No such", "missing"), ("Go round", "error")],
)
def test_an_action_that_fails_leads_where_the_step_says(desk: tuple[Office, VisitorActor], what: str, outcome: str):
    office, visitor = desk
    assert asks_for(office, visitor, what) == [FAILED]
    assert outcomes(office, visitor) == [outcome]


@pytest.fixture(scope="module")
def broken() -> Iterator[Hostile]:
    with hostile() as server, pytest.MonkeyPatch.context() as here:
        here.setattr("bot.actions.roster.LIST_TAKES", 60)
        yield server


@pytest.mark.parametrize(
    ("says", "outcome"),
    [
        (answer(b"not JSON"), "error"),
        (answer(b'{"events": "none"}'), "error"),
        (answer(b"{}", "500 Internal Server Error"), "error"),
        (answer(b"{}", "302 Found", "Location: http://127.0.0.1:1/"), "error"),
        (b"", "error"),
    ],
)
def test_a_broken_server_leads_there_too(database: Database, clock: Any, broken: Hostile, says: bytes, outcome: str):
    broken.says = lambda: iter([says])
    office, visitor = at_the_desk(database, clock, client_of(address_of(broken.url)))
    asks_for(office, visitor, "Look up")
    assert answers(office, visitor, "AB-1") == [FAILED]
    assert outcomes(office, visitor) == [outcome]


def test_a_result_no_database_keeps_is_none_and_is_not_waited_for(database: Database, clock: Any, broken: Hostile):
    broken.says = lambda: iter([answer(b'[{"name": "look_up"}]')])
    office, visitor = at_the_desk(database, clock, client_of(address_of(broken.url)))
    result = {"events": [], "responses": [{"text": "It is \0 packing."}]}
    broken.says = lambda: iter([answer(json.dumps(result).encode())])
    asks_for(office, visitor, "Look up")
    said = answers(office, visitor, "AB-2")
    assert (said[-1] == FAILED) is not database.is_sqlite
    assert outcomes(office, visitor) == ["done" if database.is_sqlite else "error"]


def test_without_an_action_server_a_step_fails_at_once(database: Database, clock: Any):
    office = open_office(database, clock, ORDERS)
    visitor = VisitorActor(office, "visitor-1")
    asks_for(office, visitor, "Look up")
    assert answers(office, visitor, "AB-1") == [FAILED]
    assert outcomes(office, visitor) == ["missing"]


class Beside:
    """Calls that are under way: begun when a test lets them."""

    def __init__(self) -> None:
        self.begun: list[Callable[[], None]] = []

    def __call__(self, work: Callable[[], None]) -> None:
        self.begun.append(work)

    def finish(self) -> None:
        for work in self.begun:
            work()


def test_who_waits_is_told_so_and_then_that_it_did_not_work(database: Database, clock: Any, served: Client):
    beside = Beside()
    office, visitor = at_the_desk(database, clock, served, spawn=beside)
    asks_for(office, visitor, "Look up")
    assert answers(office, visitor, "AB-1") == []
    assert answers(office, visitor, "Are you there?") == [], "it is kept for nobody, and moves nothing"
    office.let_pass(seconds=5)
    assert visitor.hears()[-1] == "One moment, I am looking that up."
    office.let_pass(seconds=7)
    assert visitor.hears()[-1] == FAILED
    assert visitor.hears().count("One moment, I am looking that up.") == 1
    assert outcomes(office, visitor) == ["timeout"]


@pytest.mark.fault("F25")
def test_an_answer_that_comes_too_late_changes_nothing(database: Database, clock: Any, served: Client):
    beside = Beside()
    office, visitor = at_the_desk(database, clock, served, spawn=beside)
    asks_for(office, visitor, "Sleep")
    office.let_pass(seconds=12)
    assert visitor.hears()[-1] == FAILED
    before = everything(office, visitor)
    with capture_logs() as logs:
        beside.finish()
    assert everything(office, visitor) == before
    assert ("action.late", visitor.conversation) in [(line["event"], line.get("conversation")) for line in logs]


@BOTH
def test_a_call_that_is_lost_with_its_process_ends_too(database: Database, clock: Any, served: Client):
    office, visitor = at_the_desk(database, clock, served, spawn=Beside())
    asks_for(office, visitor, "Look up")
    answers(office, visitor, "AB-1")
    anew, _ = at_the_desk(database, clock, served)
    anew.let_pass(seconds=12)
    assert VisitorActor(anew, "visitor-1").hears()[-1] == FAILED


@pytest.mark.parametrize(("what", "said"), [("Look up", FAILED), ("Order", "I cannot check that just now.")])
def test_who_waits_is_told_that_it_did_not_work_as_soon_as_that_can_be_written(
    database: Database, clock: Any, served: Client, monkeypatch: pytest.MonkeyPatch, what: str, said: str
):
    office, visitor = at_the_desk(database, clock, served, spawn=Beside())
    asks_for(office, visitor, what)
    answers(office, visitor, "AB-1")
    with monkeypatch.context() as full:
        full.setattr(office.journal, "commit", unwritten)
        office.let_pass(seconds=12)
    assert said not in visitor.hears()
    office.let_pass(seconds=12)
    assert visitor.hears().count(said) == 1
    assert outcomes(office, visitor) == ["timeout"]


def unwritten(change: Any) -> None:
    raise Unavailable("the disk is full")


def test_a_person_may_be_asked_for_meanwhile_and_the_answer_is_not_said(database: Database, clock: Any, served: Client):
    beside = Beside()
    office, visitor = at_the_desk(database, clock, served, spawn=beside)
    hire(office, "Anna")
    asks_for(office, visitor, "Look up")
    answers(office, visitor, "AB-2")
    visitor.writes("a person, please")
    assert office.desk.conversation(visitor.conversation).holder == "queue"
    beside.finish()
    assert "It is packing." not in visitor.hears()


def test_agents_see_what_an_action_found_and_that_it_was_not_answered(desk: tuple[Office, VisitorActor]):
    office, visitor = desk
    asks_for(office, visitor, "Look up")
    answers(office, visitor, "AB-2")
    wanted, order = brief_of(office, visitor)["values"]
    assert (wanted["value"], wanted["source"]) == ("AB-2", "answered in menu, step look_up")
    assert (order["value"]["status"], order["source"]) == ("packing", "found by look_up_order")


def test_agents_and_whoever_explains_see_what_failed(desk: tuple[Office, VisitorActor]):
    office, visitor = desk
    asks_for(office, visitor, "Break")
    (failure,) = brief_of(office, visitor)["failed"]
    assert (failure["text"], failure["step"]) == ("The action breaks failed", "break_it")
    kinds = {event.kind: event.body for event in everything(office, visitor)}
    assert kinds["action_called"] == {"action": "breaks", "flow": "menu", "step": "break_it"}
    assert kinds["action_returned"] == {"action": "breaks", "outcome": "error", "flow": "menu", "step": "break_it"}
    assert not any(event.kind.startswith("action") for event in visitor.events()), "visitors hear nothing of it"


# Validators


def test_a_validator_refuses_in_its_own_words_and_makes_an_answer_what_it_is(desk: tuple[Office, VisitorActor]):
    office, visitor = desk
    assert asks_for(office, visitor, "Order") == ["Your order, please?"]
    assert answers(office, visitor, "XY-1") == ["That is no order number. Your order, please?"], "rules come first"
    assert outcomes(office, visitor) == []
    assert answers(office, visitor, "AB-7") == ["There is no order AB-7.", "Your order, please?"]
    assert answers(office, visitor, "ab-2") == ["AB-2 is packing, in no colour."]


def test_a_refusal_without_words_is_said_in_those_of_the_step(desk: tuple[Office, VisitorActor]):
    asks_for(*desk, "Order")
    assert answers(*desk, "AB-9") == ["That is no order number. Your order, please?"]


def test_a_validator_that_gives_up_on_an_answer_calls_a_person(desk: tuple[Office, VisitorActor]):
    office, visitor = desk
    asks_for(office, visitor, "Order")
    for _ in range(3):
        answers(office, visitor, "AB-7")
    assert visitor.hears()[-1] == TAKES_A_MESSAGE, "as after any three answers that are none"


@BOTH
def test_a_validator_may_ask_for_what_no_step_asks(desk: tuple[Office, VisitorActor]):
    office, visitor = desk
    asks_for(office, visitor, "Order")
    assert answers(office, visitor, "AB-3") == ["Which colour?"]
    assert answers(office, visitor, "green") == ["Which colour?"]
    assert answers(office, visitor, "red") == ["AB-3 is painted, in red."]


def test_a_card_is_validated_as_a_whole(desk: tuple[Office, VisitorActor]):
    office, visitor = desk
    asks_for(office, visitor, "Card")
    said = fills(office, visitor, number="AB-7", size="L")
    assert [event.body["text"] for event in said] == ["There is no order AB-7.", "Number?"]
    form = said[-1].body["form"]
    assert form["errors"] == {"number": "There is no order AB-7."}
    assert {field["name"]: field["value"] for field in form["fields"]} == {"number": "AB-7", "size": "L"}
    assert [event.body["text"] for event in fills(office, visitor, number="AB-1", size="L")] == ["AB-1 in L."]


def test_nothing_is_accepted_that_no_validator_has_seen(database: Database, clock: Any, broken: Hostile):
    names = answer(b'[{"name": "validate_order"}]')
    broken.says = lambda: iter([names])
    office, visitor = at_the_desk(database, clock, client_of(address_of(broken.url)))
    broken.says = lambda: iter([answer(b"{}", "500 Internal Server Error")])
    asks_for(office, visitor, "Order")
    assert answers(office, visitor, "AB-1") == ["I cannot check that just now.", "Your order, please?"]
    answers(office, visitor, "AB-1")
    assert answers(office, visitor, "AB-1")[-1] == TAKES_A_MESSAGE


@pytest.mark.parametrize("verdict", ["500 Internal Server Error", "200 OK"])
def test_a_validator_that_has_spoken_is_not_waited_for_any_longer(
    database: Database, clock: Any, broken: Hostile, verdict: str
):
    broken.says = lambda: iter([answer(b'[{"name": "validate_order"}]')])
    office, visitor = at_the_desk(database, clock, client_of(address_of(broken.url)))
    refused = {"events": [{"event": "slot", "name": "number", "value": None}], "responses": []}
    broken.says = lambda: iter([answer(json.dumps(refused).encode(), verdict)])
    asks_for(office, visitor, "Order")
    answers(office, visitor, "AB-1")
    said = everything(office, visitor)
    office.let_pass(seconds=30)
    assert everything(office, visitor) == said
    assert [event.kind for event in said].count("action_returned") == 1


def test_what_a_validator_declines_is_no_answer(database: Database, clock: Any, broken: Hostile):
    broken.says = lambda: iter([answer(b'[{"name": "validate_order"}]')])
    office, visitor = at_the_desk(database, clock, client_of(address_of(broken.url)))
    declined = {
        "events": [{"event": "action_execution_rejected", "name": "validate_order"}],
        "responses": [{"text": "Not today."}],
    }
    broken.says = lambda: iter([answer(json.dumps(declined).encode())])
    asks_for(office, visitor, "Order")
    assert answers(office, visitor, "AB-1") == ["Not today.", "Your order, please?"]


def fills(office: Office, visitor: VisitorActor, **values: str) -> list[Any]:
    from handoff.desk import Said

    asked = next(event for event in reversed(visitor.events()) if event.body.get("form"))
    before = visitor.events()[-1].seq
    visitor._sends(Said(form={"step": asked.body["form"]["step"], "values": values}), None)
    office.let_pass(seconds=0.1)
    return [event for event in visitor.events() if event.seq > before and event.role == "bot"]


def hire(office: Office, name: str) -> AgentActor:
    from handoff.agents import add

    with office.database.writing() as connection:
        id = add(connection, name=name, role="agent", departments=["support"], at=office.clock())
    office.agents.forget()
    return AgentActor(office, id).comes_online()


def everything(office: Office, visitor: VisitorActor) -> list[Any]:
    return office.journal.events_after(visitor.conversation, 0)


def outcomes(office: Office, visitor: VisitorActor) -> list[str]:
    return [each.body["outcome"] for each in everything(office, visitor) if each.kind == "action_returned"]
