"""One socket from open to close: frames in, answers out, refusals told and counted."""

from collections.abc import Callable
from time import monotonic
from typing import Any, Protocol

from web.connection import Closed, Connection
from web.errors import CLOSE_POLICY, CLOSE_SERVER_ERROR, Broken, Malformed, TooLarge, Unavailable, refusal_of
from web.frames import client_id_of
from web.hub import encoded
from web.limits import Allowance

BURST = 60
"""Frames a client may send at once …"""
PER_SECOND = 5.0
"""… and how many more each second."""
COMES_AGAIN_WITHIN = 5.0
"""Seconds in which a client sends again what could not be stored."""
MOST_MALFORMED = 10
"""Frames nobody can read, after which the other side is no client of ours."""


def hold(connection: Connection, serve: Callable[[], None]) -> None:
    """Serves a socket to its end. Whatever goes wrong closes it with a number: an error page would be noise in it."""
    try:
        serve()
    except Exception as problem:
        refusal = refusal_of(problem)
        connection.close(refusal.close, refusal.message[:100])
    finally:
        connection.finish()


class Answering(Protocol):
    """The side of a link a session needs."""

    connection: Connection

    def answer(self, frame: Any) -> None: ...


def converse(
    link: Answering, read: Callable[[str], Any], *, burst: int = BURST, per_second: float = PER_SECOND
) -> None:
    """Takes frames until the socket closes; closes it itself when the other side floods or talks nonsense."""
    connection = link.connection
    allowance = Allowance(burst, per_second, monotonic())
    order = _Order()
    malformed = 0
    while True:
        try:
            raw = connection.receive()
        except Closed:
            return
        if not allowance.take(monotonic()):
            connection.close(CLOSE_POLICY, "too many frames")
            return
        try:
            order.refuse_overtaking(raw)
            link.answer(read(raw))
        except Exception as problem:
            refusal = refusal_of(problem)
            if isinstance(refusal, Unavailable):
                order.wait_for(raw)
            malformed += isinstance(refusal, Malformed | TooLarge)
            connection.send(encoded({"op": "refused", "client_id": client_id_of(raw), "error": refusal.to_json()}))
            if isinstance(refusal, Broken):
                connection.close(CLOSE_SERVER_ERROR, "server error")
                return
        if malformed > MOST_MALFORMED:
            connection.close(CLOSE_POLICY, "not understood")
            return


class _Order:
    """What could not be stored comes again soon; until then nothing that was written later overtakes it."""

    def __init__(self) -> None:
        self._awaited: str | None = None
        self._until = 0.0

    def wait_for(self, raw: str) -> None:
        """Notes a frame that was refused for now; one that waits for another changes nothing."""
        if self._awaited is None:
            self._awaited = client_id_of(raw)
            self._until = monotonic() + COMES_AGAIN_WITHIN

    def refuse_overtaking(self, raw: str) -> None:
        """Raises Unavailable when something written earlier is still to come."""
        if self._awaited is None:
            return
        client_id = client_id_of(raw)
        if client_id is not None and client_id != self._awaited and monotonic() < self._until:
            raise Unavailable
        if client_id is not None:
            self._awaited = None
