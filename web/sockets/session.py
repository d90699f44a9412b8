"""Every socket from open to close: frames in, answers out, refusals told and counted."""

from collections.abc import Callable
from resource import RLIMIT_NOFILE, getrlimit
from time import monotonic
from typing import Any, Protocol

from simple_websocket import Server

from web.connection import RESTART, Closed, Connection, Spawn
from web.errors import CLOSE_POLICY, CLOSE_SERVER_ERROR, Broken, Malformed, TooLarge, Unavailable, refusal_of
from web.frames import client_id_of
from web.hub import encoded
from web.limits import Allowance

MOST = 20_000
"""Sockets of one process …"""
KEPT_FREE = 100
"""… and descriptors kept at least for requests, of which …"""
FOR_OURSELVES = 50
"""… these are for files and databases."""
FIRST_BACK = 1.0
"""Seconds after a restart in which nobody comes back yet."""
BURST = 60
"""Frames a client may send at once …"""
PER_SECOND = 5.0
"""… and how many more each second."""
COMES_AGAIN_WITHIN = 5.0
"""Seconds in which a client sends again what could not be stored."""
MOST_MALFORMED = 10
"""Frames nobody can read, after which the other side is no client of ours."""


class Sockets:
    """Every open socket of this process.

    Each is served beside the request that opened it, which ends at once: what it kept alive costs more than the socket.
    """

    def __init__(self, spawn: Spawn, *, most: int):
        self._spawn = spawn
        self._most = most
        self._open: set[Connection] = set()
        self._is_restarting = False

    def __len__(self) -> int:
        return len(self._open)

    @property
    def is_full(self) -> bool:
        """Returns whether one more would take a descriptor that something else needs."""
        return len(self._open) >= self._most

    def opened(self, ws: Server) -> Connection:
        """Returns the connection after a handshake."""
        return Connection(ws, spawn=self._spawn)

    def hold(self, connection: Connection, serve: Callable[[], None]) -> None:
        """Serves a socket to its end, beside."""
        connection.take_over()
        self._open.add(connection)
        if self._is_restarting:
            connection.close(RESTART, f"retry:{FIRST_BACK:.1f}")
        self._spawn(lambda: self._serve(connection, serve))

    def _serve(self, connection: Connection, serve: Callable[[], None]) -> None:
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
                self._open.discard(connection)

    def restart(self, *, spread: float) -> None:
        """Tells everybody to come back, also who comes while this process ends."""
        self._is_restarting = True
        self.ask_back(spread=spread)

    def ask_back(self, *, spread: float) -> None:
        """Tells everybody to come back, spread over some seconds."""
        connections = list(self._open)
        for number, connection in enumerate(connections):
            wait = FIRST_BACK + spread * number / len(connections)
            connection.close(RESTART, f"retry:{wait:.1f}")

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
