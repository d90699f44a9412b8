"""Asks an action server over HTTP: one deadline for all of it, a limit on the answer, and no redirects.

    client = Client(address_of("http://127.0.0.1:5055/webhook"), clock=monotonic, sleep=sleep, chance=random)
    answer = client.call("action_look_up_order", body, within=10.0)

The address is the operator's and trusted. What it answers is not.
"""

import io
import json
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from socket import SHUT_RDWR, create_connection, socket
from typing import Any, Literal
from urllib.parse import urlsplit

from bot.actions.breaker import Breaker

MOST_BYTES = 1_000_000
"""Of an answer, with its headers."""
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 1.0
"""Seconds between tries while connections are refused; up to as much again is added by chance."""
LIST_TAKES = 3.0
_PIECE = 64 * 1024

Reason = Literal["timeout", "refused", "error", "missing", "rejected"]


class Failed(Exception):
    """The action did not come to an answer. The text is for the log and holds nothing a visitor said."""

    def __init__(self, reason: Reason, words: str):
        super().__init__(words)
        self.reason: Reason = reason
        self.words = words


class NotAnAddress(ValueError):
    """The text says what to write."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where actions are called, and where their names are listed."""

    host: str
    port: int
    secure: bool
    webhook: str
    actions: str
    secret: str = ""
    """What our own server wants to see."""

    @property
    def authority(self) -> str:
        """Returns host and port as a header names them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def address_of(url: str) -> Address:
    """Returns the address an operator gave, with or without Rasa's `/webhook` at its end; raises NotAnAddress."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or not url.isprintable():
        raise NotAnAddress("The address of an action server looks like http://actions.internal:5055/webhook")
    base = parts.path.removesuffix("/").removesuffix("/webhook")
    query = f"?{parts.query}" if parts.query else ""
    secure = parts.scheme == "https"
    return Address(
        parts.hostname, port or (443 if secure else 80), secure, f"{base}/webhook{query}", f"{base}/actions{query}"
    )


class Client:
    """Calls the actions of one server. Each call has a connection of its own and stops at its deadline."""

    def __init__(
        self,
        address: Address,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        chance: Callable[[], float],
    ):
        self.address = address
        self._clock = clock
        self._sleep = sleep
        self._chance = chance
        self._breaker = Breaker(clock)

    def call(self, action: str, body: Mapping[str, Any], *, within: float) -> Any:
        """Returns the JSON an action answers with; raises Failed at the latest when `within` seconds are over."""
        if not self._breaker.lets_through(action):
            raise Failed("refused", "it failed several times in a row and is left alone for a while")
        try:
            answer = self._call(action, body, self._clock() + within)
        except Failed as failed:
            self._breaker.note(action, failed=failed.reason in ("timeout", "refused", "error"))
            raise
        self._breaker.note(action, failed=False)
        return answer

    def names(self, *, within: float = LIST_TAKES) -> frozenset[str]:
        """Returns the names of the actions the server has; raises Failed."""
        status, content = self._ask("GET", self.address.actions, b"", self._clock() + within)
        listed = _json(content) if status == 200 else None
        if not isinstance(listed, list):
            raise Failed("error", f"asked for its actions it answered {status}")
        return frozenset(str(each["name"]) for each in listed if isinstance(each, Mapping) and "name" in each)

    def _call(self, action: str, body: Mapping[str, Any], until: float) -> Any:
        sent = json.dumps(body, ensure_ascii=True, separators=(",", ":")).encode()
        status, content = self._ask("POST", self.address.webhook, sent, until)
        if status == 200:
            return _json(content)
        if status == 404:
            raise Failed("missing", f"the action server has no action '{action}'")
        if status == 400 and _is_rejection(content):
            raise Failed("rejected", "the action declined")
        # What a 500 says may echo the whole request, so it is not repeated.
        raise Failed("error", f"the action server answered {status}")

    def _ask(self, method: str, path: str, body: bytes, until: float) -> tuple[int, bytes]:
        try:
            with _closing(self._connect(until)) as connection:
                return self._exchange(connection, self._request(method, path, body), method, until)
        except TimeoutError as late:
            raise Failed("timeout", "it did not answer in time") from late
        except (OSError, HTTPException, ValueError) as broken:
            raise Failed("error", f"the answer could not be read ({type(broken).__name__})") from broken

    def _connect(self, until: float) -> socket:
        pause = FIRST_PAUSE
        while True:
            try:
                plain = create_connection((self.address.host, self.address.port), _left(until, self._clock))
            except ConnectionRefusedError as refused:
                # Nothing was sent, so trying again cannot do anything twice.
                wait = pause * (1 + self._chance())
                if self._clock() + wait >= until:
                    raise Failed("refused", "nothing listens at its address") from refused
                self._sleep(wait)
                pause = min(pause * 2, LONGEST_PAUSE)
                continue
            if not self.address.secure:
                return plain
            plain.settimeout(_left(until, self._clock))
            return ssl.create_default_context().wrap_socket(plain, server_hostname=self.address.host)

    def _request(self, method: str, path: str, body: bytes) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.address.authority}", "Accept: application/json"]
        lines += ["Connection: close"]
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"] if method == "POST" else []
        lines += [f"Authorization: Bearer {self.address.secret}"] if self.address.secret else []
        return "\r\n".join([*lines, "", ""]).encode() + body

    def _exchange(self, connection: socket, request: bytes, method: str, until: float) -> tuple[int, bytes]:
        connection.settimeout(_left(until, self._clock))
        connection.sendall(request)
        response = HTTPResponse(_Reading(connection, until, self._clock), method=method)  # type: ignore[arg-type]
        response.begin()
        content = bytearray()
        while piece := response.read1(_PIECE):
            content += piece
        if response.length:
            raise HTTPException("the answer broke off")
        return response.status, bytes(content)


class _Reading(io.RawIOBase):
    """What a response is read from: every byte of it, headers too, counts and is in time."""

    def __init__(self, connection: socket, until: float, clock: Callable[[], float]):
        self._connection = connection
        self._until = until
        self._clock = clock
        self._room = MOST_BYTES

    def makefile(self, *_: Any, **__: Any) -> io.BufferedReader:
        """Stands in for the socket's own, which knows no deadline."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connection.settimeout(_left(self._until, self._clock))
        count = self._connection.recv_into(buffer)
        self._room -= count
        if self._room < 0:
            raise HTTPException("the answer is too long")
        return count


class _closing:
    """Ends a connection, even one whose other side goes on sending."""

    def __init__(self, connection: socket):
        self._connection = connection

    def __enter__(self) -> socket:
        return self._connection

    def __exit__(self, *_: Any) -> None:
        with suppress(OSError):
            self._connection.shutdown(SHUT_RDWR)
        self._connection.close()


def _left(until: float, clock: Callable[[], float]) -> float:
    left = until - clock()
    if left <= 0:
        raise TimeoutError
    return left


def _json(content: bytes) -> Any:
    try:
        return json.loads(content, parse_constant=_no_number)
    except (ValueError, RecursionError) as broken:
        raise Failed("error", "the answer is no JSON") from broken


def _no_number(written: str) -> Any:
    raise ValueError(written)


def _is_rejection(content: bytes) -> bool:
    try:
        said = _json(content)
    except Failed:
        return False
    return isinstance(said, Mapping) and bool(said.get("action_name"))
