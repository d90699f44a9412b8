"""Every open line of this process: found by its id, counted by address, beaten for together."""

from collections.abc import Callable
from time import monotonic

from bot.ids import NewId
from web.channels.socketio.line import Line
from web.errors import NotFound, TooMany, Unavailable
from web.limits import AtOnce

MOST_LINES = 10_000
MOST_OF_ONE_ADDRESS = 500
"""Lines of one address; it may stand for a whole office."""


class NoSuchLine(NotFound):
    """The connection has ended, or never was; the client makes a new one."""

    words = "This connection has ended. Open a new one."


class Lines:
    """Opens lines and keeps them until they end."""

    def __init__(self, *, new_id: NewId):
        self._new_id = new_id
        self._by_sid: dict[str, Line] = {}
        self._of_address = AtOnce(MOST_OF_ONE_ADDRESS)
        self._leaving: set[Line] = set()

    def open(self, address: str, *, on_end: Callable[[Line], None]) -> Line:
        """Returns a new line; raises TooMany or Unavailable when there are too many."""
        if self._of_address.is_full(address):
            raise TooMany(60)
        if len(self._by_sid) >= MOST_LINES:
            raise Unavailable

        def ended(line: Line) -> None:
            self._forget(line)
            on_end(line)

        line = Line(self._new_id(), address=address, now=monotonic(), on_end=ended)
        self._by_sid[line.sid] = line
        self._of_address.take(address)
        return line

    def find(self, sid: str) -> Line:
        """Returns an open line; raises NoSuchLine."""
        line = self._by_sid.get(sid)
        if line is None:
            raise NoSuchLine
        return line

    def __len__(self) -> int:
        return len(self._by_sid)

    def beat(self) -> None:
        """Pings whom it is time to ping, and lets go of those who are gone."""
        now = monotonic()
        self._leaving = {line for line in self._leaving if line.has_socket}
        for line in [*self._by_sid.values(), *self._leaving]:
            line.beat(now)

    def restart(self) -> None:
        """Ends every line so that its client comes back."""
        for line in list(self._by_sid.values()):
            line.end(restart=True)

    def _forget(self, line: Line) -> None:
        self._by_sid.pop(line.sid, None)
        self._leaving.add(line)
        self._of_address.give_back(line.address)
