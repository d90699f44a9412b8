"""The widget on a foreign shop's page, before a pretended server: what visitors see, write and are told."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Locator, Page, Route, WebSocketRoute, expect
from pydantic import TypeAdapter

from tests.browser import picture
from web import frames
from web.assets import LOADER, Assets

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


def eventually(page: Page, holds: Callable[[], bool]) -> None:
    """Lets the page go on until something is so on the other side."""
    for _ in range(500):
        if holds():
            return
        page.wait_for_timeout(20)
    raise AssertionError("it never came to be so")


def settle(page: Page) -> None:
    """Waits until nothing moves any more."""
    page.evaluate("""() => Promise.all(
        document.querySelector("parlour-widget").shadowRoot.getAnimations().map((animation) => animation.finished))""")


def serious(page: Page) -> list[str]:
    """What keeps people out, of the widget alone: the page around it is somebody else's."""
    found = Axe().run(page, context={"include": [["parlour-widget"]]}).response["violations"]
    return [
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


# Quiet until somebody acts


def test_until_somebody_writes_there_is_no_socket_and_nothing_but_a_view(visit: Visit, chat: PretendedChat) -> None:
    page = visit()
    opened(page)
    assert chat.sockets == []
    (view,) = chat.asks("view")
    page_seen = {name: view["facts"][name] for name in ("page", "page.url", "page.title", "referrer", "pages_viewed")}
    assert page_seen == {
        "page": "/boots",
        "page.url": f"{SHOP}/boots",
        "page.title": "Boots for the mountains",
        "referrer": None,
        "pages_viewed": 1,
    }
    assert {name for name, _, _ in chat.asked} == {"view"}


def test_the_page_of_somebody_else_is_left_as_it_was(visit: Visit) -> None:
    page = visit()
    assert page.evaluate("document.body.children.length") == 1
    assert page.evaluate("Object.keys(Parlour).sort()") == ["close", "hide", "open", "show"]
    assert page.context.cookies() == []


def test_the_token_goes_in_the_head_and_in_the_subprotocol_and_never_in_an_address(
    visit: Visit, chat: PretendedChat
) -> None:
    page = visit()
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    page.on("websocket", lambda socket: addresses.append(socket.url))
    offered = page.evaluate("""() => {
        const Real = WebSocket;
        window.offered = [];
        window.WebSocket = class extends Real {
            constructor(address, protocols) { super(address, protocols); window.offered.push(protocols); }
        };
    }""")
    write(opened(page), "Hello")
    expect(log_of(page)).to_contain_text("Hello")
    page.wait_for_function("offered.length")
    offered = page.evaluate("offered")
    assert offered == [["chat.v1", "tok.token-of-this-visitor"]]
    page.reload()
    expect(dialog_of(page)).to_be_visible()
    assert chat.asked[-1][2] == "Bearer token-of-this-visitor"
    assert not [address for address in addresses if "token-of" in address]


def test_opening_says_who_answers_and_takes_the_writer_to_the_field(visit: Visit) -> None:
    page = opened(visit())
    expect(dialog_of(page)).to_have_accessible_name("Bergschuh")
    expect(dialog_of(page)).to_contain_text("Assistant, a program")
    expect(log_of(page)).to_contain_text("A program answers here. You can ask for a person at any time.")
    expect(log_of(page)).to_contain_text("Hello! How can we help?")
    expect(page.get_by_role("textbox", name="Message")).to_be_focused()
    expect(page.get_by_role("link", name="privacy policy")).to_have_attribute("href", re.compile("/privacy$"))
    picture(page, "widget-opened")


def test_escape_closes_and_leads_back_to_where_one_came_from(visit: Visit) -> None:
    page = opened(visit())
    page.keyboard.press("Escape")
    expect(dialog_of(page)).to_be_hidden()
    expect(page.get_by_role("button", name="Open chat")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Message")).to_be_focused()
    page.get_by_role("button", name="Close chat").click()
    expect(dialog_of(page)).to_be_hidden()


# A conversation


def test_a_message_begins_a_conversation_and_the_answer_comes_with_quick_replies(
    visit: Visit, chat: PretendedChat
) -> None:
    topics = [{"label": "An order", "value": "order"}, {"label": "Advice", "value": "advice"}]
    chat.replies = lambda text: (
        [{"text": f"About {text}?", "options": topics, "step": "topic"}] if text == "Hello" else []
    )
    page = opened(visit())
    page.set_viewport_size({"width": 1280, "height": 480})
    write(page, "Hello")
    expect(log_of(page).get_by_text("About Hello?")).to_be_visible()
    expect(page.get_by_role("textbox", name="Message")).to_have_value("")
    (sent,) = chat.ops("send")
    assert sent["conversation"] is None
    assert sent["body"] == {"text": "Hello"}
    picture(page, "widget-quick-replies")
    expect(log_of(page).get_by_role("button", name="Advice")).to_be_in_viewport(ratio=1)
    log_of(page).get_by_role("button", name="Advice").click()
    expect(log_of(page).locator(".own")).to_have_text(["YouHello", "YouAdvice"])
    expect(log_of(page).get_by_role("button")).to_have_count(0)
    assert chat.ops("send")[1]["body"] == {"button": {"step": "topic", "value": "advice", "label": "Advice"}}
    assert chat.ops("send")[1]["conversation"] == ID


def test_a_message_is_sending_until_it_is_taken_and_nothing_else(visit: Visit, chat: PretendedChat) -> None:
    chat.silent = True
    page = opened(visit())
    write(page, "Hello")
    expect(log_of(page).locator(".own")).to_have_text("YouHelloSending")
    waiting = chat.ops("send")[0]
    chat.silent = False
    for frame in chat.receive(frames.visitor_frame(json.dumps(waiting))):
        chat.sockets[-1].send(json.dumps(frame))
    expect(log_of(page).locator(".own")).to_have_text("YouHello")


def test_shift_and_enter_make_a_new_line_and_nothing_empty_is_sent(visit: Visit, chat: PretendedChat) -> None:
    page = opened(visit())
    field = page.get_by_role("textbox", name="Message")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("There is nothing in this message. Write a word or two.")
    expect(field).to_have_attribute("aria-invalid", "true")
    field.fill("\u200b \u0007")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("There is nothing in this message")
    field.fill("")
    field.press_sequentially("one")
    field.press("Shift+Enter")
    field.press_sequentially("two")
    expect(page.get_by_role("alert")).to_be_empty()
    page.get_by_role("button", name="Send").click()
    expect(log_of(page).locator(".own .words")).to_have_text("one\ntwo", use_inner_text=True)
    assert [frame["body"] for frame in chat.ops("send")] == [{"text": "one\ntwo"}]


def test_a_message_too_long_is_not_cut_but_told_and_kept(visit: Visit, chat: PretendedChat) -> None:
    page = opened(visit())
    field = page.get_by_role("textbox", name="Message")
    field.fill("😀" * 4_003)
    field.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("This is 3 characters too long. Shorten it or send it in parts.")
    expect(field).to_have_value("😀" * 4_003)
    assert chat.ops("send") == []
    picture(page, "widget-too-long")
    field.fill("😀" * 4_000)
    field.press("Enter")
    expect(log_of(page).locator(".own")).to_have_count(1)


def test_a_refused_message_says_so_and_goes_back_to_where_it_was_written(visit: Visit, chat: PretendedChat) -> None:
    chat.refusal = {"code": "malformed", "message": "There is a character in it that cannot be stored."}
    page = opened(visit())
    write(page, "Something odd")
    refused = log_of(page).locator(".own")
    expect(refused).to_contain_text("Not sent · It could not be taken.")
    picture(page, "widget-refused")
    refused.get_by_role("button", name="Change it").click()
    expect(page.get_by_role("textbox", name="Message")).to_have_value("Something odd")
    expect(page.get_by_role("textbox", name="Message")).to_be_focused()
    expect(refused).to_have_count(0)
    chat.refusal = None
    page.get_by_role("textbox", name="Message").press("Enter")
    expect(log_of(page).locator(".own")).to_have_text("YouSomething odd")


def test_too_quick_may_be_tried_again(visit: Visit, chat: PretendedChat) -> None:
    chat.refusal = {"code": "too_many", "message": "That was too quick. Try again in 3 s."}
    page = opened(visit())
    write(page, "Hello")
    expect(log_of(page).locator(".own")).to_contain_text("Not sent · That was too quick.")
    chat.refusal = None
    log_of(page).get_by_role("button", name="Try again").click()
    expect(log_of(page).locator(".own")).to_have_text("YouHello")
    assert len({frame["client_id"] for frame in chat.ops("send")}) == 1


def test_without_a_connection_it_is_said_once_and_what_is_written_goes_out_later(
    visit: Visit, chat: PretendedChat
) -> None:
    page = opened(visit())
    write(page, "Hello")
    expect(log_of(page).locator(".own")).to_have_text("YouHello")
    chat.reachable = False
    chat.sockets[-1].close(code=1011)
    write(page, "Still there?")
    expect(dialog_of(page)).to_contain_text("No connection. What you write is kept and sent when it is back.")
    expect(log_of(page).locator(".own").last).to_contain_text("Not sent · Try again")
    picture(page, "widget-no-connection")
    chat.reachable = True
    expect(log_of(page).locator(".own").last).to_have_text("YouStill there?", timeout=20_000)
    expect(dialog_of(page)).not_to_contain_text("No connection")
    assert [event["body"]["text"] for event in chat.record] == ["Hello", "Still there?"]


def test_where_sockets_are_not_let_through_the_conversation_goes_by_request(
    visit: Visit, chat: PretendedChat, world: BrowserContext
) -> None:
    world.route_web_socket("wss://chat.test/widget/socket", lambda socket: socket.close(code=1011))
    chat.replies = lambda text: [{"text": f"You said {text}."}]
    page = opened(visit())
    write(page, "Hello")
    expect(log_of(page)).to_contain_text("You said Hello.", timeout=15_000)
    expect(log_of(page).locator(".own")).to_have_text("YouHello")
    assert chat.sockets == []


def test_a_token_that_has_run_out_is_replaced_and_nothing_is_lost(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "visitor", text="Hello")
    page = opened(visit())
    expect(log_of(page)).to_contain_text("Hello")
    chat.sockets[-1].close(code=4401)
    eventually(page, lambda: len(chat.sockets) == 2)
    write(page, "Still here")
    expect(log_of(page).locator(".own")).to_have_text(["YouHello", "YouStill here"])
    assert len(chat.asks("view")) == 2


# Bot, queue, person


def test_the_way_to_a_person_is_always_there_until_one_is_asked_for(visit: Visit, chat: PretendedChat) -> None:
    page = opened(visit())
    page.get_by_role("button", name="Talk to a person").click()
    expect(log_of(page).locator(".own")).to_have_text("YouTalk to a person")
    chat.happens("agent_requested", "bot", title="Sales")
    chat.stands(holder="queue", department="Sales", place=2)
    expect(dialog_of(page)).to_contain_text("You are 2nd in line")
    expect(log_of(page)).to_contain_text("You asked for a person.")
    expect(page.get_by_role("button", name="Talk to a person")).to_be_hidden()
    picture(page, "widget-in-line")
    for place, words in ((1, "1st"), (3, "3rd"), (11, "11th"), (22, "22nd")):
        chat.stands(holder="queue", department="Sales", place=place)
        expect(dialog_of(page)).to_contain_text(f"You are {words} in line")


def test_a_person_is_told_from_the_program_in_words(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "visitor", text="Hello")
    page = opened(visit())
    chat.happens("accepted", "agent", name="Anna")
    chat.stands(holder="agent", agent="Anna", department="Sales")
    chat.happens("message", "agent", "Anna", text="Good morning.")
    expect(page.get_by_role("heading", name="Anna, Sales")).to_be_visible()
    expect(dialog_of(page)).to_contain_text("A person")
    expect(log_of(page)).to_contain_text("Anna is here, a person, and sees what you type.")
    expect(log_of(page).locator(".message .who").last).to_have_text("Anna")
    chat.happens("returned", "agent", name="Anna")
    chat.stands(holder="bot")
    chat.happens("message", "bot", text="What else?")
    expect(log_of(page)).to_contain_text("The assistant, a program, answers again.")
    expect(log_of(page).locator(".message .who").last).to_have_text("Assistant")
    expect(page.get_by_role("heading", name="Bergschuh")).to_be_visible()


def test_only_a_person_who_has_the_conversation_sees_what_is_typed(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "visitor", text="Hello")
    page = opened(visit())
    field = page.get_by_role("textbox", name="Message")
    field.press_sequentially("secret")
    chat.stands(holder="agent", agent="Anna")
    expect(page.get_by_role("heading", name="Anna")).to_be_visible()
    field.fill("")
    field.press_sequentially("open")
    eventually(page, lambda: len(chat.ops("typing")) == 3)
    assert [(frame["on"], frame["text"]) for frame in chat.ops("typing")] == [(True, None), (False, ""), (True, "o")]


def test_who_writes_is_shown_while_they_do(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "visitor", text="Hello")
    page = opened(visit())
    expect(log_of(page)).to_contain_text("Hello")
    chat.stands(holder="agent", agent="Anna")
    chat.tell("typing", conversation=ID, who="agent", on=True)
    expect(dialog_of(page)).to_contain_text("Anna is writing …")
    chat.happens("message", "agent", "Anna", text="Here I am.")
    expect(dialog_of(page)).not_to_contain_text("Anna is writing …")


def test_a_left_message_and_an_end_are_told(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "visitor", text="Hello")
    page = opened(visit())
    chat.happens("message_left", "system", email="kim@mail.example")
    chat.stands(holder="nobody", left=True)
    expect(log_of(page)).to_contain_text("We have your message and answer to kim@mail.example.")
    expect(dialog_of(page)).to_contain_text("We answer by e-mail")
    chat.happens("closed", "system", by="agent")
    chat.stands(holder="nobody", open=False)
    expect(log_of(page)).to_contain_text("This conversation has ended. Write to begin a new one.")
    picture(page, "widget-ended")
    write(page, "One more thing")
    expect(log_of(page)).to_contain_text("One more thing")
    assert chat.ops("send")[-1]["conversation"] is None


# Over pages, tabs and time


def test_the_conversation_goes_on_over_pages_and_reloads(visit: Visit, chat: PretendedChat) -> None:
    chat.replies = lambda text: [{"text": "Which size?"}]
    page = opened(visit())
    write(page, "Boots")
    expect(log_of(page)).to_contain_text("Which size?")
    page.get_by_role("textbox", name="Message").fill("Forty-")
    page.goto(f"{SHOP}/cart")
    expect(dialog_of(page)).to_be_visible()
    expect(log_of(page).locator(".own")).to_have_text("YouBoots")
    expect(log_of(page)).to_contain_text("Which size?")
    expect(page.get_by_role("textbox", name="Message")).to_have_value("Forty-")
    expect(page.get_by_role("textbox", name="Message")).not_to_be_focused()
    page.get_by_role("button", name="Close chat").click()
    page.reload()
    expect(page.get_by_role("button", name="Open chat")).to_be_visible()
    expect(dialog_of(page)).to_be_hidden()


def test_a_tab_that_was_away_shows_what_began_meanwhile_and_goes_on_there(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "visitor", client_id="said-here", text="Hello")
    page = opened(visit())
    chat.happens("closed", "system", by="agent")
    chat.stands(holder="nobody", open=False)
    expect(log_of(page)).to_contain_text("This conversation has ended.")
    chat.id, chat.record, chat.standing = "conversation-2", [], {}
    chat.adds("message", "visitor", client_id="said-there", text="From another tab")
    chat.sockets[-1].close(code=1011)
    expect(log_of(page).locator(".own")).to_have_text(["YouHello", "YouFrom another tab"])
    write(page, "And from here")
    expect(log_of(page).locator(".own").last).to_have_text("YouAnd from here")
    assert chat.ops("send")[-1]["conversation"] == "conversation-2"


def test_another_tab_hears_the_same_and_nothing_twice(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "visitor", text="Hello")
    left, right = opened(visit()), visit(launcher="Close chat")
    expect(dialog_of(right)).to_be_visible()
    expect(log_of(right)).to_contain_text("Hello")
    write(left, "From the left")
    for socket in chat.sockets:
        socket.send(json.dumps(chat.page(0)))
    for page in (left, right):
        expect(log_of(page).locator(".own")).to_have_text(["YouHello", "YouFrom the left"])


def test_an_answer_that_comes_while_the_chat_is_closed_is_shown_counted_and_told(
    visit: Visit, chat: PretendedChat
) -> None:
    chat.adds("message", "visitor", text="Hello")
    page = visit()
    eventually(page, lambda: bool(chat.sockets))
    chat.stands(holder="agent", agent="Anna", department="Sales")
    chat.happens("message", "agent", "Anna", text="They are warm down to −15 °C.")
    chat.happens("message", "agent", "Anna", text="Which size do you need?")
    expect(page.get_by_role("button", name="Open chat, 2 new")).to_be_visible()
    expect(page.get_by_role("status").locator(".bubble")).to_contain_text("Which size do you need?")
    picture(page, "widget-unread")
    page.get_by_role("button", name="Which size do you need?").click()
    expect(log_of(page)).to_contain_text("They are warm down to −15 °C.")
    page.get_by_role("button", name="Close chat").click()
    expect(page.get_by_role("button", name="Open chat", exact=True)).to_be_visible()
    assert chat.ops("read")[-1] == {"op": "read", "conversation": ID, "seq": 3}


def test_what_was_read_is_not_new_on_the_next_page(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "visitor", text="Hello")
    chat.adds("message", "bot", text="Good morning.")
    page = opened(visit())
    expect(log_of(page)).to_contain_text("Good morning.")
    page.get_by_role("button", name="Close chat").click()
    page.goto(f"{SHOP}/cart")
    expect(page.get_by_role("button", name="Open chat", exact=True)).to_be_visible()


# Speaking first


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


def bubble_of(page: Page) -> Locator:
    return page.locator(".bubble")


def test_a_trigger_that_is_ready_asks_and_speaks_and_is_seen(visit: Visit, chat: PretendedChat) -> None:
    chat.triggers, chat.shown = [HELP], SPOKEN
    page = visit()
    expect(bubble_of(page)).to_contain_text("Which boots are right for you?")
    expect(bubble_of(page)).to_contain_text("Assistant")
    (asked,) = chat.asks("show")
    assert asked["trigger"] == "pricing_help"
    assert asked["facts"]["page"] == "/boots"
    assert asked["facts"]["chat"] == "never"
    picture(page, "widget-bubble")
    eventually(page, lambda: bool(chat.asks("seen")))
    assert chat.asks("seen") == [{"impression": "impression-1", "outcome": "seen"}]
    assert chat.sockets == []


def test_pressing_a_button_of_the_bubble_begins_the_conversation_with_it(visit: Visit, chat: PretendedChat) -> None:
    chat.triggers, chat.shown = [HELP], SPOKEN
    page = visit()
    bubble_of(page).get_by_role("button", name="Help me choose").click()
    expect(dialog_of(page)).to_be_visible()
    expect(log_of(page).locator(".own")).to_have_text("YouHelp me choose")
    assert chat.ops("send")[0]["body"] == {"answer": {"impression": "impression-1", "label": "Help me choose"}}
    expect(log_of(page).get_by_role("button")).to_have_count(0)


def test_what_is_written_after_a_bubble_is_an_answer_to_it(visit: Visit, chat: PretendedChat) -> None:
    chat.triggers, chat.shown = [HELP], SPOKEN
    page = visit()
    expect(bubble_of(page)).to_be_visible()
    opened(page)
    expect(bubble_of(page)).to_have_count(0)
    expect(log_of(page)).to_contain_text("Which boots are right for you?")
    expect(log_of(page).get_by_role("button", name="Just looking")).to_be_visible()
    write(page, "Size 42?")
    expect(log_of(page)).to_contain_text("Size 42?")
    write(page, "Or 43?")
    expect(log_of(page)).to_contain_text("Or 43?")
    assert [frame["body"] for frame in chat.ops("send")] == [
        {"text": "Size 42?", "answer": {"impression": "impression-1"}},
        {"text": "Or 43?"},
    ]


def test_what_the_bubble_said_is_not_shown_twice_once_it_is_in_the_record(visit: Visit, chat: PretendedChat) -> None:
    chat.triggers, chat.shown = [HELP], SPOKEN
    page = visit()
    expect(bubble_of(page)).to_be_visible()
    opened(page)
    chat.adds("message", "bot", text=SPOKEN["say"])
    write(page, "Size 42?")
    expect(log_of(page).locator(".own")).to_have_text("YouSize 42?")
    expect(log_of(page).get_by_text("Which boots are right for you?")).to_have_count(1)


def test_a_bubble_waved_away_is_gone_and_told(visit: Visit, chat: PretendedChat) -> None:
    chat.triggers, chat.shown = [HELP], SPOKEN
    page = visit()
    bubble_of(page).get_by_role("button", name="Close message").click()
    expect(bubble_of(page)).to_have_count(0)
    eventually(page, lambda: bool(chat.asks("seen")))
    assert chat.asks("seen")[-1] == {"impression": "impression-1", "outcome": "dismissed"}


def test_what_the_server_does_not_grant_is_not_shown(visit: Visit, chat: PretendedChat) -> None:
    chat.triggers, chat.shown = [HELP], {"show": False, "why": "manners_gap"}
    page = visit()
    eventually(page, lambda: bool(chat.asks("show")))
    page.mouse.wheel(0, 100)
    page.wait_for_timeout(200)
    expect(bubble_of(page)).to_have_count(0)
    assert len(chat.asks("show")) == 1


def test_asking_again_does_not_begin_the_waiting_anew(visit: Visit, chat: PretendedChat) -> None:
    chat.triggers, chat.shown, chat.ask_again_after = [{**HELP, "for": 2}], SPOKEN, 0.5
    page = visit()
    expect(bubble_of(page)).to_be_visible(timeout=10_000)
    assert [view["again"] for view in chat.asks("view")[1:3]] == [True, True]
    assert "again" not in chat.asks("view")[0]


def test_nobody_is_spoken_to_over_an_open_chat_or_while_filling_a_form(
    visit: Visit, chat: PretendedChat, host: Host
) -> None:
    host.body = "<main><label>Name <input autofocus></label></main>"
    chat.triggers, chat.shown = [HELP], SPOKEN
    page = visit()
    page.wait_for_timeout(200)
    assert chat.asks("show") == []
    page.get_by_label("Name").blur()
    expect(bubble_of(page)).to_be_visible()
    chat.asked.clear()
    page.evaluate("localStorage.setItem('parlour.open', '1')")
    page.reload()
    expect(dialog_of(page)).to_be_visible()
    page.get_by_label("Name").blur()
    page.wait_for_timeout(200)
    assert chat.asks("show") == []


def own_trigger(name: str, *when: Any, **more: Any) -> dict[str, Any]:
    return {**HELP, "id": name, "when": ["all", *when], **more}


def test_whoever_leaves_through_the_top_is_spoken_to(visit: Visit, chat: PretendedChat) -> None:
    chat.triggers, chat.shown = [own_trigger("leaving", ["is", "exit_intent", True])], SPOKEN
    page = visit()
    page.mouse.move(600, 300)
    page.mouse.move(600, 20)
    expect(bubble_of(page)).to_have_count(0)
    page.mouse.move(600, -10)
    expect(bubble_of(page)).to_be_visible()
    assert chat.asks("show")[0]["facts"]["exit_intent"] is True


def test_on_a_phone_whoever_scrolls_up_at_once_is_spoken_to(
    world: BrowserContext, chat: PretendedChat, host: Host
) -> None:
    host.body, host.policy = "<main><h1>Boots</h1><p style='height: 9000px'>Warm and dry.</p></main>", ""
    chat.triggers, chat.shown = [own_trigger("leaving", ["is", "exit_intent", True])], SPOKEN
    page = world.new_page()
    session = world.new_cdp_session(page)
    page.set_viewport_size({"width": 390, "height": 844})
    session.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    session.send("Emulation.setEmitTouchEventsForMouse", {"enabled": True, "configuration": "mobile"})
    page.goto(f"{SHOP}/boots")
    expect(page.get_by_role("button", name="Open chat")).to_be_visible()
    assert chat.asks("view")[0]["facts"]["device"] == "mobile"
    page.evaluate("scrollTo(0, 5000)")
    page.wait_for_timeout(1_200)
    expect(bubble_of(page)).to_have_count(0)
    page.evaluate("""async () => {
        for (let top = 5000; top > 3000; top -= 400) {
            scrollTo(0, top);
            await new Promise(requestAnimationFrame);
        }
    }""")
    expect(bubble_of(page)).to_be_visible()
    settle(page)
    picture(page, "widget-phone-leaving")


def test_whoever_sits_still_is_spoken_to_and_a_movement_begins_anew(visit: Visit, chat: PretendedChat) -> None:
    chat.triggers, chat.shown = [own_trigger("idle", [">=", "idle", 2])], SPOKEN
    page = visit()
    for step in range(6):
        page.wait_for_timeout(500)
        page.mouse.move(300 + step, 300)
    assert chat.asks("show") == []
    expect(bubble_of(page)).to_be_visible(timeout=5_000)
    assert chat.asks("show")[0]["facts"]["idle"] >= 2


def test_the_language_that_is_spoken_can_be_asked_about(visit: Visit, chat: PretendedChat) -> None:
    german, english = own_trigger("german", ["is", "language", "de"]), own_trigger("english", ["is", "language", "en"])
    chat.triggers, chat.shown = [german, english], SPOKEN
    page = visit()
    expect(bubble_of(page)).to_be_visible()
    assert [asked["trigger"] for asked in chat.asks("show")] == ["english"]


def test_a_window_that_opens_by_itself_takes_nothing_away_and_can_be_waved_away(
    visit: Visit, chat: PretendedChat, host: Host
) -> None:
    host.body = "<main><button>Buy</button></main>"
    chat.triggers, chat.shown = [own_trigger("leaving", ["is", "exit_intent", True])], {**SPOKEN, "open": True}
    page = visit()
    page.get_by_role("button", name="Buy").focus()
    page.mouse.move(600, 300)
    page.mouse.move(600, -10)
    expect(dialog_of(page)).to_be_visible()
    expect(page.get_by_role("button", name="Buy")).to_be_focused()
    expect(log_of(page)).to_contain_text("Which boots are right for you?")
    expect(log_of(page).get_by_role("button", name="Help me choose")).to_be_visible()
    settle(page)
    picture(page, "widget-opened-by-itself")
    eventually(page, lambda: bool(chat.asks("seen")))
    page.get_by_role("button", name="Close chat").click()
    eventually(page, lambda: len(chat.asks("seen")) == 2)
    assert [asked["outcome"] for asked in chat.asks("seen")] == ["seen", "dismissed"]
    assert chat.sockets == []
    page.reload()
    expect(page.get_by_role("button", name="Open chat")).to_be_visible()


def test_an_answer_in_a_window_that_opened_by_itself_is_one(visit: Visit, chat: PretendedChat) -> None:
    chat.triggers, chat.shown = [HELP], {**SPOKEN, "open": True}
    page = visit(launcher="Close chat")
    log_of(page).get_by_role("button", name="Help me choose").click()
    expect(log_of(page).locator(".own")).to_have_text("YouHelp me choose")
    assert chat.ops("send")[0]["body"] == {"answer": {"impression": "impression-1", "label": "Help me choose"}}
    page.get_by_role("button", name="Close chat").click()
    page.wait_for_timeout(100)
    assert "dismissed" not in [asked["outcome"] for asked in chat.asks("seen")]


def test_on_a_phone_no_window_opens_by_itself(world: BrowserContext, chat: PretendedChat) -> None:
    chat.triggers, chat.shown = [HELP], {**SPOKEN, "open": True, "from": {"role": "bot", "name": "Sales"}}
    page = world.new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{SHOP}/boots")
    expect(bubble_of(page)).to_contain_text("Assistant for Sales")
    expect(dialog_of(page)).to_be_hidden()
    settle(page)
    picture(page, "widget-phone-bubble-for-sales")


@pytest.mark.parametrize("width", [1280, 390])
def test_a_number_on_the_button_waits_until_it_is_pressed(
    world: BrowserContext, chat: PretendedChat, width: int
) -> None:
    chat.triggers, chat.shown = [HELP], {**SPOKEN, "badge": True}
    page = world.new_page()
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{SHOP}/boots")
    expect(page.get_by_role("button", name="Open chat, 1 new")).to_be_visible()
    expect(bubble_of(page)).to_have_count(0)
    settle(page)
    picture(page, f"widget-number-{width}")
    eventually(page, lambda: bool(chat.asks("seen")))
    assert serious(page) == []
    page.get_by_role("button", name="Open chat").click()
    expect(log_of(page)).to_contain_text("Which boots are right for you?")
    page.get_by_role("button", name="Close chat").last.click()
    expect(page.get_by_role("button", name="Open chat", exact=True)).to_be_visible()


def test_of_two_that_are_ready_the_one_that_waits_has_its_turn_later(visit: Visit, chat: PretendedChat) -> None:
    first = own_trigger("first", ["is", "page", "/boots"], priority=90)
    skips, waits = own_trigger("skips", ["is", "page", "/boots"]), own_trigger("waits", ["is", "page", "/boots"])
    chat.triggers, chat.shown = [skips, first, {**waits, "order": 2, "waits": True}], SPOKEN
    page = visit()
    bubble_of(page).get_by_role("button", name="Close message").click()
    eventually(page, lambda: len(chat.asks("show")) == 2)
    page.mouse.move(10, 10)
    page.mouse.wheel(0, 10)
    page.wait_for_timeout(200)
    assert [asked["trigger"] for asked in chat.asks("show")] == ["first", "waits"]


# Forms


def asked(name: str, type: str, label: str, **more: Any) -> dict[str, Any]:
    usual = {"value": None, "optional": False, "choices": None, "min": None, "max": None, "help": None}
    return {"name": name, "type": type, "label": label, **usual, **more}


SIZES = [{"label": f"{size} people", "value": str(size)} for size in (1, 2, 3)]
TOURS = [{"label": f"Tour {n}", "value": f"tour_{n}"} for n in range(1, 8)]
FIELDS = [
    asked("name", "name", "What is your name?"),
    asked("email", "email", "E-mail", help="For the offer, and for nothing else."),
    asked("phone", "phone", "Phone", optional=True),
    asked("size", "choice", "Group", choices=SIZES),
    asked("tour", "choice", "Tour", choices=TOURS),
    asked("day", "date", "Day", min="2026-01-01"),
    asked("budget", "money", "Budget", optional=True),
    asked("guide", "yes_no", "With a guide?"),
    asked("wishes", "text", "Wishes", optional=True),
    asked("news", "consent", "I would like to have the newsletter."),
]


def form_of(*fields: dict[str, Any], errors: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    return {"step": "offer.details", "title": None, "submit": "Get the offer", "errors": errors or {}, **more} | {
        "fields": list(fields) or FIELDS
    }


def form_in(page: Page) -> Locator:
    return log_of(page).locator("form")


def fill_in(page: Page) -> None:
    form = form_in(page)
    form.get_by_role("textbox", name="What is your name?").fill("Kim Lee")
    form.get_by_role("textbox", name="E-mail").fill("kim@mail.example")
    form.get_by_role("radio", name="2 people").check()
    form.get_by_role("combobox", name="Tour").select_option("Tour 3")
    form.get_by_label("Day").fill("2026-12-24")
    form.get_by_role("group", name="With a guide?").get_by_role("radio", name="No").check()
    form.get_by_role("checkbox", name="newsletter").check()


def test_a_form_is_filled_in_and_sent_once(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "bot", text="What is your name?", form=form_of(title="Your offer"), step="offer.details")
    page = opened(visit())
    expect(form_in(page)).to_be_visible()
    fill_in(page)
    settle(page)
    picture(page, "widget-form-filled-in")
    form_in(page).get_by_role("button", name="Get the offer").click()
    expect(form_in(page)).to_have_count(0)
    expect(log_of(page).locator(".own .words")).to_have_text(
        "What is your name? Kim Lee\nE-mail: kim@mail.example\nGroup: 2 people\nTour: Tour 3\n"
        "Day: 2026-12-24\nWith a guide? No\nI would like to have the newsletter. Yes",
        use_inner_text=True,
    )
    expect(log_of(page)).to_be_focused()
    picture(page, "widget-form-sent")
    (sent,) = chat.ops("send")
    assert sent["body"] == {
        "form": {
            "step": "offer.details",
            "values": {
                "name": "Kim Lee",
                "email": "kim@mail.example",
                "phone": "",
                "size": "2",
                "tour": "tour_3",
                "day": "2026-12-24",
                "budget": "",
                "guide": False,
                "wishes": "",
                "news": True,
            },
        }
    }


def test_every_field_brings_its_keyboard_and_says_what_it_is_about(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "bot", text="What is your name?", form=form_of(title="Your offer"))
    form = form_in(opened(visit()))
    expect(form.get_by_role("group", name="Your offer")).to_be_visible()
    expect(form.get_by_role("group", name="Group")).to_be_visible()
    expect(form.get_by_role("textbox", name="E-mail")).to_have_accessible_description(
        "For the offer, and for nothing else."
    )
    expect(form.get_by_text("(optional)")).to_have_count(3)
    kinds = form.locator("input, textarea, select").evaluate_all(
        "(all) => all.map((one) => [one.id || one.name, one.type, one.autocomplete, one.inputMode])"
    )
    assert [tuple(kind) for kind in kinds if kind[1] != "radio"] == [
        ("field-name", "text", "name", ""),
        ("field-email", "email", "email", ""),
        ("field-phone", "tel", "tel", ""),
        ("field-tour", "select-one", "", ""),
        ("field-day", "date", "", ""),
        ("field-budget", "text", "", "decimal"),
        ("field-wishes", "textarea", "", ""),
        ("field-news", "checkbox", "", ""),
    ]


def test_what_is_empty_is_told_under_its_field_and_nothing_is_sent(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "bot", text="Hello?", form=form_of(FIELDS[0], FIELDS[2], FIELDS[3]))
    page = opened(visit())
    form_in(page).get_by_role("button", name="Get the offer").click()
    name = form_in(page).get_by_role("textbox", name="What is your name?")
    expect(name).to_be_focused()
    expect(name).to_have_accessible_description("This is still empty. Fill it in to go on.")
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(form_in(page)).to_contain_text("Nothing is chosen yet. Choose one to go on.")
    settle(page)
    picture(page, "widget-form-empty")
    assert serious(page) == []
    assert chat.ops("send") == []
    name.fill("Kim")
    form_in(page).get_by_role("radio", name="3 people").check()
    name.press("Enter")
    expect(log_of(page).locator(".own .words")).to_have_text("What is your name? Kim\nGroup: 3 people")


WRONG = form_of(
    asked("email", "email", "E-mail", value="kim at mail"),
    asked("day", "date", "Day", value="next tuesday"),
    asked("guests", "number", "Guests", value="about 40", max=30),
    errors={
        "email": "That e-mail address has no @. What is it in full?",
        "day": "That is no day I know. Write it like 24.12.2026.",
        "guests": "That is no number up to 30. How many are you?",
    },
)


def test_what_was_wrong_comes_back_with_its_reason_and_nothing_is_lost(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "bot", text="Where can we reach you?", form=form_of(*WRONG["fields"]))
    chat.replies = lambda text: [{"text": "Some of it is not right yet.", "form": WRONG}]
    page = opened(visit())
    form_in(page).get_by_role("button").click()
    email = form_in(page).get_by_role("textbox", name="E-mail")
    expect(email).to_have_accessible_description("That e-mail address has no @. What is it in full?")
    expect(email).to_be_focused()
    fields = form_in(page).get_by_role("textbox")
    assert [field.input_value() for field in fields.all()] == ["kim at mail", "next tuesday", "about 40"]
    expect(form_in(page)).to_have_count(1)
    settle(page)
    picture(page, "widget-form-errors")
    assert serious(page) == []
    chat.replies = lambda text: []
    email.fill("kim@mail.example")
    form_in(page).get_by_role("button").click()
    expect(form_in(page)).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_form_fits_a_phone_by_day_and_by_night(world: BrowserContext, chat: PretendedChat, scheme: Any) -> None:
    long = "Donaudampfschifffahrtsgesellschaftskapitänsmützenfabrik " * 3
    fields = [*FIELDS[:4], asked("long", "choice", long, choices=[{"label": long, "value": "a"}, *SIZES], help=long)]
    chat.adds("message", "bot", text="What is your name?", form=form_of(*fields, title="Your offer"))
    page = world.new_page()
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{SHOP}/boots")
    opened(page)
    expect(form_in(page)).to_be_visible()
    settle(page)
    picture(page, f"widget-phone-form-{scheme}")
    expect(form_in(page).get_by_role("textbox", name="What is your name?")).to_be_in_viewport()
    assert serious(page) == []
    assert log_of(page).evaluate("(log) => log.scrollWidth <= log.clientWidth")
    name = form_in(page).get_by_role("textbox", name="What is your name?")
    assert float(name.evaluate("(field) => getComputedStyle(field).fontSize").removesuffix("px")) >= 16


def test_a_form_can_be_filled_in_by_keyboard_alone(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "bot", text="Hello?", form=form_of(FIELDS[0], FIELDS[3], FIELDS[9]))
    page = opened(visit())
    form_in(page).get_by_role("textbox").focus()
    page.keyboard.type("Kim")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(log_of(page).locator(".own .words")).to_contain_text("Kim")
    assert chat.ops("send")[0]["body"]["form"]["values"] == {"name": "Kim", "size": "3", "news": True}


def test_a_form_is_gone_once_something_else_is_said_and_not_there_again_later(
    visit: Visit, chat: PretendedChat
) -> None:
    chat.adds("message", "bot", text="What is your name?", form=form_of(FIELDS[0]))
    page = opened(visit())
    expect(form_in(page)).to_be_visible()
    write(page, "Kim")
    expect(form_in(page)).to_have_count(0)
    page.reload()
    expect(log_of(page)).to_contain_text("Kim")
    page.wait_for_timeout(200)
    expect(form_in(page)).to_have_count(0)


def test_a_form_that_is_not_taken_can_be_changed(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "bot", text="What is your name?", form=form_of(FIELDS[0]))
    page = opened(visit())
    chat.refusal = {"code": "malformed", "message": "It cannot be stored."}
    form_in(page).get_by_role("textbox").fill("Kim")
    form_in(page).get_by_role("button").click()
    log_of(page).get_by_role("button", name="Change it").click()
    expect(form_in(page).get_by_role("textbox")).to_have_value("Kim")
    expect(log_of(page).locator(".own")).to_have_count(0)


def test_a_question_that_may_be_skipped_offers_it(visit: Visit, chat: PretendedChat) -> None:
    chat.adds(
        "message", "bot", text="Your phone number?", options=[{"label": "Skip", "value": "__skip"}], step="offer.phone"
    )
    page = opened(visit())
    log_of(page).get_by_role("button", name="Skip").click()
    expect(log_of(page).locator(".own")).to_have_text("YouSkip")
    assert chat.ops("send")[0]["body"] == {"button": {"step": "offer.phone", "value": "__skip", "label": "Skip"}}


def test_words_in_a_form_are_words(visit: Visit, chat: PretendedChat) -> None:
    fields = [
        asked(f"f{at}", "choice" if at % 2 else "text", words, help=words, choices=[{"label": words, "value": words}])
        for at, words in enumerate(HOSTILE)
    ]
    errors = {field["name"]: field["label"] for field in fields}
    chat.adds(
        "message", "bot", text="Hello?", form=form_of(*fields, errors=errors, title=HOSTILE[0], submit=HOSTILE[1])
    )
    page = opened(visit())
    expect(form_in(page).get_by_role("button")).to_have_text(HOSTILE[1])
    assert page.locator("img, svg[onload], script:not([src])").count() == 0


def test_before_there_is_a_form_nothing_of_it_is_loaded(visit: Visit, chat: PretendedChat) -> None:
    chat.replies = lambda text: [{"text": "What is your name?", "form": form_of(FIELDS[0])}]
    loaded: list[str] = []
    page = visit()
    page.on("request", lambda request: loaded.append(request.url.rsplit("/", 1)[-1]))
    write(opened(page), "Hello")
    expect(form_in(page)).to_be_visible()
    assert [name for name in loaded if "." in name] == ["forms.js", "forms.css"]


# Nobody else's words do anything


def test_hostile_words_are_shown_as_words(visit: Visit, chat: PretendedChat, host: Host) -> None:
    host.title = HOSTILE[0].replace("<", "&lt;")
    for words in HOSTILE:
        chat.adds("message", "visitor", text=words)
        chat.adds("message", "bot", text=words, options=[{"label": words, "value": words}], step="s")
        chat.adds("message", "agent", words, text=words)
        chat.adds("accepted", "agent", name=words)
        chat.adds("message_left", "system", email=words)
    chat.standing = {"holder": "agent", "agent": HOSTILE[0], "department": HOSTILE[1]}
    chat.greeting = HOSTILE[1]
    chat.privacy_note = HOSTILE[0] + " [here](javascript:alert(11)) [there](/terms)"
    page = opened(visit())
    expect(log_of(page).locator(".words").nth(1)).to_have_text(HOSTILE[0])
    for at, words in enumerate(HOSTILE):
        for nth in (1, 2, 3):
            expect(log_of(page).locator(".words").nth(at * 3 + nth)).to_have_text(words, use_inner_text=False)
    assert page.evaluate("document.title") == HOSTILE[0]
    links = page.locator(".root").get_by_role("link")
    addresses = [link.get_attribute("href") or "" for link in links.all()]
    assert {re.match(r"[a-z]+:", address)[0] if ":" in address else address for address in addresses} == {  # type: ignore
        "https:",
        "/terms",
    }
    assert page.locator("img, svg[onload], script:not([src])").count() == 0
    picture(page, "widget-hostile")


def test_links_lead_away_and_give_nothing_away(visit: Visit, chat: PretendedChat) -> None:
    chat.adds(
        "message",
        "bot",
        text="See https://shop.test/a?b=1#c, (http://shop.test/x), tel:+4989123 or write to help@shop.test. "
        "Not data:text/html,x nor javascript:alert(1) nor //evil.test nor ftp://x.test",
    )
    page = opened(visit())
    links = log_of(page).get_by_role("link")
    expect(links).to_have_text(["https://shop.test/a?b=1#c", "http://shop.test/x", "tel:+4989123", "help@shop.test"])
    assert [link.get_attribute("href") for link in links.all()] == [
        "https://shop.test/a?b=1#c",
        "http://shop.test/x",
        "tel:+4989123",
        "mailto:help@shop.test",
    ]
    for link in links.all():
        assert link.get_attribute("rel") == "noopener noreferrer nofollow"
        assert link.get_attribute("target") == "_blank"


def test_the_widget_lives_on_a_page_that_has_bent_what_it_stands_on(
    visit: Visit, chat: PretendedChat, host: Host
) -> None:
    host.policy = ""
    host.body = """
        <style>* { color: red !important; display: block; font-size: 40px } button { all: unset }</style>
        <img name=createElement><img name=createElementNS><img name=querySelector><img name=body><img name=head>
        <form id=Parlour><input name=open></form><img name=documentElement><a id=localStorage></a><a id=fetch></a>
        <script>
          Object.prototype.x = function () { throw new Error("x was called"); };
          Array.prototype.y = 1;
        </script>"""
    chat.replies = lambda text: [{"text": "Still here."}]
    page = opened(visit())
    write(page, "Hello")
    expect(log_of(page)).to_contain_text("Still here.")
    expect(log_of(page).locator(".own")).to_have_text("YouHello")
    picture(page, "widget-bent-page")


def test_messages_of_other_frames_are_nobodys_business(visit: Visit, chat: PretendedChat) -> None:
    page = visit()
    page.evaluate("postMessage({op: 'events', type: 'parlour', open: true}, '*')")
    expect(dialog_of(page)).to_be_hidden()


# For everybody


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_conversation_reads_well_by_day_and_by_night(visit: Visit, chat: PretendedChat, scheme: Any) -> None:
    long_talk(chat)
    page = visit()
    page.emulate_media(color_scheme=scheme)
    opened(page)
    expect(log_of(page)).to_contain_text("Down to −15 °C")
    expect(log_of(page).locator(".own").last).to_contain_text("Read")
    settle(page)
    picture(page, f"widget-talk-{scheme}")
    assert serious(page) == []


def test_nothing_keeps_a_screen_reader_or_a_weak_eye_out(visit: Visit, chat: PretendedChat) -> None:
    chat.triggers, chat.shown = [HELP], SPOKEN
    page = visit()
    expect(bubble_of(page)).to_be_visible()
    settle(page)
    assert serious(page) == []
    chat.refusal = {"code": "malformed", "message": "It cannot be stored."}
    opened(page)
    write(page, "x")
    page.get_by_role("textbox", name="Message").press("Enter")
    expect(page.get_by_role("alert")).not_to_be_empty()
    settle(page)
    assert serious(page) == []


@pytest.mark.parametrize("color", ["#ffd400", "#0a7d4b", "#e5007d", "#9aa", "#c60"])
def test_words_on_the_sites_own_colour_can_be_read(visit: Visit, chat: PretendedChat, color: str) -> None:
    chat.look["color"] = color
    chat.adds("message", "visitor", text="Hello")
    page = opened(visit())
    expect(log_of(page)).to_contain_text("Hello")
    settle(page)
    if color == "#ffd400":
        picture(page, "widget-yellow")
    assert serious(page) == []


def test_everything_can_be_reached_by_keyboard_and_the_page_hears_none_of_it(
    visit: Visit, chat: PretendedChat, host: Host
) -> None:
    host.body = "<main><button>Buy</button></main>"
    page = visit()
    page.evaluate("window.keys = []; addEventListener('keydown', (event) => keys.push(event.key))")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Buy")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Open chat")).to_be_focused()
    page.keyboard.press("Enter")
    field = page.get_by_role("textbox", name="Message")
    expect(field).to_be_focused()
    page.keyboard.type("Hello")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Send")).to_be_focused()
    page.keyboard.press("Enter")
    expect(log_of(page)).to_contain_text("Hello")
    page.keyboard.press("Shift+Tab")
    expect(log_of(page)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Open chat")).to_be_focused()
    assert page.evaluate("keys") == ["Tab", "Tab"]


def test_on_a_phone_it_has_the_whole_screen_and_gives_it_back(
    world: BrowserContext, chat: PretendedChat, host: Host
) -> None:
    host.body = "<main><h1>Boots</h1><p style='height: 3000px'>Warm and dry.</p></main>"
    long_talk(chat)
    page = world.new_page()
    page.set_viewport_size({"width": 360, "height": 640})
    page.goto(f"{SHOP}/boots")
    opened(page)
    expect(log_of(page)).to_contain_text("Down to −15 °C")
    settle(page)
    box = dialog_of(page).bounding_box()
    assert box == {"x": 0, "y": 0, "width": 360, "height": 640}
    expect(page.get_by_role("button", name="Close chat")).to_have_count(1)
    assert page.evaluate(
        "document.querySelector('parlour-widget').shadowRoot.querySelector('dialog').matches(':modal')"
    )
    picture(page, "widget-phone")
    assert serious(page) == []
    page.get_by_role("button", name="Close chat").click()
    expect(page.get_by_role("button", name="Open chat")).to_be_focused()
    page.reload()
    expect(page.get_by_role("button", name="Open chat")).to_be_visible()
    expect(dialog_of(page)).to_be_hidden()


def test_a_bubble_fits_a_narrow_phone(world: BrowserContext, chat: PretendedChat) -> None:
    chat.triggers = [HELP]
    chat.shown = {**SPOKEN, "say": "Donaudampfschifffahrtsgesellschaftskapitänsmütze? " * 4}
    page = world.new_page()
    page.set_viewport_size({"width": 320, "height": 568})
    page.goto(f"{SHOP}/boots")
    expect(bubble_of(page)).to_be_visible()
    settle(page)
    picture(page, "widget-phone-bubble")
    box = bubble_of(page).bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 320
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_long_names_and_long_words_stay_inside(visit: Visit, chat: PretendedChat) -> None:
    name = "Dr. Maximiliane-Theodora von und zu Hohenstein-Waldburg"
    chat.adds("message", "visitor", text="W" * 300)
    chat.adds("message", "agent", name, text="https://shop.test/" + "x" * 200)
    chat.adds(
        "message",
        "bot",
        text="Choose",
        options=[{"label": "word " * 20, "value": "a"}, {"label": "Y" * 80, "value": "b"}],
        step="s",
    )
    chat.standing = {"holder": "agent", "agent": name, "department": "Reklamationen, Rücksendungen und Ersatzteile"}
    page = opened(visit())
    expect(log_of(page)).to_contain_text("Choose")
    settle(page)
    picture(page, "widget-long-names")
    assert page.evaluate("""() => {
        const root = document.querySelector("parlour-widget").shadowRoot;
        const parts = ["dialog", ".log", ".head"].map((part) => root.querySelector(part));
        return parts.every((part) => part.scrollWidth <= part.clientWidth);
    }""")


def test_german_visitors_are_spoken_to_in_german(visit: Visit, chat: PretendedChat) -> None:
    chat.language = "de"
    page = visit(launcher="Chat öffnen")
    page.get_by_role("button", name="Chat öffnen").click()
    expect(page.get_by_role("textbox", name="Nachricht")).to_be_focused()
    page.get_by_role("button", name="Mit einem Menschen sprechen").click()
    expect(page.get_by_role("log", name="Unterhaltung")).to_contain_text("Mit einem Menschen sprechen")
    chat.stands(holder="queue", place=2)
    expect(dialog_of(page)).to_contain_text("Sie sind Nummer 2 in der Reihe")
    settle(page)
    picture(page, "widget-german")


def test_what_is_written_from_the_right_stands_on_the_right(visit: Visit, chat: PretendedChat) -> None:
    chat.language = "ar"
    chat.adds("message", "visitor", text="مرحبا")
    chat.adds("message", "bot", text="كيف يمكنني المساعدة؟", options=[{"label": "طلب", "value": "a"}], step="s")
    page = opened(visit())
    expect(log_of(page)).to_contain_text("مرحبا")
    settle(page)
    picture(page, "widget-from-the-right")
    own, other = log_of(page).locator(".own").bounding_box(), log_of(page).locator(".message").last.bounding_box()
    assert own is not None
    assert other is not None
    assert own["x"] < other["x"]


def test_in_the_other_corner_it_opens_there(visit: Visit, chat: PretendedChat) -> None:
    chat.look["position"] = "bottom_left"
    page = opened(visit())
    settle(page)
    box = dialog_of(page).bounding_box()
    assert box is not None
    assert box["x"] == 20


def test_nothing_moves_for_who_does_not_want_it_and_nothing_is_printed(visit: Visit) -> None:
    page = visit()
    page.emulate_media(reduced_motion="reduce")
    opened(page)
    assert (
        page.evaluate(
            "getComputedStyle(document.querySelector('parlour-widget').shadowRoot.querySelector('dialog')).animationDuration"
        )
        == "0s"
    )
    page.emulate_media(media="print")
    expect(page.locator(".root")).to_be_hidden()


# What the page may ask


def test_the_page_opens_closes_hides_and_shows(visit: Visit) -> None:
    page = visit()
    page.evaluate("Parlour.open()")
    expect(dialog_of(page)).to_be_visible()
    page.evaluate("Parlour.close()")
    expect(dialog_of(page)).to_be_hidden()
    page.evaluate("Parlour.hide()")
    expect(page.get_by_role("button", name="Open chat")).to_be_hidden()
    page.evaluate("Parlour.show()")
    expect(page.get_by_role("button", name="Open chat")).to_be_visible()


def test_what_the_page_asks_before_the_widget_is_there_is_done_then(world: BrowserContext, host: Host) -> None:
    host.policy = ""
    host.body = f"""<main></main><script src="{CHAT}/widget.js"></script><script>Parlour.open()</script>"""
    page = world.new_page()
    page.goto(f"{SHOP}/boots")
    expect(dialog_of(page)).to_be_visible()
    assert page.locator("parlour-widget").count() == 1


def test_a_server_that_is_away_leaves_the_page_in_peace_and_is_asked_again(
    world: BrowserContext, chat: PretendedChat
) -> None:
    chat.reachable = False
    page = world.new_page()
    page.clock.install()
    failed: list[str] = []
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.goto(f"{SHOP}/boots")
    page.clock.run_for(3_000)
    expect(page.get_by_role("button", name="Open chat")).to_have_count(0)
    chat.reachable = True
    page.clock.run_for(60_000)
    expect(page.get_by_role("button", name="Open chat")).to_be_visible()
    assert failed == []
