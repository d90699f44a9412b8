"""Every socket from open to close: frames in, answers out, refusals told and counted."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from resource import RLIMIT_NOFILE, getrlimit
from time import monotonic
from typing import Any, Protocol

import structlog
from simple_websocket import Server

from web.connection import FIRST_BACK, Closed, Connection, Spawn
from web.errors import (
    CLOSE_POLICY,
    CLOSE_SERVER_ERROR,
    CLOSE_SIGN_IN,
    Broken,
    Malformed,
    NotFound,
    Refusal,
    TooLarge,
    TooMany,
    Unavailable,
    refusal_of,
)
from web.frames import client_id_of, message_id_of, op_of
from web.hub import encoded
from web.limits import NO_LIMITS, AtOnce, Rates

log = structlog.get_logger()

MOST = 20_000
"""Sockets of one process …"""
KEPT_FREE = 100
"""… and descriptors kept at least for requests, of which …"""
FOR_OURSELVES = 50
"""… these are for files and databases."""
FOR_AGENTS = 500
"""Sockets that visitors leave for agents, or a tenth where there are few."""
FULL_FOR = 60
"""Seconds after which somebody asks again who has enough sockets."""
BURST = 120
"""Frames a visitor or agent may send at once …"""
PER_SECOND = 5.0
"""… and how many more each second, from all their windows together."""
COMES_AGAIN_WITHIN = 15.0
"""Seconds in which a client sends again what could not be stored, if it does: it may have learnt that it was."""
MOST_MALFORMED = 10
"""Frames nobody can read, after which the other side is no client of ours."""


class Sockets:
    """Every open socket of this process.

    Each is served beside the request that opened it, which ends at once: what it kept alive costs more than the socket.
    """

    def __init__(self, spawn: Spawn, *, most: int, rates: Rates = NO_LIMITS):
        self._spawn = spawn
        self._most = most
        self._most_of_visitors = most - min(most // 10, FOR_AGENTS)
        self.step_aside: Callable[[], AbstractContextManager[None]] = nullcontext
        """Leaves the place of a request that waits to others; known to whoever serves."""
        self._open: set[Connection] = set()
        self._waiting = 0
        self._of_visitors = 0
        self._of_address = AtOnce(rates.sockets_of_address)
        self._of_visitor = AtOnce(rates.sockets_of_visitor)
        self._is_restarting = False

    def __len__(self) -> int:
        return len(self._open)

    def refuse_more(self, address: str, *, of_agent: bool) -> None:
        """Raises Unavailable when one more takes a descriptor that others need, TooMany when this address has enough.

        Visitors leave room for agents, who are not counted by address: all of them may sit behind one.
        """
        if not self._has_room(of_agent=of_agent):
            raise Unavailable
        if not of_agent and self._of_address.is_full(address):
            raise TooMany(FULL_FOR)

    def _has_room(self, *, of_agent: bool = False) -> bool:
        if len(self._open) + self._waiting >= self._most:
            return False
        return of_agent or self._of_visitors + self._waiting < self._most_of_visitors

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Lets a request wait for something to happen as a socket does, beside those that are answered.

        Where there is no room for one more socket it waits among them.
        """
        if not self._has_room():
            yield
            return
        self._waiting += 1
        try:
            with self.step_aside():
                yield
        finally:
            self._waiting -= 1

    def opened(self, ws: Server) -> Connection:
        """Returns the connection after a handshake."""
        return Connection(ws, spawn=self._spawn)

    def hold(
        self,
        connection: Connection,
        serve: Callable[[], None],
        *,
        address: str | None = None,
        visitor: str | None = None,
    ) -> None:
        """Serves a socket to its end, beside; one that is not an agent's comes from an `address`.

        A visitor who has enough of them is told so at once.
        """
        connection.take_over()
        if self._is_restarting:
            connection.ask_back()
        if visitor is not None and self._of_visitor.is_full(visitor):
            connection.close(CLOSE_POLICY, "too many sockets")
        self._count_in(connection, address, visitor)
        self._spawn(lambda: self._serve(connection, serve, lambda: self._count_out(connection, address, visitor)))

    def _count_in(self, connection: Connection, address: str | None, visitor: str | None) -> None:
        self._open.add(connection)
        if address is not None:
            self._of_visitors += 1
            self._of_address.take(address)
        if visitor is not None:
            self._of_visitor.take(visitor)

    def _count_out(self, connection: Connection, address: str | None, visitor: str | None) -> None:
        self._open.discard(connection)
        if address is not None:
            self._of_visitors -= 1
            self._of_address.give_back(address)
        if visitor is not None:
            self._of_visitor.give_back(visitor)

    def _serve(self, connection: Connection, serve: Callable[[], None], finished: Callable[[], None]) -> None:
        """Whatever goes wrong closes the socket with a number: an error page would be noise in it."""
        try:
            serve()
        except Exception as problem:
            refusal = refusal_of(problem)
            connection.close(refusal.close, refusal.message[:100])
        finally:
            try:
                connection.finish()
            finally:
                finished()

    def restart(self, *, spread: float) -> None:
        """Tells everybody to come back, also who comes while this process ends."""
        self._is_restarting = True
        self.ask_back(spread=spread)

    def ask_back(self, *, spread: float) -> None:
        """Tells everybody to come back, spread over some seconds."""
        connections = list(self._open)
        for number, connection in enumerate(connections):
            connection.ask_back(FIRST_BACK + spread * number / len(connections))

    def drop(self) -> None:
        """Ends every socket, whether the other side has answered or not."""
        for connection in list(self._open):
            connection.drop()


def most_sockets() -> int:
    """Returns how many sockets this process has descriptors for."""
    allowed, _ = getrlimit(RLIMIT_NOFILE)
    return min(MOST, max(allowed - _kept_free(allowed), allowed // 2))


def most_requests() -> int:
    """Returns how many connections may wait for an answer at once beside them."""
    allowed, _ = getrlimit(RLIMIT_NOFILE)
    return max(_kept_free(allowed) - FOR_OURSELVES, 1)


def _kept_free(allowed: int) -> int:
    return max(KEPT_FREE, allowed // 8)


VISITOR = "visitor"
"""How any visitor is called in the log, which does not say which one."""

Clock = Callable[[], float]
"""Seconds that pass."""


class Answering(Protocol):
    """The side of a link a session needs."""

    connection: Connection

    @property
    def who(self) -> str: ...

    def answer(self, frame: Any) -> None: ...


def converse(link: Answering, read: Callable[[str], Any], *, may_send: Callable[[], bool]) -> None:
    """Takes frames until the socket closes; closes it itself when the other side floods or talks nonsense.

    `may_send` counts a frame, and says whether it is still allowed.
    """
    exchange = Exchange(link, read)
    while exchange.goes_on:
        try:
            raw = link.connection.receive()
        except Closed:
            return
        if not may_send():
            link.connection.close(CLOSE_POLICY, "too many frames")
            return
        exchange.take(raw)


class Exchange:
    """Frame by frame: each is answered or refused, and none is stored before what the same side wrote earlier."""

    def __init__(self, link: Answering, read: Callable[[str], Any], clock: Clock = monotonic):
        self.goes_on = True
        self._link = link
        self._read = read
        self._order = Order(clock)
        self._malformed = 0

    def take(self, raw: str) -> None:
        """Answers a frame, or tells why not; the socket is closed when nothing good can come of it any more."""
        try:
            self._order.refuse_overtaking(raw)
            self._link.answer(self._read(raw))
        except Exception as problem:
            self._refuse(raw, refusal_of(problem))
        else:
            self._order.settle(raw)

    def _refuse(self, raw: str, refusal: Refusal) -> None:
        if isinstance(refusal, Unavailable):
            self._order.wait_for(raw)
        else:
            self._order.settle(raw)
        self._malformed += isinstance(refusal, Malformed | TooLarge)
        if refusal.close == CLOSE_SIGN_IN:
            # Not told of the message: its client keeps it, asks who it is now, and sends it again.
            self._end(CLOSE_SIGN_IN, refusal.message[:100])
            return
        if refusal.status == NotFound.status and self._link.who != VISITOR:
            log.warning("request.refused", status=refusal.status, who=self._link.who, op=op_of(raw))
        told = {"op": "refused", "client_id": client_id_of(raw), "error": refusal.to_json()}
        self._link.connection.send(encoded(told))
        if isinstance(refusal, Broken):
            self._end(CLOSE_SERVER_ERROR, "server error")
        elif self._malformed > MOST_MALFORMED:
            self._end(CLOSE_POLICY, "not understood")

    def _end(self, code: int, reason: str) -> None:
        self.goes_on = False
        self._link.connection.close(code, reason)


class Order:
    """What could not be stored comes again soon; until then nothing that was written later overtakes it."""

    def __init__(self, clock: Clock):
        self._clock = clock
        self._awaited: dict[str, float] = {}
        """Message (client id) that was refused for now → how long it is waited for; the earliest written first.

        One that waited for another is waited for in turn: what the client wrote next may be under way already."""

    def refuse_overtaking(self, raw: str) -> None:
        """Raises Unavailable when something written earlier is still to come."""
        if self._awaited and (first := self._first()) and client_id_of(raw) not in (None, first):
            raise Unavailable

    def wait_for(self, raw: str) -> None:
        """Notes a frame that was refused for now. Only a message comes again by itself."""
        client_id = message_id_of(raw)
        if client_id is not None:
            self._awaited[client_id] = self._clock() + COMES_AGAIN_WITHIN

    def settle(self, raw: str) -> None:
        """Notes a frame that was stored, or refused for good."""
        if self._awaited:
            self._awaited.pop(client_id_of(raw) or "", None)

    def _first(self) -> str | None:
        """Returns the message whose turn it is; one that did not come again in time has lost it."""
        now = self._clock()
        while self._awaited:
            first, until = next(iter(self._awaited.items()))
            if now < until:
                return first
            del self._awaited[first]
        return None
