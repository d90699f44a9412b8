"""One connection of Engine.IO, over polling, over a WebSocket, or over the first until the second is there."""

from collections import deque
from collections.abc import Callable
from threading import Event as Signal

from web.channels.socketio import packets
from web.connection import QUEUE_BYTES, RESTART, Connection
from web.errors import Malformed, TooMany
from web.limits import Allowance

PING_EVERY = 25
"""Seconds between pings …"""
PING_TAKES = 20
"""… and how long the client may take to answer one."""
POLL_TAKES = PING_EVERY + 5
"""Seconds a poll stays open when there is nothing to say; a ping ends it before."""
BURST = 60
PER_SECOND = 5.0
"""Packets a client may send at once, and more each second: what the widget's socket may."""

Heard = Callable[[str], None]


class Line:
    """A client's connection. What is said waits until a poll fetches it or a WebSocket carries it, up to a bound."""

    def __init__(self, sid: str, *, address: str, now: float, on_end: Callable[["Line"], None]):
        self.sid = sid
        self.address = address
        self.take: Heard = lambda _: None
        """Takes what is inside a message packet; given by whoever speaks Socket.IO over the line."""
        self.is_open = True
        self._allowance = Allowance(BURST, PER_SECOND, now)
        self._connection: Connection | None = None
        self._probed: Connection | None = None
        self._upgrading = False
        self._polling = False
        self._waiting: deque[str] = deque()
        self._bytes = 0
        self._more = Signal()
        self._heard_at = self._pinged_at = now
        self._pongs: deque[Callable[[], None] | None] = deque()
        self._on_end = on_end

    def say(self, *said: str) -> None:
        """Says these packets, in this order, without waiting; to a line that has ended nothing is said."""
        if not self.is_open:
            return
        if self._connection is not None:
            self._connection.send(*said)
            return
        self._waiting.extend(said)
        self._bytes += sum(map(len, said))
        self._more.set()
        if self._bytes > QUEUE_BYTES:
            self.end()

    def ping(self, now: float, then: Callable[[], None] | None = None) -> None:
        """Asks for a sign of life; the answer also tells that everything said before has arrived, so `then` is done."""
        self._pinged_at = now
        self._pongs.append(then)
        self.say(packets.PING)

    def beat(self, now: float) -> None:
        """Pings when it is time to, and ends a line that gave no sign of life."""
        if not self.is_open:
            self._look_after_sockets()
        elif now - self._heard_at > PING_EVERY + PING_TAKES:
            self.end()
        elif now - self._pinged_at >= PING_EVERY:
            self.ping(now)
            self._look_after_sockets()

    def _look_after_sockets(self) -> None:
        """Lets the WebSockets find out that the other side is silent, or does not finish closing."""
        for socket in (self._connection, self._probed):
            if socket is not None:
                socket.ping()

    def hear(self, packet: str, now: float) -> None:
        """Takes one packet of the client. Raises TooMany, Malformed, or what its message is refused with."""
        self._heard_at = now
        if not self._allowance.take(now):
            raise TooMany(round(1 / PER_SECOND))
        kind, said = packet[:1], packet[1:]
        if kind == packets.MESSAGE:
            self.take(said)
        elif kind == packets.PONG:
            self._answered()
        elif kind == packets.CLOSE:
            self.end()
        elif kind == packets.PING:
            self.say(packets.PONG + said)
        elif kind not in (packets.UPGRADE, packets.NOTHING):
            raise Malformed("This is no packet of Engine.IO 4 that is understood here.")

    def poll(self) -> list[str]:
        """Waits until there is something to say, and returns it. Raises Malformed when two ask at once."""
        if self._polling:
            self.end()
            raise Malformed("A connection is asked once at a time.")
        self._polling = True
        try:
            return self._fetched()
        finally:
            self._polling = False

    def _fetched(self) -> list[str]:
        self._more.clear()
        if not self._waiting and self.is_open and not self._elsewhere:
            self._more.wait(POLL_TAKES)
        if self._elsewhere:
            return [packets.NOTHING]
        fetched = list(self._waiting)
        self._waiting.clear()
        self._bytes = 0
        if not self.is_open:
            fetched.append(packets.CLOSE)
        return fetched or [packets.NOTHING]

    @property
    def _elsewhere(self) -> bool:
        """Whether what waits goes over a WebSocket, or is about to."""
        return self._upgrading or self._connection is not None

    @property
    def takes_websocket(self) -> bool:
        """Returns whether a WebSocket may still take over."""
        return self.is_open and self._probed is None and not self._elsewhere

    def upgrade(self, connection: Connection) -> bool:
        """Lets a WebSocket take over, in the three steps of the protocol; returns whether it has."""
        self._probed = connection
        try:
            if connection.receive() != packets.PING + packets.PROBE:
                return False
            self._upgrading = True
            connection.send(packets.PONG + packets.PROBE)
            self._more.set()  # The open poll goes home with nothing; until then the client sends nothing here.
            if connection.receive() != packets.UPGRADE or not self.is_open:
                return False
            self.carry(connection)
            return True
        finally:
            self._upgrading = False
            self._probed = None

    def carry(self, connection: Connection) -> None:
        """From now on everything goes over this WebSocket, beginning with what waits."""
        self._connection = connection
        waiting = list(self._waiting)
        self._waiting.clear()
        self._bytes = 0
        connection.send(*waiting)

    @property
    def has_socket(self) -> bool:
        """Returns whether a WebSocket of this line is not given back yet."""
        return self._connection is not None or self._probed is not None

    def given_back(self, connection: Connection) -> None:
        """Notes that a WebSocket is closed on both sides."""
        if self._connection is connection:
            self._connection = None
            self.end()

    def end(self, *, restart: bool = False) -> None:
        """Ends the line. A client that was not asked to leave comes back by itself."""
        if not self.is_open:
            return
        self.is_open = False
        for socket in (self._connection, self._probed):
            if socket is not None:
                socket.close(*((RESTART, "restart") if restart else (1000, "")))
        self._more.set()
        self._on_end(self)

    def _answered(self) -> None:
        then = self._pongs.popleft() if self._pongs else None
        if then is not None:
            then()
