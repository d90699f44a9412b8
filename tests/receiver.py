"""A real server on loopback that hears what we send out, and misbehaves when told to."""

import json
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook as Verifier

Behaviour = Callable[["Request"], None]


@dataclass(frozen=True)
class Heard:
    """One request, as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    def verified(self, key: str) -> Any:
        """Returns the message if its signature is of this key; raises WebhookVerificationError."""
        return Verifier(key).verify(self.body, self.headers)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def message(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """`behaves` answers each request; what was answered well is in `heard`, everything that came in `came`."""

    behaves: Behaviour = field(default_factory=lambda: answering(200))
    heard: list[Heard] = field(default_factory=list)
    came: list[Heard] = field(default_factory=list)
    secure: ssl.SSLContext | None = None
    port: int = 0
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/parlour"

    def start(self) -> "Receiver":
        """Listens, after the first time on the same port."""
        server = ThreadingHTTPServer(("127.0.0.1", self.port), Request)
        server.daemon_threads = True
        server.receiver = self  # type: ignore[attr-defined]
        if self.secure:
            server.socket = self.secure.wrap_socket(server.socket, server_side=True)
        self.port = server.server_address[1]
        self._server = server
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Listens no more: whoever calls is refused."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class Request(BaseHTTPRequestHandler):
    """Keeps a request and lets the receiver behave."""

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        heard = Heard(self.path, {name.lower(): value for name, value in self.headers.items()}, self.rfile.read(length))
        receiver: Receiver = self.server.receiver  # type: ignore[attr-defined]
        receiver.came.append(heard)
        self._heard = heard
        with suppress(OSError):  # Whoever called has heard enough.
            receiver.behaves(self)

    def accept(self) -> None:
        """Takes the request as heard; before it is answered, so that whoever is answered finds it there."""
        receiver: Receiver = self.server.receiver  # type: ignore[attr-defined]
        receiver.heard.append(self._heard)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


def answering(status: int, **headers: str) -> Behaviour:
    def answer(request: Request) -> None:
        if status < 300:
            request.accept()
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return answer


def silent(request: Request) -> None:
    """Takes the request and says nothing until the other side has had enough."""
    request.connection.recv(1)


def trickling(request: Request) -> None:
    """Never ends its answer, and never is quite silent."""
    request.wfile.write(b"HTTP/1.1 200 ")
    while True:
        request.wfile.write(b"O")
        time.sleep(0.02)


def talking_nonsense(request: Request) -> None:
    request.wfile.write(b"\x00\xff SECRET of the inside\r\n\r\n" * 10)


def without_end(request: Request) -> None:
    """Answers well, and then with 50 MB."""
    request.accept()
    request.send_response(200)
    request.end_headers()
    for _ in range(50):
        request.wfile.write(b"x" * 1_000_000)
