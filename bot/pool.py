"""Database connections that greenlets and threads share, kept without a lock that both would wait for.

A lock of gevent's that a thread with a loop of its own had is handed on by that loop, and a thread that has nothing to
do does not run it. Who waits for the lock in the server's loop then waits for good, and everybody behind them too
(gevent's issues 1744 and 2013). So connections lie in deques, which give and take in one step, and whoever has to wait
does so for a lock that is theirs alone.
"""

from collections import deque
from contextlib import suppress
from enum import Enum
from threading import Lock
from typing import Any

from sqlalchemy.exc import TimeoutError as NoneCameBack
from sqlalchemy.pool import ConnectionPoolEntry, Pool


class _Room(Enum):
    """In place of a connection: whoever has it may open one."""

    ONE = "one"


_Given = ConnectionPoolEntry | _Room


class _Waiting:
    """Who waits, and what they are given."""

    __slots__ = ("given", "told")

    def __init__(self) -> None:
        self.given: _Given | None = None
        self.told = Lock()  # Held until they are.
        self.told.acquire()


class SharedPool(Pool):
    """At most `most` connections at once, of which `kept` stay open when nobody uses them.

    What comes free, a connection or room for one, is given to who waits longest; who waits more than `timeout` seconds
    gets NoneCameBack.
    """

    def __init__(self, creator: Any, kept: int, most: int, timeout: float, **settings: Any):
        super().__init__(creator, **settings)
        self._settings: dict[str, Any] = {"kept": kept, "most": most, "timeout": timeout}
        self._kept = kept
        self._timeout = timeout
        self._free: deque[ConnectionPoolEntry] = deque()
        self._room = deque([_Room.ONE])
        """As many as may be opened yet. The first is opened alone, since SQLAlchemy has a lock for that one."""
        self._more = deque([_Room.ONE] * (most - 1))
        """Room that there is once the first is open."""
        self._waiting: deque[_Waiting] = deque()

    def _do_get(self) -> ConnectionPoolEntry:
        found = self._at_hand() or self._waited_for()
        if found is None:
            raise NoneCameBack("no connection came free in time")
        return self._opened() if found is _Room.ONE else found

    def _at_hand(self) -> _Given | None:
        for heap in (self._free, self._room):
            with suppress(IndexError):
                return heap.popleft()
        return None

    def _waited_for(self) -> _Given | None:
        """Returns what came free, or None when the time is over."""
        me = _Waiting()
        self._waiting.append(me)
        try:
            found = self._at_hand()  # What came free just before was given to nobody.
            if found is None and me.told.acquire(timeout=self._timeout):
                return me.given
        except BaseException:
            self._give(self._withdrawn(me))
            raise
        given = self._withdrawn(me)
        if found is None:
            return given
        self._give(given)
        return found

    def _withdrawn(self, me: _Waiting) -> _Given | None:
        """Waits no longer, and returns what was given in this very moment."""
        try:
            self._waiting.remove(me)
        except ValueError:
            me.told.acquire()
        return me.given

    def _opened(self) -> ConnectionPoolEntry:
        try:
            opened = self._create_connection()
        except BaseException:
            self._give(_Room.ONE)
            raise
        with suppress(IndexError):
            while True:
                self._give(self._more.pop())
        return opened

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        if len(self._free) < self._kept or self._waiting:
            self._give(record)
            return
        try:
            record.close()
        finally:
            self._give(_Room.ONE)

    def _give(self, what: _Given | None) -> None:
        """Gives it to who waits longest, else lays it where the next finds it."""
        while what is not None:
            with suppress(IndexError):
                longest = self._waiting.popleft()
                longest.given = what
                longest.told.release()
                return
            if what is _Room.ONE:
                self._room.append(what)
            else:
                self._free.append(what)
            # Who came to wait since a moment may have looked before it lay there.
            what = self._at_hand() if self._waiting else None

    def recreate(self) -> "SharedPool":
        return self.__class__(
            self._creator,
            **self._settings,
            recycle=self._recycle,
            echo=self.echo,
            pre_ping=self._pre_ping,
            logging_name=self._orig_logging_name,
            reset_on_return=self._reset_on_return,
            _dispatch=self.dispatch,
            dialect=self._dialect,
        )

    def dispose(self) -> None:
        with suppress(IndexError):
            while True:
                self._free.popleft().close()
                self._give(_Room.ONE)

    def status(self) -> str:
        return f"{len(self._free)} connections are free, room for {len(self._room)} more"
