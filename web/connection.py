"""One socket: the only code that knows how bytes travel.

flask-sock makes the handshake; reading, writing, limits and closing happen here, with wsproto as the codec
(RFC 6455) of all but the ordinary frame (`web/ordinary.py`). One greenlet reads. A write goes straight to the kernel;
only what does not fit waits in a bounded queue for a writer of its own, so that a slow reader costs nobody else
anything.
"""

import os
import socket
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any

from simple_websocket import Server
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage
from wsproto.utilities import LocalProtocolError

from web.bodies import MAX_BODY
from web.ordinary import OrdinaryFrames, frame_of

PROTOCOL = "chat.v1"
READ_AT_ONCE = 16 * 1024
QUEUE_BYTES = 256 * 1024
"""What may wait for a slow reader before it is sent away."""
SEND_DEADLINE = 20.0
"""Seconds a slow reader has to take what is queued."""
CLOSE_DEADLINE = 2.0
"""Seconds the other side has to answer a close."""
SILENCE_DEADLINE = 60.0
"""Seconds without a sign of life after which the other side is taken to be gone."""

NOT_TEXT, TOO_BIG, RESTART, TOO_SLOW, SILENT = 1003, 1009, 1012, 1013, 4408

Spawn = Callable[[Callable[[], None]], Any]


class Closed(Exception):
    """The socket is closed; nothing more can be heard or said."""


class Unstarted:
    """Stands where simple-websocket would start a thread of its own to read: here the handler reads."""

    name = "unstarted"

    def __init__(self, target: Callable[[], None]):
        self._target = target

    def start(self) -> None:
        """Does nothing."""


SERVER_OPTIONS = {"thread_class": Unstarted, "subprotocols": [PROTOCOL]}
"""For `SOCK_SERVER_OPTIONS`."""


class Connection:
    """What a handler holds: `receive()` and `send()`; safe to send to from several greenlets."""

    __slots__ = (
        "_closing_since",
        "_codec",
        "_fd",
        "_heard_at",
        "_inbox",
        "_ordinary",
        "_part",
        "_queue",
        "_queued",
        "_socket",
        "_spawn",
        "_ws",
    )

    slow_readers = 0
    """How many this process has sent away for being too slow."""

    def __init__(self, ws: Server, *, spawn: Spawn):
        self._ws = ws
        self._codec = ws.ws
        self._socket: socket.socket = ws.sock
        self._fd = ws.sock.fileno()
        self._spawn = spawn
        self._inbox: deque[str] = deque(ws.input_buffer)
        self._ordinary = OrdinaryFrames()
        self._part: list[str] = []
        self._queue: deque[bytes] = deque()
        self._queued = 0
        self._heard_at = monotonic()
        self._closing_since: float | None = None

    @property
    def is_open(self) -> bool:
        """Returns whether anything can still be said."""
        return self._closing_since is None

    def receive(self) -> str:
        """Returns the next message; raises Closed when there is none to come."""
        while not self._inbox:
            if not self._ws.connected:
                raise Closed
            self._read()
        return self._inbox.popleft()

    def send(self, *messages: str) -> None:
        """Says these, in this order, without waiting. To a closed socket nothing is said."""
        if self._closing_since is not None:
            return
        self._push(b"".join([frame_of(message) for message in messages]))

    def ping(self) -> None:
        """Asks for a sign of life, and ends a connection that gave none or does not finish closing."""
        now = monotonic()
        if self._closing_since is not None:
            if now - self._closing_since > CLOSE_DEADLINE:
                self._drop()
        elif now - self._heard_at > SILENCE_DEADLINE:
            self.close(SILENT, "no sign of life")
        else:
            self._push(self._codec.send(Ping()))

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Says goodbye with a number and waits for the other side's in the reading greenlet."""
        if self._closing_since is not None:
            return
        try:
            self._push(self._codec.send(CloseConnection(code, reason or None)))
        except LocalProtocolError:
            self._drop()
        self._closing_since = monotonic()

    def finish(self) -> None:
        """Waits for the other side to close too, and gives the socket back. For the end of the handler."""
        self.close()
        try:
            self._socket.settimeout(CLOSE_DEADLINE)
            while self._ws.connected:
                self._read()
        finally:
            self._ws.connected = False
            self._socket.close()

    def _read(self) -> None:
        try:
            data = self._socket.recv(READ_AT_ONCE)
        except OSError:
            data = b""
        if not data:
            self._over()
            return
        self._heard_at = monotonic()
        text = self._ordinary.text_of(data)
        if text is not None and self._closing_since is None:
            self._keep(text)
            return
        self._codec.receive_data(data)
        for event in self._codec.events():
            self._take(event)

    def _take(self, event: Any) -> None:
        match event:
            case TextMessage():
                self._take_text(event)
            case Ping():
                if self._closing_since is None:
                    self._push(self._codec.send(event.response()))
            case Pong():
                pass
            case BytesMessage():
                self.close(NOT_TEXT, "text only")
            case CloseConnection():
                if self._closing_since is None:
                    self._push(self._codec.send(event.response()))
                self._over()

    def _take_text(self, event: TextMessage) -> None:
        if self._closing_since is not None:
            return
        if event.message_finished and not self._part:
            self._keep(event.data)
            return
        self._part.append(event.data)
        if sum(map(len, self._part)) > MAX_BODY:
            self.close(TOO_BIG, "too big")
        elif event.message_finished:
            self._keep("".join(self._part))
            self._part.clear()

    def _keep(self, text: str) -> None:
        if len(text) > MAX_BODY:
            self.close(TOO_BIG, "too big")
        else:
            self._inbox.append(text)

    def _over(self) -> None:
        self._ws.connected = False
        if self._closing_since is None:
            self._closing_since = monotonic()

    def _push(self, data: bytes) -> None:
        if not self._queue:
            data = data[self._write(data) :]
            if not data:
                return
            self._queue.append(data)
            self._queued = len(data)
            self._spawn(self._drain)
            return
        self._queue.append(data)
        self._queued += len(data)
        if self._queued > QUEUE_BYTES and self._closing_since is None:
            self._closing_since = monotonic()
            self._queue.append(self._codec.send(CloseConnection(TOO_SLOW, "too slow")))
            Connection.slow_readers += 1

    def _write(self, data: bytes) -> int:
        # Past gevent's own send, which would wait here: whoever fans out to many must not wait for one.
        try:
            return os.write(self._fd, data)
        except BlockingIOError:
            return 0
        except OSError:
            self._drop()
            return len(data)

    def _drain(self) -> None:
        self._socket.settimeout(SEND_DEADLINE)
        try:
            while self._queue:
                self._socket.sendall(self._queue[0])
                self._queued -= len(self._queue.popleft())
        except OSError:
            self._queue.clear()
            self._drop()
        finally:
            self._socket.settimeout(None)

    def _drop(self) -> None:
        self._over()
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return
