"""The widget on a foreign shop's page, before a pretended server: what visitors see, write and are told."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, WebSocketRoute, expect
from pydantic import TypeAdapter

from web import frames
from web.assets import LOADER, Assets

SCREENSHOTS = Path(__file__).parents[1] / "screenshots"
CHAT = "https://chat.test"
SHOP = "https://shop.test"
ID = "conversation-1"
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

    record: list[dict[str, Any]] = field(default_factory=list)
    standing: dict[str, Any] = field(default_factory=dict)
    """What differs from a conversation the bot holds."""
    begun: bool = False
    language: str = "en"
    look: dict[str, str] = field(default_factory=lambda: {"color": "#0a7d4b", "position": "bottom_right"})
    greeting: str | None = "Hello! How can we help?"
    privacy_note: str | None = "By chatting you accept our [privacy policy](/privacy)."
    replies: Callable[[str], list[dict[str, Any]]] = lambda text: []
    """What the bot says to a text: the bodies of its messages."""
    refusal: dict[str, Any] | None = None
    silent: bool = False
    """Takes messages and acknowledges none."""
    triggers: list[dict[str, Any]] = field(default_factory=list)
    shown: dict[str, Any] = field(default_factory=lambda: {"show": False, "why": "gone"})
    heard: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, dict[str, Any], str | None]] = field(default_factory=list)
    sockets: list[WebSocketRoute] = field(default_factory=list)
    reachable: bool = True

    # --- over HTTP

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
                "manners": {},
                "counters": {},
                "ask_again_after": None,
                "conversation": self.status if self.begun else None,
            }
        if what == "show":
            TypeAdapter(frames.Show).validate_json(raw)
            return self.shown
        TypeAdapter(frames.Seen).validate_json(raw)
        return {}

    def asks(self, what: str) -> list[dict[str, Any]]:
        return [body for name, body, _ in self.asked if name == what]

    # --- over the socket

    def open(self, socket: WebSocketRoute) -> None:
        if not self.reachable:
            socket.close(code=1011)
            return
        self.sockets.append(socket)
        socket.on_message(lambda raw: [socket.send(json.dumps(frame)) for frame in self.take(raw)])

    def tell(self, op: str, **frame: Any) -> None:
        self.sockets[-1].send(json.dumps({"op": op, **frame}))

    def take(self, raw: str | bytes) -> list[dict[str, Any]]:
        frame = frames.visitor_frame(raw)
        self.heard.append(json.loads(raw))
        match frame:
            case frames.Resume():
                return [self.welcome, *([self.page(frame.after)] if self.begun else [])]
            case frames.Send():
                return self.receive(frame)
            case frames.Beat():
                return [{"op": "beat", "heads": {ID: len(self.record)}}]
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
        mine = self.adds("message", "visitor", client_id=frame.client_id, text=text)
        for reply in self.replies(text):
            self.adds("message", "bot", **reply)
        ack = {"op": "ack", "client_id": frame.client_id, "conversation": ID, "seq": mine["seq"], "at": mine["at"]}
        return [ack, self.page(before), {"op": "status", "conversation": ID, **self.status}]

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
        self.tell("status", conversation=ID, **self.status)

    def page(self, after: int) -> dict[str, Any]:
        return {
            "op": "events",
            "conversation": ID,
            "events": self.record[after:],
            "last": len(self.record),
            "more": False,
        }

    @property
    def status(self) -> dict[str, Any]:
        usual = {"holder": "bot", "agent": None, "department": None, "place": None, "left": False, "agent_read": 0}
        return {"id": ID, "last": len(self.record), "open": True, **usual, **self.standing}

    @property
    def welcome(self) -> dict[str, Any]:
        return {
            "op": "welcome",
            "protocol": 1,
            "epoch": "e1",
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


ASSETS = Assets()


def send(route: Route, path: str) -> None:
    asset = ASSETS.asset(path)
    if asset is None:
        route.fulfill(status=404)
        return
    cross = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
    route.fulfill(body=asset.body, content_type=asset.type, headers=cross)


@pytest.fixture
def chat() -> PretendedChat:
    return PretendedChat()


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def world(context: BrowserContext, chat: PretendedChat, host: Host) -> BrowserContext:
    """The shop and the chat, both without a network; the widget as it is shipped."""
    context.route(
        f"{CHAT}/static/**", lambda route: send(route, route.request.url.split("/static/")[1].split("/", 1)[1])
    )
    context.route(f"{CHAT}/widget.js", lambda route: send(route, LOADER))
    context.route(f"{CHAT}/widget/**", chat.answer)
    context.route_web_socket("wss://chat.test/widget/socket", chat.open)
    context.route(f"{SHOP}/**", host.answer)
    return context


@pytest.fixture
def troubles(context: BrowserContext) -> Iterator[list[str]]:
    """Everything that must never happen: a dialog, a broken content policy, a failing script."""
    found: list[str] = []
    context.on("dialog", lambda dialog: (found.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    context.on("weberror", lambda error: found.append(f"error: {error.error}"))
    context.on("console", lambda said: found.append(said.text) if "Content Security Policy" in said.text else None)
    yield found
    assert found == []


Visit = Callable[..., Page]


@pytest.fixture
def visit(world: BrowserContext, troubles: list[str]) -> Visit:
    """Opens a page of the shop in a new tab and waits for the launcher; the chat is arranged before."""

    def visit(path: str = "/boots", launcher: str = "Open chat") -> Page:
        page = world.new_page()
        page.goto(SHOP + path)
        expect(page.get_by_role("button", name=launcher)).to_be_visible()
        return page

    return visit


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


def picture(page: Page, name: str) -> None:
    """Keeps how it looks, for looking at it."""
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"widget-{name}.png")


# What it looks like


def long_talk(chat: PretendedChat) -> None:
    """A conversation as it usually goes, up to the person's first words."""
    chat.adds(
        "message",
        "bot",
        ago=5000,
        text="Hello! I am Bergschuh's assistant, a program. What is it about?",
        options=[{"label": "An order", "value": "order"}, {"label": "Advice", "value": "advice"}],
        step="topic",
    )
    chat.adds("message", "visitor", ago=4990, text="Advice")
    chat.adds("message", "bot", ago=4989, text="What is your e-mail address?")
    chat.adds("message", "visitor", ago=4970, text="kim@mail.example")
    chat.adds("message", "bot", ago=4969, text="Thank you. I am calling a colleague.")
    chat.adds("agent_requested", "bot", ago=4968, title="Sales")
    chat.adds("accepted", "system", ago=4900, name="Anna")
    chat.adds("message", "agent", "Anna", ago=4890, text="Good morning Kim, I am Anna. Which boots are you looking at?")
    chat.adds(
        "message",
        "visitor",
        ago=60,
        text="The ones on https://shop.test/boots/pasubio — are they warm enough for February? 🏔️",
    )
    chat.adds(
        "message",
        "agent",
        "Anna",
        ago=30,
        text="Down to −15 °C with a wool sock.\nThe test is here: https://shop.test/tests/winter.",
    )
    chat.standing = {"holder": "agent", "agent": "Anna", "department": "Sales", "agent_read": 9}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_conversation_reads_well_by_day_and_by_night(visit: Visit, chat: PretendedChat, scheme: str) -> None:
    long_talk(chat)
    page = visit(launcher="Open chat")
    page.emulate_media(color_scheme=scheme)
    opened(page)
    expect(log_of(page)).to_contain_text("Down to −15 °C")
    page.wait_for_timeout(300)
    picture(page, f"talk-{scheme}")
