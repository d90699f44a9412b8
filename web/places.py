"""Places for connections that are being answered: who has them, who steps aside, and how long a body may take."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

from gevent import Timeout, getcurrent
from gevent.pool import Pool
from gunicorn.http.errors import ParseException

from web.errors import Malformed, Unavailable
from web.limits import AtOnce

BODY_TAKES = 15.0
"""Seconds for which a request's body is waited for, all its pieces together."""


class TooSlow(Unavailable):
    """The body did not arrive in time; a message that was cut off on a bad line is to come again by itself."""

    words = "This took too long to arrive. Try again in a moment."


class Places:
    """So many connections are answered at once, and of one address some fewer; further ones wait to be taken in."""

    def __init__(self, most: int, *, most_of_address: int | None):
        self.pool = Pool(most)
        """What connections are served in."""
        self._of_address = AtOnce(most_of_address)
        self._whose: dict[Any, str] = {}

    @property
    def are_scarce(self) -> bool:
        """Returns whether half of them are taken: then nobody keeps one between two requests."""
        return self.pool.free_count() <= self.pool.size // 2

    def serve(self, address: str, answer: Callable[[], None], refuse: Callable[[], None]) -> None:
        """Answers a connection, or refuses it where its address has places enough; called inside the pool."""
        if self._of_address.is_full(address):
            refuse()
            return
        self._of_address.take(address)
        self._whose[getcurrent()] = address
        try:
            answer()
        finally:
            del self._whose[getcurrent()]
            self._of_address.give_back(address)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Leaves the place of the current connection to others while it waits for something to happen."""
        me = getcurrent()
        self._of_address.give_back(self._whose[me])
        self.pool.discard(me)
        try:
            yield
        finally:
            self._of_address.take(self._whose[me])
            self.pool.add(me)


class InTime:
    """Reads a body for gunicorn. Only waiting for it counts, not what is done with it in between."""

    def __init__(self, reader: Any):
        self._reader = reader
        self._left = BODY_TAKES

    def read(self, size: int) -> bytes:
        """Returns up to so many bytes; raises TooSlow when the time is over, Malformed when they cannot be read."""
        began = monotonic()
        try:
            with Timeout(max(self._left, 0.0), TooSlow()):
                return bytes(self._reader.read(size))
        except ParseException:
            raise Malformed from None
        finally:
            self._left -= monotonic() - began
