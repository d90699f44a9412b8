"""The agents' panel in a real browser, before a pretended desk: what is shown, what is sent, what is never mixed up."""

import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Blueprint, Flask, render_template
from playwright.sync_api import BrowserContext, Page, Route, WebSocketRoute, expect

from tests.browser import picture, serve_tree
from web.headers import CONTENT_POLICY

WEB = Path(__file__).parents[2] / "web"
CHAT = "https://chat.test"
PANEL = f"{CHAT}/panel/"
ANNA = "conversation-of-anna-1"
OTTO = "conversation-of-otto-2"
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(2)</script>",
    '"><svg onload=alert(3)>',
    "{{constructor.constructor('alert(4)')()}}",
    "javascript:alert(5)",
    "data:text/html,<script>alert(6)</script>",
    "jav\tascript:alert(7)",
    "<a href='vbscript:alert(8)'>here</a>",
    "&lt;b&gt;bold&lt;/b&gt;",
]


def at(seconds_ago: float) -> str:
    """Returns the instant so many seconds before now, as the wire writes it."""
    return (datetime.now(UTC) - timedelta(seconds=seconds_ago)).isoformat().replace("+00:00", "Z")


def row(conversation: str, name: str | None = "Anna Muster", **more: Any) -> dict[str, Any]:
    """Returns a row of the queue, waiting for a minute and a half unless said otherwise."""
    shown = {
        "id": conversation,
        "visitor": {"name": name, "email": None, "page": "/pricing", "language": "en"},
        "department": "sales",
        "holder": "queue",
        "owner": None,
        "last": {"text": "Can I pay by invoice?", "from": "visitor", "at": at(90)},
        "waiting_since": at(90),
        "queued_at": at(90),
        "unread": 1,
        "left": False,
        "offered": False,
        "last_seq": 3,
        "priority": 0,
    }
    return {**shown, **more}


def event(
    seq: int, kind: str, role: str, name: str | None = None, seconds_ago: float = 60, **body: Any
) -> dict[str, Any]:
    """Returns one event of a conversation as agents get it."""
    actor = f"{role}:{(name or '').lower()}" if role in ("agent", "visitor") else role
    body = {**body, "name": name} if role == "agent" else body
    told = {"seq": seq, "at": at(seconds_ago), "kind": kind, "from": {"role": role, "name": name}, "body": body}
    return {**told, "actor": actor, "client_id": None}


BRIEF: dict[str, Any] = {
    "conversation": ANNA,
    "values": [
        {"label": "Name", "value": "Anna Muster", "source": "Welcome, asked by the assistant"},
        {"label": "Team size", "value": 40, "source": "Welcome, asked by the assistant"},
    ],
    "pages": [
        {"path": "/", "title": "Tea for the office", "at": at(400)},
        {"path": "/pricing", "title": "Prices", "at": at(200)},
    ],
    "trigger": {
        "title": "Pricing help",
        "said": "Can I help you choose?",
        "why": ["page is /pricing", {"label": "on this page at least 30s", "seen": 40, "outcome": True}],
    },
    "failed": [{"at": at(100), "text": "do you take SEPA", "step": "welcome.topic"}],
    "contact": {"name": "Anna Muster", "email": "anna@example.com", "language": "en"},
}
RESPONSES = [
    {"id": "hello", "shortcut": "/hello", "text": "Good morning Anna, I am Ben."},
    {"id": "ship", "shortcut": "/ship", "text": "We ship within two days."},
    {"id": "ship-eu", "shortcut": "/ship-eu", "text": "Within the EU it takes four days."},
]


@dataclass
class PretendedDesk:
    """Answers the panel as the server would, and keeps every frame it was sent."""

    waiting: list[dict[str, Any]] = field(default_factory=list)
    mine: list[dict[str, Any]] = field(default_factory=list)
    record: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    frames: list[dict[str, Any]] = field(default_factory=list)
    refusals: dict[str, dict[str, Any]] = field(default_factory=dict)
    all: list[dict[str, Any]] = field(default_factory=list)
    brief: dict[str, Any] = field(default_factory=lambda: BRIEF)
    responses: list[dict[str, Any]] = field(default_factory=lambda: RESPONSES)
    happenings: list[dict[str, Any]] | None = None
    problem: str | None = None
    silent: bool = False
    agent_name: str = "Ben"
    agent_id: str = "ben"
    revision: int = 0
    socket: WebSocketRoute | None = None

    def explanation(self, after: int) -> dict[str, Any]:
        """Tells what happened two events at a time, as a long story comes in pages."""
        further = [each for each in self.happenings or [] if each["seq"] > after]
        told = further[:2]
        return {"happenings": told, "after": told[-1]["seq"] if told else after, "more": len(further) > 2}

    def open(self, socket: WebSocketRoute) -> None:
        self.socket = socket
        socket.on_message(self.hear)
        agent = {
            "id": self.agent_id,
            "name": self.agent_name,
            "intent": "online",
            "capacity": 3,
            "departments": ["sales"],
        }
        self.tell(
            "welcome",
            protocol=1,
            epoch="e1",
            beat=20,
            agent={**agent, "role": "agent"},
            departments=[{"id": "sales", "title": "Sales"}, {"id": "support", "title": "Support"}],
            content={"version": "v1", "problem": self.problem},
        )
        self.queue()

    def tell(self, op: str, **frame: Any) -> None:
        assert self.socket is not None
        self.socket.send(json.dumps({"op": op, **frame}))

    def queue(self) -> None:
        self.revision += 1
        self.tell("queue", revision=self.revision, waiting=self.waiting, mine=self.mine)

    def happens(self, conversation: str, *events: dict[str, Any]) -> None:
        """Adds events to the record and tells whoever watches."""
        record = self.record.setdefault(conversation, [])
        record.extend(events)
        self.tell("events", conversation=conversation, events=list(events), last=record[-1]["seq"], more=False)

    def next_seq(self, conversation: str) -> int:
        record = self.record.get(conversation, [])
        return record[-1]["seq"] + 1 if record else 1

    def said(self, op: str) -> list[dict[str, Any]]:
        return [frame for frame in self.frames if frame["op"] == op]

    def hear(self, message: str | bytes) -> None:
        frame = json.loads(message)
        self.frames.append(frame)
        op = frame["op"]
        if op in self.refusals:
            error = {"field": None, **self.refusals[op]}
            self.tell("refused", client_id=frame.get("client_id"), error=error)
        elif op == "watch":
            record = [each for each in self.record.get(frame["conversation"], []) if each["seq"] > frame["after"]]
            last = record[-1]["seq"] if record else frame["after"]
            self.tell("events", conversation=frame["conversation"], events=record, last=last, more=False)
        elif op in ("accept", "send", "note", "return", "close") and not self.silent:
            self.take(frame)

    def take(self, frame: dict[str, Any]) -> None:
        conversation, seq = frame["conversation"], self.next_seq(frame["conversation"])
        if frame["op"] == "accept":
            (taken,) = [each for each in self.waiting if each["id"] == conversation]
            self.waiting.remove(taken)
            mine = {**taken, "holder": "agent", "owner": {"id": "ben", "name": self.agent_name}}
            self.mine.append(mine)
        kinds = {"accept": "accepted", "send": "message", "note": "note", "return": "returned", "close": "closed"}
        body = frame.get("body") or {"agent": "ben", "by": "agent"}
        happened = event(seq, kinds[frame["op"]], "agent", self.agent_name, seconds_ago=0, **body)
        happened["client_id"] = frame["client_id"]
        self.tell("ack", client_id=frame["client_id"], conversation=conversation, seq=seq, at=happened["at"])
        self.happens(conversation, happened)
        if frame["op"] in ("return", "close"):
            self.mine = [each for each in self.mine if each["id"] != conversation]
        self.queue()


CONVERSATION = [
    event(1, "message", "bot", "Assistant", 400, text="Good morning. I am the assistant, a program.", options=[]),
    event(2, "message", "visitor", "Anna Muster", 390, text="Can I pay by invoice? See https://example.com/terms"),
    event(3, "agent_requested", "bot", None, 300, department="sales", title="Sales", reason="step"),
]


@pytest.fixture
def desk() -> PretendedDesk:
    return PretendedDesk(waiting=[row(ANNA)], record={ANNA: deepcopy(CONVERSATION)})


@pytest.fixture
def pages() -> Flask:
    """The templates and nothing else: what a page needs to be drawn."""
    app = Flask("pages", template_folder=str(WEB / "templates"))
    app.jinja_env.globals["asset"] = lambda path: f"/static/{path}"
    app.jinja_env.globals["csrf_token"] = lambda: "csrf-of-this-session"
    security = Blueprint("security", __name__)
    security.add_url_rule("/login", "login", lambda: "")
    security.add_url_rule("/logout", "logout", lambda: "", methods=["POST"])
    app.register_blueprint(security)
    return app


@pytest.fixture
def troubles(page: Page) -> Iterator[list[str]]:
    """Everything a page must never do: open a dialog, break its content policy, fail in script."""
    found: list[str] = []
    page.on("dialog", lambda dialog: (found.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.on("pageerror", lambda error: found.append(f"error: {error}"))
    page.on("console", lambda said: found.append(said.text) if "Content Security Policy" in said.text else None)
    yield found
    assert found == []


@pytest.fixture
def panel(
    page: Page,
    context: BrowserContext,
    desk: PretendedDesk,
    pages: Flask,
    troubles: list[str],
) -> Callable[..., Page]:
    """Opens the panel; the desk is arranged before."""

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(CHAT)
        if path.startswith("/panel/ticket"):
            assert route.request.headers["x-csrftoken"] == "csrf-of-this-session"
            route.fulfill(json={"ticket": "one-time"})
        elif path.startswith("/panel/responses"):
            route.fulfill(json=desk.responses)
        elif path.endswith("/brief"):
            known = any(conversation in path for conversation in desk.record)
            route.fulfill(json=desk.brief) if known else route.fulfill(status=404, json={"error": {}})
        elif "/explanation?after=" in path and desk.happenings is None:
            route.fulfill(status=503, json={"error": {}})
        elif "/explanation?after=" in path:
            route.fulfill(json=desk.explanation(int(path.rpartition("=")[2])))
        elif path.startswith("/panel/conversations"):
            route.fulfill(json={"conversations": desk.all, "before": None})
        else:
            with pages.test_request_context("/panel/"):
                agent = {"agent_id": desk.agent_id, "name": desk.agent_name, "role": "agent"}
                body = render_template("panel/index.html", agent=agent)
            route.fulfill(body=body, content_type="text/html", headers={"Content-Security-Policy": CONTENT_POLICY})

    def open_panel(query: str = "") -> Page:
        serve_tree(context)
        context.route(re.compile(re.escape(PANEL)), answer)
        page.route_web_socket(re.compile(r"wss://chat\.test/panel/socket"), desk.open)
        page.goto(PANEL + query)
        # On a phone that opens a conversation, the bar that says so is out of sight.
        expect(page.locator(".presence__said")).to_have_text("Online")
        return page

    return open_panel


def comes_true(page: Page, holds: Callable[[], Any]) -> bool:
    """Waits for what the page sends; a frame is on its way for a moment after what is seen."""
    for _ in range(200):
        if holds():
            return True
        page.wait_for_timeout(25)
    return False


def accept_anna(page: Page) -> None:
    anna = page.get_by_role("list", name="Waiting").get_by_role("listitem").filter(has=page.locator(f"#row-{ANNA}"))
    anna.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("textbox", name="Reply")).to_be_focused()


# What waits


def test_the_queue_says_who_waits_for_how_long_and_with_what_words(panel: Callable[..., Page]) -> None:
    page = panel()
    waiting = page.get_by_role("list", name="Waiting").get_by_role("listitem")
    expect(waiting).to_have_count(1)
    expect(waiting).to_contain_text("Anna Muster")
    expect(waiting).to_contain_text("Can I pay by invoice?")
    expect(waiting).to_contain_text("Sales")
    expect(waiting).to_contain_text("waiting 1 minute")
    expect(page).to_have_title("(1) Parlour")


def test_the_oldest_unanswered_is_on_top_whatever_the_order_of_arrival(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    desk.waiting = [row(OTTO, "Otto", waiting_since=at(20)), row(ANNA, waiting_since=at(200))]
    page = panel()
    names = page.get_by_role("list", name="Waiting").locator(".queue__who")
    expect(names).to_have_text(["Anna Muster", "Otto"])


def test_a_wait_turns_amber_and_then_red_and_says_so_in_words(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    desk.waiting = [row(f"conversation-{n}", str(n), waiting_since=at(n)) for n in (5, 80, 500)]
    page = panel()
    waits = page.locator(".queue__wait")
    expect(waits.nth(0)).to_have_class(re.compile("overdue"))
    expect(waits.nth(0)).to_contain_text("overdue")
    expect(waits.nth(1)).to_have_class(re.compile("--waiting"))
    expect(waits.nth(2)).to_have_class(re.compile("--new"))


def test_a_message_left_is_marked_and_shows_the_address_to_answer_to(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    desk.waiting = [row(ANNA, left=True)]
    desk.record[ANNA].append(event(4, "message_left", "visitor", email="anna@example.com"))
    page = panel()
    expect(page.get_by_role("list", name="Waiting")).to_contain_text("Left a message")
    page.get_by_role("list", name="Waiting").get_by_role("button", name="Anna Muster").click()
    address = page.locator(".composer__bar").get_by_role("link", name="anna@example.com")
    expect(address).to_have_attribute("href", "mailto:anna@example.com")


def test_an_offer_is_marked_counts_down_and_can_be_declined(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    page = panel()
    desk.tell("offer", conversation=ANNA, until=at(-30))
    offered = page.get_by_role("list", name="Waiting").get_by_role("listitem")
    expect(offered).to_contain_text(re.compile(r"Offered to you for 0:\d\d more"))
    page.get_by_role("button", name="Not now").click()
    expect(offered).not_to_contain_text("Offered")
    assert comes_true(page, lambda: [frame["conversation"] for frame in desk.said("decline")] == [ANNA])


def test_an_offer_that_ran_out_is_shown_no_longer(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    page = panel()
    desk.tell("offer", conversation=ANNA, until=at(-30))
    expect(page.get_by_role("button", name="Not now")).to_be_visible()
    desk.tell("offer_over", conversation=ANNA, why="timeout")
    expect(page.get_by_role("button", name="Not now")).to_be_hidden()


def test_an_offer_is_said_wherever_one_is_looking(panel: Callable[..., Page], page: Page, desk: PretendedDesk) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    desk.waiting.append(row(OTTO, "Otto", waiting_since=at(5)))
    panel()
    accept_anna(page)
    desk.tell("offer", conversation=OTTO, until=at(-30))
    expect(page.get_by_role("status").filter(has_text="Otto is offered to you.")).to_be_visible()
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("list", name="Waiting").get_by_text("Offered to you")).to_be_visible()
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("heading", name="Otto")).to_be_visible()


def test_every_list_says_when_it_is_empty_what_would_be_in_it(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    desk.waiting = []
    page = panel()
    expect(page.get_by_text("Nobody is waiting. You will hear a sound when somebody is.")).to_be_visible()
    page.get_by_role("tab", name="Mine").click()
    expect(page.get_by_text("You have no conversations.")).to_be_visible()
    page.get_by_role("tab", name="All").click()
    expect(page.get_by_text("There are no conversations yet.")).to_be_visible()
    expect(page.get_by_role("heading", name="No conversation is open")).to_be_visible()
    expect(page).to_have_title("Parlour")


def test_everything_lists_conversations_that_nobody_waits_in(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    desk.all = [row(OTTO, "Otto", holder="bot", waiting_since=None, unread=0)]
    page = panel()
    page.get_by_role("tab", name="All").click()
    expect(page.get_by_role("list", name="All").get_by_role("listitem")).to_contain_text("Assistant")


# Taking and answering


def test_accepting_opens_the_conversation_with_its_brief_and_the_cursor_in_the_reply(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    page = panel()
    accept_anna(page)
    brief = page.get_by_role("region", name="Brief")
    for known in ("Team size", "40", "Welcome, asked by the assistant", "Pricing help", "on this page at least 30s"):
        expect(brief).to_contain_text(known)
    expect(brief).to_contain_text("do you take SEPA")
    expect(brief).to_contain_text("2 pages seen")
    expect(page.get_by_role("tab", name="Mine")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("log", name="Conversation")).to_contain_text("Can I pay by invoice?")
    assert comes_true(page, lambda: [frame["conversation"] for frame in desk.said("accept")] == [ANNA])


def test_the_details_say_through_which_door_somebody_came_who_is_on_no_page(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    desk.brief = {**BRIEF, "context": {"channel": "socketio"}}
    desk.waiting[0]["visitor"]["page"] = None
    page = panel()
    expect(page.locator(".queue__department").first).to_be_visible()
    expect(page.locator(".queue__page")).to_have_count(0)
    accept_anna(page)
    details = page.get_by_role("region", name="Details of the conversation")
    expect(details).to_contain_text("Came throughRasa’s Socket.IO channel")


@pytest.mark.parametrize("record", [None, {"page": "/panel/visitors/anna", "held_since": at(90_000)}])
def test_the_details_lead_admins_to_the_record_of_the_person_and_say_that_it_is_held(
    panel: Callable[..., Page], desk: PretendedDesk, record: dict[str, str] | None
) -> None:
    desk.brief = {**BRIEF, **({"record": record} if record else {})}
    page = panel()
    accept_anna(page)
    details = page.get_by_role("region", name="Details of the conversation")
    expect(details).to_contain_text("Anna Muster")
    leads = details.get_by_role("link", name="Export or erase this visitor")
    expect(leads).to_have_count(1 if record else 0)
    expect(details.get_by_text("Legal hold since")).to_have_count(1 if record else 0)
    if record:
        expect(leads).to_have_attribute("href", record["page"])
    details.evaluate("element => element.scrollTo(0, element.scrollHeight)")
    picture(page, f"panel-record-{bool(record)}")


def test_the_brief_is_in_sight_until_somebody_answered_and_the_end_after_that(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    said = [event(n, "message", "visitor", None, 200 - n, text=f"Line {n}") for n in range(4, 40)]
    desk.record[ANNA] += said
    page = panel()
    accept_anna(page)
    expect(page.get_by_role("heading", name="What is known")).to_be_in_viewport()
    page.get_by_role("button", name="Latest messages").click()
    expect(page.get_by_text("Line 39", exact=True)).to_be_in_viewport()
    page.get_by_role("textbox", name="Reply").fill("Yes")
    page.keyboard.press("Enter")
    desk.happens(ANNA, event(desk.next_seq(ANNA), "message", "visitor", None, 0, text="And one more"))
    expect(page.get_by_text("And one more")).to_be_in_viewport()


def test_who_reads_further_up_is_told_of_news_and_left_there(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    said = [event(n, "message", "visitor", None, 200 - n, text=f"Line {n}") for n in range(4, 40)]
    desk.record[ANNA] += [*said, event(40, "message", "agent", "Ben", 90, text="Yes")]
    page = panel()
    accept_anna(page)
    expect(page.get_by_text("Line 39", exact=True)).to_be_in_viewport()
    page.locator(".conversation__scroll").evaluate("part => (part.scrollTop = 200)")
    desk.happens(ANNA, event(desk.next_seq(ANNA), "message", "visitor", None, 0, text="And one more"))
    page.get_by_role("button", name="New message").click()
    expect(page.get_by_text("And one more")).to_be_in_viewport()


def test_a_second_agent_is_told_who_accepted_first(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    desk.refusals["accept"] = {"code": "already_accepted", "message": "Clara has taken this conversation."}
    page = panel()
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("status").filter(has_text="Clara has taken this conversation.")).to_be_visible()
    desk.waiting = []
    desk.queue()
    expect(page.get_by_text("Clara has taken this conversation.").first).to_be_visible()


def test_a_reply_carries_the_number_of_the_accept_and_is_shown_once(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    page = panel()
    accept_anna(page)
    page.get_by_role("textbox", name="Reply").fill("Yes, within 30 days.")
    page.keyboard.press("Enter")
    expect(page.get_by_role("log", name="Conversation").get_by_text("Yes, within 30 days.")).to_have_count(1)
    expect(page.get_by_text("Sending")).to_have_count(0)
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("")
    (sent,) = desk.said("send")
    assert (sent["token"], sent["body"]) == (4, {"text": "Yes, within 30 days."})


def test_until_it_is_stored_a_reply_is_called_sending(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    page = panel()
    accept_anna(page)
    desk.silent = True
    page.get_by_role("textbox", name="Reply").fill("One moment")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("list", name="Not sent yet")).to_contain_text("Sending")


def test_who_lost_the_conversation_keeps_what_was_typed(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    page = panel()
    accept_anna(page)
    desk.refusals["send"] = {"code": "reassigned", "message": "Clara has this conversation now."}
    page.get_by_role("textbox", name="Reply").fill("A long and careful answer")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="Clara has this conversation now.")).to_be_visible()
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("A long and careful answer")
    desk.mine = []
    desk.happens(ANNA, event(5, "accepted", "agent", "Clara", agent="clara"))
    desk.queue()
    expect(page.get_by_text("Clara has this conversation. You can add notes.")).to_be_visible()
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("A long and careful answer")
    expect(page.get_by_role("button", name="Send")).to_be_hidden()


def test_a_note_has_a_page_and_a_text_of_its_own(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    page = panel()
    accept_anna(page)
    page.get_by_role("textbox", name="Reply").fill("Half an answ")
    page.get_by_role("tab", name="Note").click()
    expect(page.get_by_role("textbox", name="Reply")).to_be_hidden()
    expect(page.get_by_role("textbox", name="Note")).to_have_value("")
    expect(page.locator(".composer__hint:visible")).to_have_text("Only your team sees this")
    page.get_by_role("textbox", name="Note").fill("She is a reseller")
    page.keyboard.press("Enter")
    expect(page.locator(".conversation__note")).to_contain_text("Only your team sees this")
    expect(page.locator(".conversation__note")).to_contain_text("She is a reseller")
    page.get_by_role("tab", name="Reply").click()
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("Half an answ")
    assert desk.said("send") == []
    assert comes_true(page, lambda: [frame["body"] for frame in desk.said("note")] == [{"text": "She is a reseller"}])


def test_a_note_begun_elsewhere_never_turns_up_in_a_reply(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    desk.mine = [row(OTTO, "Otto", holder="agent", owner={"id": "ben", "name": "Ben"})]
    desk.record[OTTO] = []
    page = panel()
    accept_anna(page)
    page.get_by_role("tab", name="Note").click()
    page.get_by_role("textbox", name="Note").fill("do not give a rebate")
    page.get_by_role("list", name="Mine").get_by_role("button", name="Otto").click()
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("")
    page.get_by_role("list", name="Mine").get_by_role("button", name="Anna Muster").click()
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("")
    page.get_by_role("tab", name="Note").click()
    expect(page.get_by_role("textbox", name="Note")).to_have_value("do not give a rebate")


def test_a_prepared_answer_is_found_by_its_shortcut_and_put_where_it_was_asked_for(panel: Callable[..., Page]) -> None:
    page = panel()
    accept_anna(page)
    reply = page.get_by_role("textbox", name="Reply")
    reply.press_sequentially("Hello. /sh")
    options = page.get_by_role("listbox", name="Prepared answers").get_by_role("option")
    expect(options).to_have_count(2)
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(reply).to_have_value("Hello. Within the EU it takes four days.")
    expect(options).to_have_count(0)


def test_prepared_answers_can_be_waved_away_and_the_slash_kept(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    page = panel()
    accept_anna(page)
    reply = page.get_by_role("textbox", name="Reply")
    reply.press_sequentially("/")
    expect(page.get_by_role("option")).to_have_count(3)
    page.keyboard.press("Escape")
    expect(page.get_by_role("option")).to_have_count(0)
    reply.press_sequentially("dev/null")
    expect(page.get_by_role("option")).to_have_count(0)
    expect(reply).to_have_value("/dev/null")
    page.keyboard.press("Enter")
    assert comes_true(page, lambda: [frame["body"]["text"] for frame in desk.said("send")] == ["/dev/null"])


def test_what_the_visitor_is_typing_stands_above_the_composer(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    page = panel()
    accept_anna(page)
    desk.tell("typing", conversation=ANNA, who="visitor", on=True, text="or by card <b>")
    expect(page.get_by_text("Anna Muster is typing")).to_be_visible()
    expect(page.get_by_text("or by card <b>")).to_be_visible()
    desk.happens(ANNA, event(desk.next_seq(ANNA), "message", "visitor", "Anna Muster", 0, text="or by card"))
    expect(page.get_by_text("Anna Muster is typing")).to_be_hidden()


def test_what_was_heard_is_marked_read_and_typing_is_told(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    page = panel()
    accept_anna(page)
    page.get_by_role("textbox", name="Reply").press_sequentially("Y")
    assert comes_true(page, lambda: desk.said("read") and desk.said("read")[-1]["seq"] == 4)
    assert comes_true(page, lambda: desk.said("typing"))
    assert desk.said("typing")[0] == {"op": "typing", "conversation": ANNA, "on": True}


def test_the_words_of_the_bot_are_one_line_until_opened(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    long = "I am the assistant, a program. " * 12
    desk.record[ANNA][0]["body"] = {"text": long, "options": [{"label": "Prices", "value": "prices"}]}
    page = panel()
    accept_anna(page)
    fold = page.locator("details").first
    height = fold.bounding_box()
    assert height is not None and height["height"] < 36
    fold.locator("summary").click()
    expect(fold.get_by_text("Prices")).to_be_visible()


# Why it said that


def told_by_bot(seq: int, text: str, **body: Any) -> dict[str, Any]:
    return event(seq, "message", "bot", "Assistant", 300 - seq, text=text, **body)


TRACE = [
    ["event", "pricing", "for_whom", "input", None, "flows/pricing.yaml", 8],
    ["guard", "pricing", "ask_team", "team size is known", False, "flows/pricing.yaml", 12],
    ["enter", "pricing", "ask_team", "asks for team_size", None, "flows/pricing.yaml", 12],
]
RULE = {"rule": "invoice", "did": ["answered"], "why": [], "file": "rules/money.yaml", "line": 4}
ORIGINS = [
    told_by_bot(1, "May I help?", trigger="prices"),
    event(2, "turn", "bot", trace=TRACE),
    told_by_bot(3, "How many are you?", flow="pricing", step="pricing.ask_team"),
    event(4, "rule_applied", "bot", **RULE),
    told_by_bot(5, "Yes, by invoice too.", rule="invoice"),
    told_by_bot(6, "I did not get that."),
]


def told(seq: int, who: str, what: str, *reasons: tuple[str, str, str, str | None]) -> dict[str, Any]:
    keys = ("where", "place", "words", "outcome")
    return {
        "seq": seq,
        "at": at(300 - seq),
        "who": who,
        "what": what,
        "reasons": [dict(zip(keys, reason, strict=True)) for reason in reasons],
    }


HAPPENINGS = [
    told(
        1,
        "system",
        "started (page /pricing, trigger Pricing help)",
        ("", "trigger Pricing help", "page is /pricing (/pricing)", "yes"),
    ),
    told(2, "visitor", HOSTILE[0]),
    told(
        3,
        "bot",
        "took a turn",
        ("flows/pricing.yaml:8", "pricing.for_whom", "the visitor answers", None),
        ("flows/pricing.yaml:12", "pricing.ask_team", "team size is known", "no"),
        ("flows/pricing.yaml:13", "pricing.ask_team", "country is DE", "unknown"),
        ("flows/pricing.yaml:12", "pricing.ask_team", "asks for team_size", None),
    ),
    *(told(seq, "bot", f"Words of the assistant, number {seq}") for seq in range(4, 40)),
]


def test_an_opened_message_says_which_step_rule_or_trigger_said_it_and_where_that_is_written(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    desk.record[ANNA] = deepcopy(ORIGINS)
    page = panel(f"?conversation={ANNA}")
    folds = page.locator(".conversation__fold")
    origins = page.locator(".conversation__origin")
    expect(origins.first).to_be_hidden()
    for n, said in enumerate(
        (
            "trigger › prices",
            "pricing › ask_teamflows/pricing.yaml:12",
            "rule › invoicerules/money.yaml:4",
            "no step of a flow",
        )
    ):
        folds.nth(n).locator("summary").click()
        expect(origins.nth(n)).to_have_text(f"{said}Why?")


def test_why_opens_the_story_at_the_turn_that_said_it(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    desk.record[ANNA] = deepcopy(ORIGINS)
    desk.happenings = HAPPENINGS
    page = panel(f"?conversation={ANNA}")
    page.locator(".conversation__fold summary").nth(1).click()
    page.get_by_role("button", name="Why?").click()
    story = page.get_by_role("dialog", name="What happened with Anna Muster")
    expect(story.get_by_role("listitem").filter(has_text="Words of the assistant, number 39")).to_have_count(1)
    wanted = story.locator(".explanation__item--wanted")
    expect(wanted).to_contain_text("took a turn")
    expect(wanted).to_be_in_viewport()
    guard = wanted.locator(".explanation__reason").nth(1)
    expect(guard).to_have_text("no team size is knownpricing › ask_teamflows/pricing.yaml:12")
    expect(story).to_contain_text(HOSTILE[0])
    page.keyboard.press("Escape")
    expect(story).to_be_hidden()
    expect(page.get_by_role("button", name="Why?")).to_be_focused()


def test_the_story_is_told_by_a_key_and_from_the_details_and_asked_for_again_when_it_cannot_be_had(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    page = panel(f"?conversation={ANNA}")
    page.get_by_role("heading", name="Anna Muster").focus()
    page.keyboard.press("w")
    story = page.get_by_role("dialog", name="What happened with Anna Muster")
    expect(story.get_by_role("alert")).to_contain_text("could not be fetched")
    desk.happenings = HAPPENINGS
    story.get_by_role("button", name="Try again").click()
    expect(story.get_by_role("listitem").first).to_contain_text("started (page /pricing, trigger Pricing help)")
    story.get_by_role("button", name="Close the explanation").click()
    page.get_by_role("button", name="Why did it say that?").click()
    expect(story).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_story_can_be_read_by_everybody(
    panel: Callable[..., Page], page: Page, desk: PretendedDesk, width: int, scheme: Any
) -> None:
    desk.record[ANNA] = deepcopy(ORIGINS)
    desk.happenings = HAPPENINGS
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(color_scheme=scheme)
    panel(f"?conversation={ANNA}")
    page.locator(".conversation__fold summary").nth(1).click()
    picture(page, f"origin-{width}-{scheme}")
    page.get_by_role("button", name="Why?").click()
    expect(page.locator(".explanation__item--wanted")).to_be_in_viewport()
    page.locator(".explanation__body").evaluate("body => (body.scrollTop = 0)")
    picture(page, f"story-{width}-{scheme}")
    found = Axe().run(page).response["violations"]
    assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == []
    assert page.locator(".explanation__body").evaluate("body => body.scrollWidth <= body.clientWidth")


def test_closing_is_asked_for_once_more_and_return_is_not(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    page = panel()
    accept_anna(page)
    page.get_by_role("button", name="Close", exact=True).click()
    assert desk.said("close") == []
    page.get_by_role("button", name="Keep it open").click()
    expect(page.get_by_role("button", name="Close conversation")).to_be_hidden()
    page.get_by_role("button", name="Close", exact=True).click()
    page.get_by_role("button", name="Close conversation").click()
    expect(page.get_by_text("This conversation is closed.")).to_be_visible()
    assert comes_true(page, lambda: [frame["token"] for frame in desk.said("close")] == [4])


def test_a_conversation_given_back_is_the_assistants_again(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    page = panel()
    accept_anna(page)
    page.get_by_role("button", name="Return to bot").click()
    expect(page.get_by_text("The assistant is answering.")).to_be_visible()
    expect(page.get_by_role("button", name="Return to bot")).to_be_hidden()


# The agent and the line


def test_presence_is_chosen_in_words_and_told_to_the_desk(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    page = panel()
    page.get_by_role("button", name="Presence: Online").click()
    expect(page.get_by_text("Connected.")).to_be_visible()
    page.get_by_role("button", name="Draining").click()
    expect(page.get_by_role("button", name="Presence: Draining")).to_be_visible()
    assert comes_true(page, lambda: [frame["intent"] for frame in desk.said("presence")] == ["draining"])


def test_a_broken_line_is_said_and_what_was_chosen_meanwhile_is_told_later(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    page = panel()
    assert desk.socket is not None
    desk.socket.close(code=1012, reason="retry:60")
    page.get_by_role("button", name="Presence: No connection").click()
    page.get_by_role("button", name="Away").click()
    page.get_by_role("button", name="Presence: No connection").click()
    page.get_by_role("button", name="Try now").click()
    expect(page.get_by_role("button", name="Presence: Away")).to_be_visible()
    assert comes_true(page, lambda: [frame["intent"] for frame in desk.said("presence")] == ["away"])


def test_trouble_with_the_content_is_said_and_may_contain_anything(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    desk.problem = "flows/welcome.yaml:3:5: <b>unknown key</b>"
    page = panel()
    expect(page.get_by_text("flows/welcome.yaml:3:5: <b>unknown key</b>")).to_be_visible()


def test_who_is_signed_out_is_told_and_keeps_what_was_written(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    page = panel()
    accept_anna(page)
    page.get_by_role("textbox", name="Reply").fill("Half an answ")
    assert desk.socket is not None
    desk.socket.close(code=4401)
    expect(page.get_by_role("alert").filter(has_text="You are signed out.")).to_be_visible()
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("Half an answ")


def test_what_an_agent_left_unsent_waits_for_them_and_is_sent_by_nobody_else(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    def notes() -> list[str]:
        return [frame["body"]["text"] for frame in desk.said("note")]

    def write(text: str) -> None:
        page.get_by_role("tab", name="Note").click()
        page.get_by_role("textbox", name="Note").fill(text)
        page.keyboard.press("Enter")
        assert comes_true(page, lambda: text in notes())

    page = panel()
    accept_anna(page)
    desk.silent = True
    write("from Ben")
    assert desk.socket is not None
    desk.socket.close(code=4401)
    expect(page.get_by_role("alert").filter(has_text="You are signed out.")).to_be_visible()

    desk.frames, desk.silent = [], False
    desk.agent_id, desk.agent_name = "clara", "Clara"
    panel(f"?conversation={ANNA}")
    write("from Clara")
    assert notes() == ["from Clara"]

    desk.frames, desk.agent_id, desk.agent_name = [], "ben", "Ben"
    panel()
    assert comes_true(page, lambda: notes() == ["from Ben"])


def test_an_address_of_nothing_leads_to_the_list_and_says_so(panel: Callable[..., Page]) -> None:
    page = panel("?conversation=made-up-by-somebody")
    expect(page.get_by_role("status").filter(has_text="There is no such conversation")).to_be_visible()
    expect(page.get_by_role("heading", name="No conversation is open")).to_be_visible()


def test_signing_out_leaves_nothing_in_the_browser(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    page = panel()
    accept_anna(page)
    desk.silent = True
    page.get_by_role("textbox", name="Reply").fill("Not sent yet")
    page.keyboard.press("Enter")
    page.get_by_role("textbox", name="Reply").fill("Half an answ")
    kept = "() => JSON.stringify([...Object.entries(localStorage), ...Object.entries(sessionStorage)])"
    assert "Not sent yet" in page.evaluate(kept) and "Half an answ" in page.evaluate(kept)
    page.route(
        f"{CHAT}/logout", lambda route: route.fulfill(body="<title>Signed out</title>", content_type="text/html")
    )
    page.get_by_role("button", name="Presence: Online").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_title("Signed out")
    assert "Not sent yet" not in page.evaluate(kept) and "Half an answ" not in page.evaluate(kept)


def test_nobody_is_left_in_doubt_that_they_are_not_online(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    page = panel()
    page.get_by_role("button", name="Presence: Online").click()
    page.get_by_role("button", name="Away").click()
    expect(page.get_by_text("You are away. Nothing is offered to you.")).to_be_visible()
    page.get_by_role("button", name="Go online").click()
    expect(page.get_by_text("Nothing is offered to you.")).to_be_hidden()
    assert comes_true(page, lambda: [frame["intent"] for frame in desk.said("presence")] == ["away", "online"])


def test_a_window_out_of_sight_tells_through_the_system_once_that_was_wished(
    panel: Callable[..., Page], page: Page, desk: PretendedDesk
) -> None:
    page.add_init_script("""
        window.told = [];
        window.Notification = class {
          static permission = "default";
          static requestPermission = async () => (window.Notification.permission = "granted");
          constructor(title, options) { window.told.push([title, options.body]); }
          close() {}
        };
        document.hasFocus = () => false;
    """)
    desk.waiting = []
    panel()
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("button", name="Turn on")).to_be_hidden()
    desk.waiting = [row(ANNA)]
    desk.queue()
    page.wait_for_function("told.length === 1")
    assert page.evaluate("told") == [["Anna Muster is waiting", "Can I pay by invoice?"]]


def test_the_sound_says_whether_it_is_on_and_sounds_for_who_comes(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    desk.waiting = []
    page = panel()
    expect(page.get_by_role("button", name="Sound starts with your first click")).to_be_visible()
    page.get_by_role("heading", name="No conversation is open").click()
    expect(page.get_by_role("button", name="Sound is on")).to_be_visible()
    desk.waiting = [row(ANNA)]
    desk.queue()
    expect(page.locator("sound-alert")).to_have_attribute("data-played", "1")
    page.get_by_role("button", name="Sound is on").click()
    expect(page.get_by_role("button", name="Sound is off")).to_be_visible()
    desk.waiting = [row(ANNA), row(OTTO, "Otto")]
    desk.queue()
    expect(page).to_have_title("(2) Parlour")
    expect(page.locator("sound-alert")).to_have_attribute("data-played", "1")


# Nobody's text is anything but text


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_a_visitor_controls_is_shown_as_text_everywhere(
    panel: Callable[..., Page], desk: PretendedDesk, troubles: list[str], hostile: str
) -> None:
    desk.waiting = [
        row(
            ANNA,
            hostile,
            visitor={"name": hostile, "email": hostile, "page": hostile, "language": hostile},
            department=hostile,
            last={"text": hostile, "from": "visitor", "at": at(10)},
        )
    ]
    desk.record[ANNA] = [
        event(1, "message", "bot", hostile, text=hostile, options=[{"label": hostile, "value": hostile}]),
        event(2, "message", "visitor", hostile, text=hostile),
        event(3, "message_left", "visitor", None, department="sales", email=hostile),
        event(4, "note", "agent", hostile, text=hostile),
        event(5, "page_viewed", "visitor", None, path=hostile, title=hostile),
        event(6, "agent_requested", "bot", None, department=hostile, title=hostile),
    ]
    desk.brief = {
        "conversation": ANNA,
        "values": [{"label": hostile, "value": hostile, "source": hostile}],
        "pages": [
            {"path": hostile, "title": hostile, "at": at(9)},
            {"path": f"/{hostile}", "title": "", "at": hostile},
        ],
        "trigger": {"title": hostile, "said": hostile, "why": [hostile, {"label": hostile, "value": hostile}]},
        "failed": [{"at": at(8), "text": hostile, "step": hostile}],
        "contact": {"name": hostile, "email": hostile, hostile: hostile},
    }
    desk.responses = [{"id": "x", "shortcut": hostile, "text": hostile}]
    page = panel()
    accept_anna(page)
    desk.tell("typing", conversation=ANNA, who="visitor", on=True, text=hostile)
    page.get_by_role("textbox", name="Reply").press_sequentially("/")
    expect(page.get_by_role("option")).to_have_count(1)
    page.locator("summary").first.click()
    expect(page.get_by_role("region", name="Brief")).to_contain_text(hostile.replace("\t", " "))
    expect(page.locator(".conversation__item--visitor .conversation__bubble")).to_have_text(hostile)
    assert page.locator("panel-conversation :is(img, script, svg, b), waiting-queue img").count() == 0
    schemes = page.eval_on_selector_all("a[href]", "links => links.map((link) => link.protocol)")
    assert set(schemes) <= {"https:", "mailto:", "tel:", "http:"}
    assert troubles == []


def test_a_link_in_a_message_can_be_followed_and_tells_nothing(panel: Callable[..., Page]) -> None:
    page = panel()
    accept_anna(page)
    link = page.get_by_role("log").get_by_role("link", name="https://example.com/terms")
    expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")


# For everybody


def test_an_agent_without_a_mouse_takes_answers_and_leaves(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    desk.waiting.append(row(OTTO, "Otto", waiting_since=at(5)))
    page = panel()
    page.keyboard.press("j")
    expect(page.get_by_role("button", name="Anna Muster")).to_be_focused()
    page.keyboard.press("j")
    expect(page.get_by_role("button", name="Otto")).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("a")
    expect(page.get_by_role("textbox", name="Reply")).to_be_focused()
    page.keyboard.type("Hello jack")
    page.keyboard.press("Enter")
    expect(page.get_by_role("log")).to_contain_text("Hello jack")
    page.keyboard.press("Escape")
    expect(page.get_by_role("list", name="Mine").get_by_role("button", name="Anna Muster")).to_be_focused()
    page.keyboard.press("n")
    expect(page.get_by_role("textbox", name="Note")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    expect(page.get_by_role("list", name="Waiting")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    assert comes_true(page, lambda: [frame["body"]["text"] for frame in desk.said("send")] == ["Hello jack"])


def test_single_letters_are_no_keys_for_those_who_turned_them_off(panel: Callable[..., Page]) -> None:
    page = panel()
    page.get_by_role("button", name="Keyboard help").click()
    page.get_by_label("Single letters are keys").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    page.keyboard.press("j")
    expect(page.get_by_role("button", name="Accept")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_a_screen_reader_or_a_weak_eye_out(
    panel: Callable[..., Page], desk: PretendedDesk, scheme: Any
) -> None:
    desk.waiting.append(row(OTTO, "Otto", left=True, waiting_since=at(500)))
    desk.problem = "flows/welcome.yaml:3:5: unknown key"
    page = panel()
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    assert serious(page) == []
    accept_anna(page)
    desk.tell("typing", conversation=ANNA, who="visitor", on=True, text="or by card")
    desk.happens(ANNA, event(5, "note", "agent", "Clara", text="A reseller"))
    page.get_by_role("textbox", name="Reply").press_sequentially("/")
    expect(page.get_by_role("option")).to_have_count(3)
    assert serious(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Note").click()
    page.get_by_role("button", name="Presence: Online").click()
    assert serious(page) == []


def serious(page: Page) -> list[str]:
    """Returns what axe finds wrong that keeps somebody out, each with the first element concerned."""
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found if each["impact"] in ("serious", "critical")]


def test_a_phone_shows_one_column_at_a_time_and_back_is_back(panel: Callable[..., Page], page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    panel()
    expect(page.locator("panel-conversation")).to_be_hidden()
    accept_anna(page)
    expect(page.get_by_role("list", name="Mine")).to_be_hidden()
    page.get_by_role("button", name="Details").click()
    expect(page.get_by_role("heading", name="Pages seen", exact=True)).to_be_visible()
    expect(page.get_by_role("textbox", name="Reply")).to_be_hidden()
    page.go_back()
    expect(page.get_by_role("textbox", name="Reply")).to_be_visible()
    page.get_by_role("button", name="Back to the list").click()
    expect(page.get_by_role("list", name="Mine")).to_be_visible()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width == 390


def test_an_address_opened_directly_has_a_way_back_to_the_list(panel: Callable[..., Page], page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    panel(f"?conversation={ANNA}")
    expect(page.get_by_role("log", name="Conversation")).to_contain_text("Can I pay by invoice?")
    page.get_by_role("button", name="Back to the list").click()
    expect(page.get_by_role("list", name="Waiting")).to_be_visible()


def test_details_fold_away_and_stay_folded(panel: Callable[..., Page], page: Page) -> None:
    page.set_viewport_size({"width": 1400, "height": 900})
    panel()
    accept_anna(page)
    expect(page.get_by_role("heading", name="Pages seen", exact=True)).to_be_visible()
    page.get_by_role("button", name="Details", exact=True).click()
    expect(page.get_by_role("heading", name="Pages seen", exact=True)).to_be_hidden()
    page.reload()
    expect(page.get_by_role("textbox", name="Reply")).to_be_visible()
    expect(page.get_by_role("heading", name="Pages seen", exact=True)).to_be_hidden()
