"""A desk that answers the panel as the server would, and what it has to show."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from playwright.sync_api import Page, expect

from bot.events import KINDS, Event, check_body, written
from handoff.audience import AgentEars, as_heard
from handoff.routing import Agent

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
    return written(datetime.now(UTC) - timedelta(seconds=seconds_ago))


def row(conversation: str, name: str | None = "Anna Muster", **more: Any) -> dict[str, Any]:
    """Returns a row of the queue, waiting for a minute and a half unless said otherwise."""
    shown = {
        "id": conversation,
        "visitor": {"name": name, "email": None, "page": "/pricing", "language": "en"},
        "department": "sales",
        "holder": "queue",
        "open": True,
        "owner": None,
        "token": None,
        "last": {"text": "Can I pay by invoice?", "from": "visitor", "at": at(90), "by": None},
        "said": {"text": "Can I pay by invoice?", "seq": 2},
        "last_at": at(90),
        "waiting_since": at(90),
        "queued_at": at(90),
        "unread": 1,
        "left": False,
        "offered": False,
        "last_seq": 3,
        "priority": 0,
        "tags": [],
    }
    return {**shown, **more}


def event(
    seq: int, kind: str, role: str, name: str | None = None, seconds_ago: float = 60, **body: Any
) -> dict[str, Any]:
    """Returns one event of a conversation as agents get it; raises ValueError when there can be no such event."""
    actor = f"{role}:{(name or '').lower()}" if role in ("agent", "visitor") else role
    body = {**body, "name": name} if role == "agent" else body
    check_body(KINDS[kind], body)
    moment = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    visitor_seq = None if KINDS[kind].visitor is None else seq
    return as_heard(Event(ANNA, seq, visitor_seq, None, actor, kind, body, moment), AgentEars(BEN))


BEN = Agent("ben", "Ben", "agent", "online", True, 0, 0, 3, frozenset({"sales"}), None, 1)
BRIEF: dict[str, Any] = {
    "conversation": ANNA,
    "values": [
        {"label": "Name", "value": "Anna Muster", "source": "answered in welcome, step name", "at": at(380)},
        {"label": "Team size", "value": 40, "source": "answered in welcome, step team_size", "at": at(370)},
    ],
    "pages": [
        {"path": "/", "title": "Tea for the office", "at": at(400)},
        {"path": "/pricing", "title": "Prices", "at": at(200)},
    ],
    "trigger": {
        "title": "Pricing help",
        "said": "Can I help you choose?",
        "why": ["page is /pricing (/pricing)", "on this page at least 30s (40s)"],
    },
    "wanted": {"at": at(90), "why": "The visitor asked for a person"},
    "failed": [{"at": at(100), "text": "do you take SEPA", "step": "welcome.topic"}],
    "rules": [{"at": at(95), "rule": "invoice", "did": ["tagged billing"], "why": "last message contains invoice"}],
    "note": None,
    "tags": ["billing"],
    "contact": {"name": "Anna Muster", "email": "anna@example.com"},
    "context": {
        "language": "en",
        "device": "desktop",
        "referrer": None,
        "visits": 2,
        "channel": "widget",
        "timezone": "America/New_York",
    },
}
RESPONSES = [
    {"id": "hello", "shortcut": "/hello", "text": "Good morning Anna, I am Ben."},
    {"id": "ship", "shortcut": "/ship", "text": "We ship within two days."},
    {"id": "ship-eu", "shortcut": "/ship-eu", "text": "Within the EU it takes four days."},
]


class Wire(Protocol):
    """A socket that is answered by the desk."""

    def on_message(self, hear: Callable[[str | bytes], Any], /) -> None: ...

    def send(self, message: str, /) -> None: ...

    def close(self, *, code: int | None = None, reason: str | None = None) -> None: ...

    def on_close(self, hear: Callable[[int | None, str | None], Any], /) -> None: ...


@dataclass
class PretendedDesk:
    """Answers the panel as the server would, and keeps every frame it was sent."""

    waiting: list[dict[str, Any]] = field(default_factory=list)
    more_waits: bool = False
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
    epoch: str = "e1"
    agent_name: str = "Ben"
    agent_id: str = "ben"
    intent: str = "online"
    busy: bool = False
    """The next wish for another presence cannot be stored just now."""
    socket: Wire | None = None

    def explanation(self, after: int) -> dict[str, Any]:
        """Tells what happened two events at a time, as a long story comes in pages."""
        further = [each for each in self.happenings or [] if each["seq"] > after]
        told = further[:2]
        after = told[-1]["seq"] if told else after
        return {"conversation": ANNA, "happenings": told, "after": after, "more": len(further) > 2}

    def listed(self) -> dict[str, Any]:
        """Returns the list of everything; it has one page."""
        return {"conversations": self.all, "further": None}

    def open(self, socket: Wire) -> None:
        self.socket = socket
        socket.on_message(self.hear)
        self.welcome()
        self.queue()

    def welcome(self) -> None:
        agent = {"id": self.agent_id, "name": self.agent_name, "role": "agent", "intent": self.intent}
        self.tell(
            "welcome",
            protocol=1,
            epoch=self.epoch,
            beat=20,
            agent={**agent, "capacity": 3, "departments": ["sales"]},
            departments=[{"id": "sales", "title": "Sales"}, {"id": "support", "title": "Support"}],
            content={"version": "v1", "problem": self.problem},
        )

    def tell(self, op: str, **frame: Any) -> None:
        assert self.socket is not None
        self.socket.send(json.dumps({"op": op, **frame}))

    def queue(self) -> None:
        self.tell("queue", intent=self.intent, waiting=self.waiting, more=self.more_waits, mine=self.mine)

    def happens(self, conversation: str, *events: dict[str, Any]) -> None:
        """Adds events to the record and tells whoever watches."""
        record = self.record.setdefault(conversation, [])
        record.extend(events)
        self.tell_events(conversation, list(events), last=record[-1]["seq"])

    def tell_events(self, conversation: str, events: list[dict[str, Any]], *, last: int) -> None:
        token = next((each["token"] for each in self.mine if each["id"] == conversation), None)
        self.tell("events", conversation=conversation, events=events, last=last, more=False, token=token)

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
            self.tell_events(frame["conversation"], record, last=last)
        elif op == "presence" and self.busy:
            self.busy = False
            error = {
                "code": "retry",
                "message": "That did not work. It will be tried again in a moment.",
                "field": None,
            }
            self.tell("refused", error=error)
        elif op == "presence":
            self.intent = frame["intent"]
            self.welcome()
        elif op in ("accept", "send", "note", "return", "close") and not self.silent:
            self.take(frame)

    def take(self, frame: dict[str, Any]) -> None:
        conversation, seq, op = frame["conversation"], self.next_seq(frame["conversation"]), frame["op"]
        if op == "accept":
            (taken,) = [each for each in self.waiting if each["id"] == conversation]
            self.waiting.remove(taken)
            owner = {"id": self.agent_id, "name": self.agent_name}
            self.mine.append({**taken, "holder": "agent", "owner": owner, "token": seq})
        kinds = {"accept": "accepted", "send": "message", "note": "note", "return": "returned", "close": "closed"}
        bodies = {
            "accept": {"agent": self.agent_id, "department": "sales"},
            "return": {"agent": self.agent_id},
            "close": {"by": "agent"},
        }
        happened = event(seq, kinds[op], "agent", self.agent_name, 0, **(bodies.get(op) or frame["body"]))
        answer = {"client_id": frame["client_id"], "conversation": conversation, "seq": frame.get("token", seq)}
        if op in ("send", "note"):
            happened["client_id"] = frame["client_id"]
            answer |= {"seq": seq, "at": happened["at"]}
        self.tell("ack", **answer)
        self.happens(conversation, happened)
        if op in ("return", "close"):
            self.mine = [each for each in self.mine if each["id"] != conversation]
        self.queue()


CONVERSATION = [
    event(1, "message", "bot", None, 400, text="Good morning. I am the assistant, a program.", options=[]),
    event(2, "message", "visitor", "Anna Muster", 390, text="Can I pay by invoice? See https://example.com/terms"),
    event(3, "agent_requested", "bot", None, 300, department="sales", title="Sales", reason="step"),
]


def comes_true(page: Page, holds: Callable[[], Any]) -> bool:
    """Waits for what the page sends; a frame is on its way for a moment after what is seen."""
    for _ in range(1_200):
        if holds():
            return True
        page.wait_for_timeout(25)
    return False


def accept_anna(page: Page) -> None:
    anna = page.get_by_role("list", name="Waiting").get_by_role("listitem").filter(has=page.locator(f"#row-{ANNA}"))
    anna.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("textbox", name="Reply")).to_be_focused()
