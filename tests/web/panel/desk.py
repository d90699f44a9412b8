"""A desk that answers the panel as the server would, and what it has to show."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import Page, WebSocketRoute, expect

CHAT = "https://chat.test"
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
