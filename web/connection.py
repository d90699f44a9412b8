"""One socket: the only code that knows how bytes travel.

flask-sock makes the handshake; reading, writing, limits and closing happen here, with wsproto as the codec
(RFC 6455) of all but the ordinary frame (`web/ordinary.py`). One greenlet reads. A write goes straight to the kernel;
only what does not fit waits in a bounded queue for a writer of its own, so that a slow reader costs nobody else
anything.
"""

import os
import socket
from collections.abc import Callable
from io import StringIO
from itertools import count
from select import POLLOUT, poll
from time import monotonic, sleep
from typing import Any

from simple_websocket import Server
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage
from wsproto.utilities import LocalProtocolError

from web.bodies import MAX_BODY
from web.ordinary import OrdinaryFrames, frame_of

PROTOCOL = "chat.v1"
READ_AT_ONCE = 16 * 1024
LOOKS_AGAIN = 0.01
QUEUE_BYTES = 256 * 1024
"""What may wait for a slow reader before it is sent away."""
UNSENT_BYTES = 16 * 1024
"""What the system may take from us before it is on its way: else it takes megabytes for each slow reader."""

NOT_TEXT, POLICY, TOO_BIG, RESTART, TOO_SLOW, SILENT = 1003, 1008, 1009, 1012, 1013, 4408
FIRST_BACK = 1.0
"""Seconds in which nobody who is asked to come back does so yet."""

_numbers = count()
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
        "_has_ended",
        "_inbox",
        "_is_draining",
        "_ordinary",
        "_part",
        "_queue",
        "_queued",
        "_socket",
        "_spawn",
        "_unanswered",
        "_wordless",
        "number",
    )

    slow_readers = 0
    """How many this process has sent away for being too slow."""
    longest = MAX_BODY
    """Characters of one message."""
    most_wordless = 2000
    """Frames between two pings of ours that end no message: pings, pongs and pieces."""
    queue_bytes = QUEUE_BYTES
    unsent_bytes = UNSENT_BYTES
    send_deadline = 20.0
    """Seconds in which a slow reader has to take something of what is queued."""
    close_deadline = 2.0
    """Seconds the other side has to answer a close …"""
    come_to_it_deadline = 60.0
    """… and to come to it, where something is queued before it."""
    most_unanswered = 2
    """Pings without any sign of life after which nobody is there."""

    def __init__(self, ws: Server, *, spawn: Spawn):
        self.number = next(_numbers)
        """Counted up, for those who take turns."""
        ws.connected = False  # Whoever made the handshake has nothing more to do here.
        self._codec = ws.ws.connection
        self._socket: socket.socket = ws.sock
        self._fd = ws.sock.fileno()
        self._spawn = spawn
        self._inbox: list[str] = []
        self._ordinary = OrdinaryFrames()
        self._part: StringIO | None = None
        self._wordless = 0
        self._queue: list[bytes] = []
        self._queued = 0
        self._is_draining = False
        self._unanswered = 0
        self._closing_since: float | None = None
        self._has_ended = False

    @property
    def is_open(self) -> bool:
        """Returns whether anything can still be said."""
        return self._closing_since is None

    def take_over(self) -> None:
        """Takes the socket out of the hands of the request that opened it, which may end now."""
        family, kind = self._socket.family, self._socket.type
        self._socket = socket.socket(family, kind, fileno=self._socket.detach())
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, self.unsent_bytes)

    def receive(self) -> str:
        """Returns the next message; raises Closed when there is none to come."""
        while not self._inbox:
            if self._closing_since is not None:
                raise Closed
            self._read()
        return self._inbox.pop(0)

    def send(self, *messages: str) -> None:
        """Says these, in this order, without waiting. To a closed socket nothing is said."""
        if self._closing_since is not None or not messages:
            return
        self._push(b"".join([frame_of(message) for message in messages]))

    def ping(self) -> None:
        """Asks for a sign of life, and ends a connection that gave none or does not finish closing."""
        if self._closing_since is not None:
            if monotonic() - self._closing_since > self._goodbye_takes:
                self.drop()
        elif self._unanswered >= self.most_unanswered:
            self.close(SILENT, "no sign of life")
            self.drop()
        else:
            self._wordless = 0
            self._unanswered += 1
            self._push(self._codec.send(Ping()))

    def ask_back(self, seconds: float = FIRST_BACK) -> None:
        """Closes so that the client comes back by itself after that time, and gets all it missed."""
        self.close(RESTART, f"retry:{seconds:.1f}")

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Says goodbye with a number and waits for the other side's in the reading greenlet."""
        if self._closing_since is not None:
            return
        try:
            self._push(self._codec.send(CloseConnection(code, reason or None)))
        except LocalProtocolError:
            self.drop()
        self._closing_since = monotonic()

    def drop(self) -> None:
        """Ends the connection without waiting for the other side; whoever reads or writes here is woken."""
        self._end()
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    def finish(self) -> None:
        """Waits for the other side to close too, and gives the socket back. For the end of the handler."""
        self.close()
        try:
            self._read_to_the_end(monotonic() + self._goodbye_takes)
        finally:
            self._give_back()

    def _give_back(self) -> None:
        self._end()
        self._queue.clear()
        while self._is_draining:  # Once the socket is closed, its descriptor may be another one's.
            self.drop()
            sleep(LOOKS_AGAIN)
        self._fd = -1
        self._socket.close()

    @property
    def _goodbye_takes(self) -> float:
        return self.come_to_it_deadline if self._queue else self.close_deadline

    def _read_to_the_end(self, until: float) -> None:
        """Takes what still comes, so that nothing unread throws away our goodbye."""
        while not self._has_ended and (left := until - monotonic()) > 0:
            self._socket.settimeout(left)
            self._read()
        try:
            self._socket.shutdown(socket.SHUT_WR)
            while (left := until - monotonic()) > 0:
                self._socket.settimeout(left)
                if not self._socket.recv(READ_AT_ONCE):
                    return
                sleep(0)
        except OSError:
            return

    def _read(self) -> None:
        try:
            data = self._socket.recv(READ_AT_ONCE)
        except OSError:
            data = b""
        if not data:
            self._end()
            return
        self._unanswered = 0
        text = self._ordinary.text_of(data)
        if text is not None and self._closing_since is None:
            self._keep(text)
            return
        self._codec.receive_data(data)
        for event in self._codec.events():
            self._take(event)
        if self._closing_since is not None or len(data) == READ_AT_ONCE:
            sleep(0)  # Whoever never stops sending would never let anybody else have a turn.

    def _take(self, event: Any) -> None:
        match event:
            case TextMessage():
                self._take_text(event)
            case Ping():
                if self._closing_since is None:
                    self._push(self._codec.send(event.response()))
                self._count_wordless()
            case Pong():
                self._count_wordless()
            case BytesMessage():
                self.close(NOT_TEXT, "text only")
            case CloseConnection():
                if self._closing_since is None:
                    self._push(self._codec.send(event.response()))
                self._end()

    def _take_text(self, event: TextMessage) -> None:
        if self._closing_since is not None:
            return
        if event.message_finished and self._part is None:
            self._keep(event.data)
            return
        if self._part is None:
            self._part = StringIO()
        self._part.write(event.data)
        if self._part.tell() > self.longest:
            self.close(TOO_BIG, "too big")
        elif event.message_finished:
            self._keep(self._part.getvalue())
            self._part = None
        elif event.frame_finished:
            self._count_wordless()

    def _count_wordless(self) -> None:
        self._wordless += 1
        if self._wordless > self.most_wordless:
            self.close(POLICY, "too many frames")

    def _keep(self, text: str) -> None:
        if len(text) > self.longest:
            self.close(TOO_BIG, "too big")
        else:
            self._inbox.append(text)

    def _end(self) -> None:
        self._has_ended = True
        if self._closing_since is None:
            self._closing_since = monotonic()

    def _push(self, data: bytes) -> None:
        if not self._queue:
            data = data[self._write(data) :]
            if data:
                self._queue.append(data)
                self._queued = len(data)
                self._spawn(self._drain)
            return
        self._queue.append(data)
        self._queued += len(data)
        if self._queued > self.queue_bytes and self._closing_since is None:
            self._send_away()

    def _send_away(self) -> None:
        """Says goodbye after the piece that is on its way: whoever comes back asks for the rest."""
        Connection.slow_readers += 1
        self._closing_since = monotonic()
        self._queue[1:] = [self._codec.send(CloseConnection(TOO_SLOW, "too slow"))]

    def _write(self, data: bytes) -> int:
        # Past gevent's own send, which would wait here: whoever fans out to many must not wait for one.
        try:
            return os.write(self._fd, data)
        except BlockingIOError:
            return 0
        except OSError:
            self.drop()
            return len(data)

    def _drain(self) -> None:
        """Writes what is queued, as fast as the other side takes it."""
        if not self._queue:
            return
        self._is_draining = True
        writable = poll()
        writable.register(self._fd, POLLOUT)
        while self._queue:
            if not writable.poll(self.send_deadline * 1000):
                self._queue.clear()
                self.drop()
            elif self._queue:
                self._write_queued()
        self._is_draining = False

    def _write_queued(self) -> None:
        written = self._write(self._queue[0])
        self._queued -= written
        self._queue[0] = self._queue[0][written:]
        if not self._queue[0]:
            del self._queue[0]
