"""A foreign shop's page with the widget on it, the pretended server behind it, and where things are in its window."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, Route, WebSocketRoute, expect
from pydantic import TypeAdapter

from web import frames

Visit = Callable[..., Page]

CHAT = "https://chat.test"
SHOP = "https://shop.test"
ID = "conversation-1"
CONTRAST = (Path(__file__).parent / "contrast.js").read_text()
POLICY = f"default-src 'self'; script-src {CHAT}; connect-src {CHAT} wss://chat.test"
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(2)</script>",
    '"><svg onload=alert(3)>',
    "{{constructor.constructor('alert(4)')()}} ${7*7} {%25}",
    "javascript:alert(5)",
    "data:text/html,<script>alert(6)</script>",
    "jav\tascript:alert(7)",
    "<a href='vbscript:alert(8)'>here</a>",
    "&lt;b&gt;bold&lt;/b&gt;",
    "https://ok.example/\"onmouseover='alert(9)'",
    "[click](javascript:alert(10))",
]


def at(seconds_ago: float = 0) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds_ago)).isoformat()


@dataclass
class PretendedChat:
    """Answers a widget as the server would, holds it to the protocol, and keeps every frame it was sent."""

    id: str = ID
    """The conversation that began last; of those before there is nothing to tell."""
    record: list[dict[str, Any]] = field(default_factory=list)
    standing: dict[str, Any] = field(default_factory=dict)
    """What differs from a conversation the bot holds."""
    begun: bool = False
    language: str = "en"
    look: dict[str, str] = field(default_factory=lambda: {"color": "#0a7d4b", "position": "bottom_right"})
    greeting: str | None = "Hello! How can we help?"
    manners: dict[str, Any] = field(default_factory=dict)
    privacy_note: str | None = "By chatting you accept our [privacy policy](/privacy)."
    replies: Callable[[str], list[dict[str, Any]]] = lambda text: []
    """What the bot says to a text: the bodies of its messages."""
    refusal: dict[str, Any] | None = None
    silent: bool = False
    """Takes messages and acknowledges none."""
    triggers: list[dict[str, Any]] = field(default_factory=list)
    ask_again_after: float | None = None
    shown: dict[str, Any] = field(default_factory=lambda: {"show": False, "why": "gone"})
    heard: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, dict[str, Any], str | None]] = field(default_factory=list)
    sockets: list[WebSocketRoute] = field(default_factory=list)
    reachable: bool = True
    epoch: str = "e1"

    def answer(self, route: Route) -> None:
        request = route.request
        path = request.url.removeprefix(CHAT)
        cors = {
            "Access-Control-Allow-Origin": SHOP,
            "Access-Control-Allow-Headers": "authorization, content-type",
        }
        if request.method == "OPTIONS":
            route.fulfill(status=204, headers=cors)
        elif not self.reachable:
            route.abort()
        elif path.startswith("/widget/bundle/"):
            route.fulfill(json=self.bundle, headers=cors)
        else:
            what = path.removeprefix("/widget/")
            body = json.loads(request.post_data or "{}")
            self.asked.append((what, body, request.headers.get("authorization")))
            route.fulfill(json=self.said(what, request.post_data or ""), headers=cors)

    @property
    def bundle(self) -> dict[str, Any]:
        def spoken(text: str | None) -> dict[str, str] | None:
            return {"en": text, "de": text} if text else None

        return {
            "name": "Bergschuh",
            "languages": ["en", "de"],
            "look": self.look,
            "greeting": spoken(self.greeting),
            "privacy_note": spoken(self.privacy_note),
        }

    def said(self, what: str, raw: str) -> dict[str, Any]:
        if what == "op":
            return {"frames": self.take(raw)}
        if what == "view":
            TypeAdapter(frames.View).validate_json(raw)
            return {
                "token": "token-of-this-visitor",
                "visitor": "visitor-1",
                "bundle": "b1",
                "site": "s1",
                "language": self.language,
                "triggers": self.triggers,
                "manners": self.manners,
                "counters": {},
                "ask_again_after": self.ask_again_after,
                "conversation": self.status if self.begun else None,
            }
        if what == "show":
            TypeAdapter(frames.Show).validate_json(raw)
            return self.shown
        TypeAdapter(frames.Seen).validate_json(raw)
        return {}

    def asks(self, what: str) -> list[dict[str, Any]]:
        return [body for name, body, _ in self.asked if name == what]

    def open(self, socket: WebSocketRoute) -> None:
        if not self.reachable:
            socket.close(code=1011)
            return
        self.sockets.append(socket)
        socket.on_message(lambda raw: [socket.send(json.dumps(frame)) for frame in self.take(raw)])

    def tell(self, op: str, **frame: Any) -> None:
        self.sockets[-1].send(json.dumps({"op": op, **frame}))

    def take(self, raw: str | bytes) -> list[dict[str, Any]]:
        said = json.loads(raw)
        self.heard.append(json.loads(raw))
        frame = frames.visitor_frame(json.dumps(said))
        match frame:
            case frames.Resume():
                asked, after = frame.conversation or self.id, frame.after
                if asked != self.id:
                    page = {"op": "events", "conversation": asked, "events": [], "last": after, "more": False}
                    return [self.welcome, page]
                return [self.welcome, *([self.page(after)] if self.begun else [])]
            case frames.Send():
                return self.receive(frame)
            case frames.Beat():
                return [{"op": "beat", "heads": {self.id: len(self.record)}}]
        return []

    def receive(self, frame: frames.Send) -> list[dict[str, Any]]:
        if self.refusal:
            return [{"op": "refused", "client_id": frame.client_id, "error": {"field": None, **self.refusal}}]
        if self.silent:
            return []
        before = len(self.record)
        self.begun = True
        body = frame.body
        pressed = body.button or body.answer
        text = body.text if body.text is not None else (pressed and pressed.label) or ""
        if body.form:
            text = self.filled_in(body.form.values)
        mine = self.adds("message", "visitor", client_id=frame.client_id, text=text)
        for reply in self.replies(text):
            self.adds("message", "bot", **reply)
        ack = {"op": "ack", "client_id": frame.client_id, "conversation": self.id, "seq": mine["seq"], "at": mine["at"]}
        return [ack, self.page(before), {"op": "status", "conversation": self.id, **self.status}]

    def filled_in(self, values: dict[str, Any]) -> str:
        """What was filled into the last form, a line for each field, as the server writes it."""
        form = next(event["body"]["form"] for event in reversed(self.record) if event["body"].get("form"))
        lines = []
        for each in form["fields"]:
            value = values.get(each["name"], "")
            words = {True: "Yes", False: "No"}[value] if isinstance(value, bool) else value
            words = next((one["label"] for one in each["choices"] or () if one["value"] == value), words)
            if words:
                lines.append(f"{each['label']}{'' if each['label'][-1] in '?.:' else ':'} {words}")
        return "\n".join(lines)

    def adds(
        self, kind: str, role: str, by: str | None = None, client_id: str | None = None, ago: float = 0, **body: Any
    ) -> dict[str, Any]:
        event = {
            "seq": len(self.record) + 1,
            "at": at(ago),
            "kind": kind,
            "from": {"role": role, "name": by},
            "client_id": client_id,
            "body": body,
        }
        self.record.append(event)
        self.begun = True
        return event

    def happens(self, kind: str, role: str, by: str | None = None, **body: Any) -> None:
        """Adds to the record and tells it."""
        self.adds(kind, role, by, **body)
        self.sockets[-1].send(json.dumps(self.page(len(self.record) - 1)))

    def stands(self, **standing: Any) -> None:
        self.standing = standing
        self.tell("status", conversation=self.id, **self.status)

    def page(self, after: int) -> dict[str, Any]:
        return {
            "op": "events",
            "conversation": self.id,
            "events": self.record[after:],
            "last": len(self.record),
            "more": False,
        }

    @property
    def status(self) -> dict[str, Any]:
        usual = {"holder": "bot", "agent": None, "department": None, "place": None, "left": False, "agent_read": 0}
        return {"id": self.id, "last": len(self.record), "open": True, **usual, **self.standing}

    @property
    def welcome(self) -> dict[str, Any]:
        return {
            "op": "welcome",
            "protocol": 1,
            "epoch": self.epoch,
            "beat": 20,
            "conversation": self.status if self.begun else None,
        }

    def ops(self, op: str) -> list[dict[str, Any]]:
        return [frame for frame in self.heard if frame["op"] == op]


@dataclass
class Host:
    """The foreign page that carries the widget."""

    body: str = "<main><h1>Boots</h1><p>Warm and dry.</p></main>"
    policy: str = POLICY
    title: str = "Boots for the mountains"

    def answer(self, route: Route) -> None:
        html = f"""<!doctype html><html lang=en><meta charset=utf-8><title>{self.title}</title>
            <meta name=viewport content="width=device-width, initial-scale=1">
            <script async src="{CHAT}/widget.js"></script>{self.body}"""
        headers = {"Content-Security-Policy": self.policy} if self.policy else {}
        route.fulfill(body=html, content_type="text/html; charset=utf-8", headers=headers)


HELP = {
    "id": "pricing_help",
    "when": ["is", "page", "/boots"],
    "for": 0,
    "priority": 50,
    "limit": {},
    "order": 0,
    "start": True,
}
SPOKEN = {
    "show": True,
    "impression": "impression-1",
    "say": "Which boots are right for you? I am a program, and quick.",
    "buttons": [{"label": "Help me choose", "value": "choose"}, {"label": "Just looking", "value": "look"}],
    "from": {"role": "bot", "name": None},
}


def dialog_of(page: Page) -> Locator:
    return page.get_by_role("dialog")


def opened(page: Page) -> Page:
    page.get_by_role("button", name="Open chat").click()
    expect(dialog_of(page)).to_be_visible()
    return page


def write(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Message").fill(text)
    page.get_by_role("textbox", name="Message").press("Enter")


def log_of(page: Page) -> Locator:
    return page.get_by_role("log", name="Conversation")


def bubble_of(page: Page) -> Locator:
    return page.locator(".bubble")


def eventually(page: Page, holds: Callable[[], bool]) -> None:
    """Lets the page go on until something is so on the other side."""
    for _ in range(1_500):
        if holds():
            return
        page.wait_for_timeout(20)
    raise AssertionError("it never came to be so")


def hide(page: Page, *, hidden: bool = True) -> None:
    """Brings the page out of sight, as another tab in front of it does, or back."""
    page.evaluate(
        """(hidden) => {
            Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
            document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
        }""",
        hidden,
    )


def settle(page: Page) -> None:
    """Brings everything that moves to where it ends."""
    page.evaluate("""() => Promise.all(
        document.querySelector("parlour-widget").shadowRoot.getAnimations().map((animation) => {
            animation.finish();
            return animation.finished;
        }))""")


def serious(page: Page) -> list[str]:
    """What keeps people out, of the widget alone: the page around it is somebody else's."""
    found = Axe().run(page, context={"include": [["parlour-widget"]]}).response["violations"]
    faint = page.locator("parlour-widget").evaluate(CONTRAST)
    return faint + [
        f"{each['id']}: {node['html']}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


def long_talk(chat: PretendedChat) -> None:
    """Adds a conversation as it usually goes, up to a person's first words."""
    topics = [{"label": "An order", "value": "order"}, {"label": "Advice", "value": "advice"}]
    chat.adds("message", "bot", ago=5000, text="Hello! What is it about?", options=topics, step="topic")
    chat.adds("message", "visitor", ago=4990, text="Advice")
    chat.adds("message", "bot", ago=4989, text="What is your e-mail address?")
    chat.adds("message", "visitor", ago=4970, text="kim@mail.example")
    chat.adds("message", "bot", ago=4969, text="Thank you. I am calling a colleague.")
    chat.adds("agent_requested", "bot", ago=4968, title="Sales")
    chat.adds("accepted", "agent", ago=4900, name="Anna")
    chat.adds("message", "agent", "Anna", ago=4890, text="Good morning Kim, I am Anna. Which boots are you looking at?")
    chat.adds(
        "message", "visitor", ago=60, text="The ones on https://shop.test/boots/pasubio — warm enough for February? 🏔️"
    )
    chat.adds(
        "message",
        "agent",
        "Anna",
        ago=30,
        text="Down to −15 °C with a wool sock.\nTested: https://shop.test/tests/winter.",
    )
    chat.standing = {"holder": "agent", "agent": "Anna", "department": "Sales", "agent_read": 9}
