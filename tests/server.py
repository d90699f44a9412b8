"""The real server as a child process, and clients that speak its protocol over real sockets."""

import json
import os
import re
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, fields
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from tests.prepared import Process, prepared
from tests.sockets import open_socket, received
from web.limits import Rates

START_TAKES = 40
ANSWER_TAKES = 30
NO_LIMITS = {
    "web.limits:Rates.__init__.__defaults__": [None] * len(fields(Rates)),
    "web.parts:BURST": 10**9,
}
"""For `Server.tuned`: whoever does much on purpose is not held up."""


def rates(**other: str | int | None) -> dict[str, Any]:
    """For `Server.tuned`: the usual limits but for these."""
    return {"web.limits:Rates.__init__.__defaults__": [other.get(each.name, each.default) for each in fields(Rates)]}


_ADDRESS = re.compile(r"Panel\s+(http://\S+)/panel/")
_LINK = re.compile(r"(http://\S+/panel/first/\S+)")


@dataclass
class Server:
    """A running `parlour serve`."""

    site: Path
    database_url: str
    port: int = 0
    options: tuple[str, ...] = ()
    tuned: dict[str, Any] = field(default_factory=dict)
    descriptors: int | None = None
    """Both as `tests/prepared.py` takes them."""
    otherwise: dict[str, Any] | None = None
    """What `tests/faults/child.py` makes different in it."""
    process: Process | None = None
    log: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "Server":
        """Starts it and returns once it answers; after the first time on the same port."""
        self.output = self.site.parent / f"server-{uuid4().hex[:8]}.log"
        self.output.touch()
        command = ["serve", str(self.site), "--port", str(self.port), "--database", self.database_url, *self.options]
        self.process = self.launch(command)
        wait_for(lambda: _ADDRESS.search(self.output.read_text()) or self._ended(), START_TAKES)
        found = _ADDRESS.search(self.output.read_text())
        assert found, self.output.read_text()
        self.port = int(found[1].rsplit(":", 1)[1])
        return self

    def launch(self, command: list[str]) -> Process:
        """Starts the process."""
        return prepared().start(
            command, output=self.output, tuned=self.tuned, descriptors=self.descriptors, otherwise=self.otherwise
        )

    def kill(self) -> None:
        """Kills the server and its worker as a power cut would."""
        assert self.process is not None, "was never started"
        if not self.process.has_ended():
            os.killpg(self.process.pid, signal.SIGKILL)
        assert self.process.has_ended(within=10)
        wait_for(lambda: not self.listens(), 10)  # Its worker may take a moment longer to be gone.

    def listens(self) -> bool:
        with socket.socket() as probe:
            return bool(self.port) and probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        """Asks the server to end."""
        if self.process is None or self.process.has_ended():
            return
        os.kill(self.process.pid, signal.SIGTERM)
        if not self.process.has_ended(within=15):
            self.kill()

    @property
    def first_link(self) -> str:
        """The one-time link that makes the first account."""
        found = _LINK.search(self.output.read_text())
        assert found, self.output.read_text()
        return found[1]

    def _ended(self) -> bool:
        return self.process is not None and self.process.has_ended()

    def get(self, path: str, **headers: str) -> "Answer":
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, *, raw: bytes | None = None, **headers: str) -> "Answer":
        sent = raw if raw is not None else json.dumps(body if body is not None else {}).encode()
        return self.ask("POST", path, sent, **{"Content-Type": "application/json", **headers})

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> "Answer":
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.address + path, data=body, headers=named, method=method)
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_TAKES) as answer:
                return Answer(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as refused:
            return Answer(refused.code, dict(refused.headers), refused.read())

    def view(self, path: str = "/", *, token: str | None = None, **more: Any) -> dict[str, Any]:
        """Looks at a page as the widget does, and returns what it is told."""
        page = {"page": path, "page.path": path, "page.url": f"{self.address}{path}", "page.title": "A page"}
        body = {"facts": {**page, "device": "desktop", "visits": 1, "returning": False}, "languages": ["en"]}
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = self.post("/widget/view", {**body, **more}, Origin=self.address, **headers)
        assert answer.status == 200, answer.body
        return answer.json()

    def visitor(self, *, port: int | None = None) -> "VisitorLine":
        """A new visitor with a socket open, through a proxy's port if one is given."""
        return VisitorLine(self, self.view()["token"], port=port)

    @property
    def worker(self) -> int:
        """The id of the process that serves."""
        assert self.process is not None, "was never started"
        mine = Path(f"/proc/{self.process.pid}")
        children = (mine / "task" / mine.name / "children").read_text().split()
        like_me = (each for each in children if _words(Path("/proc") / each) == _words(mine))
        return int(next(like_me))

    @property
    def open_sockets(self) -> int:
        """How many sockets the worker has open, those it listens on included."""
        found = 0
        for descriptor in Path(f"/proc/{self.worker}/fd").iterdir():
            with suppress(OSError):  # Closed since it was listed.
                found += os.readlink(descriptor).startswith("socket:")
        return found

    @property
    def memory(self) -> int:
        """The bytes the worker keeps in memory."""
        return int(Path(f"/proc/{self.worker}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _words(process: Path) -> bytes:
    return (process / "cmdline").read_bytes()


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class VisitorLine:
    """A visitor's socket, and the outbox that survives it."""

    def __init__(self, server: Server, token: str, *, port: int | None = None, connects: bool = True):
        """`port`: of a proxy that the socket goes through."""
        self.server = server
        self.token = token
        self.port = port
        self.conversation: str | None = None
        self.outbox: dict[str, dict[str, Any]] = {}
        self.acked: dict[str, int] = {}
        self.events: dict[int, dict[str, Any]] = {}
        self.frames: list[dict[str, Any]] = []
        self.epoch: str | None = None
        if connects:
            self.connect()

    def connect(self) -> None:
        address = f"http://127.0.0.1:{self.port}" if self.port else self.server.address
        url = address.replace("http", "ws", 1) + "/widget/socket"
        self.socket = open_socket(url, self.server.address, f"tok.{self.token}")
        self.tell(op="resume", conversation=self.conversation, after=max(self.events, default=0))
        self.until(lambda: any(frame["op"] == "welcome" for frame in self.frames))
        for frame in list(self.outbox.values()):
            self.tell(**frame)

    def reconnect(self) -> None:
        """Comes back after the line broke: resumes, then resends what was not acknowledged, oldest first."""
        self.frames.clear()
        self.connect()

    def say(self, text: str, *, client_id: str | None = None) -> str:
        """Sends without waiting; returns the client id."""
        client_id = client_id or uuid4().hex
        frame = {"op": "send", "conversation": self.conversation, "client_id": client_id, "body": {"text": text}}
        self.outbox[client_id] = frame
        self.tell(**frame)
        return client_id

    def says(self, text: str) -> int:
        """Sends, waits for the acknowledgement and returns its number."""
        client_id = self.say(text)
        self.until(lambda: client_id in self.acked)
        return self.acked[client_id]

    def tell(self, **frame: Any) -> None:
        self.socket.send(json.dumps(frame))

    def hears(self, text: str) -> dict[str, Any]:
        """Waits until somebody says this."""
        self.until(lambda: any(event["body"].get("text") == text for event in self.events.values()))
        return next(event for event in self.events.values() if event["body"].get("text") == text)

    def texts(self) -> list[str]:
        return [self.events[seq]["body"]["text"] for seq in sorted(self.events) if "text" in self.events[seq]["body"]]

    def until(self, done: Callable[[], Any]) -> None:
        """Takes frames until something holds; fails when it does not in time."""
        end = time.monotonic() + ANSWER_TAKES
        while not done():
            assert time.monotonic() < end, f"not heard in time; heard {self.frames[-5:]}"
            self.take(timeout=0.2)

    def take(self, *, timeout: float) -> None:
        raw = received(self.socket, timeout=timeout)
        if raw is None:
            return
        frame = json.loads(raw)
        self.frames.append(frame)
        if frame["op"] == "welcome":
            self._loads_anew_if(frame["epoch"] != self.epoch is not None)
            self.epoch = frame["epoch"]
        elif frame["op"] == "ack":
            self.acked[frame["client_id"]] = frame["seq"]
            self.outbox.pop(frame["client_id"], None)
            self.conversation = frame["conversation"]
        elif frame["op"] == "events":
            self.conversation = frame["conversation"]
            if frame["events"] and frame["events"][0]["seq"] > max(self.events, default=0) + 1:
                self.tell(op="resume", conversation=self.conversation, after=max(self.events, default=0))
                return
            for event in frame["events"]:
                assert event == self.events.setdefault(event["seq"], event), "a number was used twice"

    def _loads_anew_if(self, replaced: bool) -> None:
        """Drops what was heard of another record, and asks for all there is of this one."""
        if replaced:
            self.events.clear()
            self.tell(op="resume", conversation=self.conversation, after=0)

    def close(self) -> None:
        try:
            self.socket.close()
        except (ConnectionClosed, OSError):
            return


def closing(socket: ClientConnection) -> tuple[int, str]:
    """Reads until the other side closes; returns the number and the words it closes with."""
    end = time.monotonic() + ANSWER_TAKES
    while time.monotonic() < end:
        try:
            received(socket, timeout=0.2)
        except ConnectionClosed as closed:
            return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")
    raise AssertionError("the socket stayed open")


def wait_for(done: Callable[[], Any], seconds: float) -> None:
    """Looks again and again until something holds; the caller says what it means when it never does."""
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        time.sleep(0.05)


def running(server: Server) -> Iterator[Server]:
    """Yields the started server and ends it, without ceremony: what is acknowledged is stored."""
    try:
        yield server.start()
    finally:
        server.kill()


class AgentLine:
    """A panel: signed in over HTTP, with a socket open."""

    def __init__(self, server: Server, email: str, password: str):
        self.server = server
        self.cookies = CookieJar()
        self._browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies), _Stay())
        form = self.ask("GET", "/panel/login").body.decode()
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)
        assert token, form
        entry = {"email": email, "password": password, "csrf_token": token[1]}
        signed = self.ask("POST", "/panel/login", urlencode(entry).encode(), Origin=server.address)
        assert signed.status in (302, 303), signed.body
        page = self.ask("GET", "/panel/").body.decode()
        found = re.search(r'name="csrf-token" content="([^"]+)"', page)
        assert found, page
        self.csrf = found[1]
        self.frames: list[dict[str, Any]] = []
        self.raw: list[str] = []
        self.connect()

    def connect(self) -> None:
        ticket = self.ask("POST", "/panel/ticket", b"", X_CSRFToken=self.csrf, Origin=self.server.address).json()[
            "ticket"
        ]
        url = self.server.address.replace("http", "ws") + "/panel/socket"
        self.ticket = ticket
        self.socket = open_socket(url, self.server.address, f"tic.{ticket}", Cookie=self.cookie)
        self.until(lambda: self.last("welcome"))

    @property
    def cookie(self) -> str:
        return "; ".join(f"{each.name}={each.value}" for each in self.cookies)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.server.address + path, data=body, headers=named, method=method)
        try:
            with self._browser.open(request, timeout=ANSWER_TAKES) as answer:
                return Answer(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as refused:
            return Answer(refused.code, dict(refused.headers), refused.read())

    def op(self, **frame: Any) -> Answer:
        """The same operation over HTTP."""
        headers = {"Content-Type": "application/json", "X-CSRFToken": self.csrf, "Origin": self.server.address}
        return self.ask("POST", "/panel/op", json.dumps(frame).encode(), **headers)

    def tell(self, **frame: Any) -> None:
        self.socket.send(json.dumps(frame))

    def last(self, op: str, **fields: Any) -> dict[str, Any] | None:
        """Returns the latest frame of this kind with these fields."""
        matching = (f for f in reversed(self.frames) if f["op"] == op and fields.items() <= f.items())
        return next(matching, None)

    def until(self, done: Callable[[], Any]) -> Any:
        """Takes frames until something holds, and returns it."""
        end = time.monotonic() + ANSWER_TAKES
        while not (found := done()):
            assert time.monotonic() < end, f"not heard in time; heard {self.frames[-5:]}"
            self.take(timeout=0.2)
        return found

    def take(self, *, timeout: float) -> None:
        raw = received(self.socket, timeout=timeout)
        if raw is not None:
            self.raw.append(raw)
            self.frames.append(json.loads(raw))

    def sees_waiting(self) -> str:
        """Waits until somebody waits and returns the conversation."""
        return self.until(lambda: next((row["id"] for row in (self.last("queue") or {"waiting": []})["waiting"]), None))

    def accepts(self, conversation: str) -> int:
        self.tell(op="watch", conversation=conversation, after=0)
        self.tell(op="accept", conversation=conversation, client_id=f"accept-{conversation}")
        return int(self.until(lambda: self.last("ack", client_id=f"accept-{conversation}"))["seq"])


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect, so that a test sees it."""

    def redirect_request(self, *_: Any) -> None:
        return None
