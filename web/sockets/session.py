"""What goes over one socket: frames in, answers out, refusals told and counted, and nothing overtakes."""

from collections.abc import Callable
from time import monotonic
from typing import Any, Protocol

import structlog

from web.connection import Closed, Connection
from web.errors import (
    CLOSE_POLICY,
    CLOSE_SERVER_ERROR,
    CLOSE_SIGN_IN,
    Broken,
    Malformed,
    NotFound,
    Refusal,
    TooLarge,
    Unavailable,
    refusal_of,
)
from web.frames import client_id_of, message_id_of, op_of
from web.hub import encoded

log = structlog.get_logger()

BURST = 120
"""Frames a visitor or agent may send at once …"""
PER_SECOND = 5.0
"""… and how many more each second, from all their windows together."""
COMES_AGAIN_WITHIN = 15.0
"""Seconds in which a client sends again what could not be stored, if it does: it may have learnt that it was."""
MOST_MALFORMED = 10
"""Frames nobody can read, after which the other side is no client of ours."""
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
