"""Every socket of this process: how many there may be, whom they belong to, and how all are told to come back."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from resource import RLIMIT_NOFILE, getrlimit

from simple_websocket import Server

from web.connection import FIRST_BACK, Connection, Spawn
from web.errors import CLOSE_POLICY, TooMany, Unavailable, refusal_of
from web.limits import NO_LIMITS, AtOnce, Rates

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
