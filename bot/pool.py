"""Database connections that greenlets and threads share, kept without a lock that both would wait for.

A lock of gevent's that a thread with a loop of its own had is handed on by that loop, and a thread that has nothing to
do does not run it. Who waits for the lock in the server's loop then waits for good, and everybody behind them too
(gevent's issues 1744 and 2013). So connections lie in deques, which give and take in one step, and whoever has to wait
does so for a lock that is theirs alone.
"""

from collections import deque
from contextlib import suppress
from threading import Lock
from time import monotonic
from typing import Any

from sqlalchemy.exc import TimeoutError as NoneCameBack
from sqlalchemy.pool import ConnectionPoolEntry, Pool


class _Waiting:
    """Who waits, and what they are given."""

    __slots__ = ("given", "told")

    def __init__(self) -> None:
        self.given: ConnectionPoolEntry | None = None
        self.told = Lock()  # Held until they are.
        self.told.acquire()


class SharedPool(Pool):
    """At most `most` connections at once, of which `kept` stay open when nobody uses them.

    Where all are in use, one that comes back is given to who waits longest; who waits more than `timeout` seconds gets
    NoneCameBack.
    """

    def __init__(self, creator: Any, kept: int, most: int, timeout: float, **settings: Any):
        super().__init__(creator, **settings)
        self._settings: dict[str, Any] = {"kept": kept, "most": most, "timeout": timeout}
        self._kept = kept
        self._most = most
        self._timeout = timeout
        self._free: deque[ConnectionPoolEntry] = deque()
        self._room: deque[None] = deque([None])
        """As many as may be opened yet. The first is opened alone, since SQLAlchemy has a lock for that one."""
        self._more = most - 1
        """For so many there is room once the first is open."""
        self._waiting: deque[_Waiting] = deque()

    def _do_get(self) -> ConnectionPoolEntry:
        found = self._free_or_new()
        until = monotonic() + self._timeout
        while found is None:
            left = until - monotonic()
            if left <= 0:
                raise NoneCameBack(f"all {self._most} connections are in use")
            found = self._waited_for(left)
        return found

    def _waited_for(self, seconds: float) -> ConnectionPoolEntry | None:
        """Returns a connection that came back, or None when time is over or there is room for a new one."""
        me = _Waiting()
        self._waiting.append(me)
        found = self._free_or_new()  # What came back just before was given to nobody.
        if found is None and me.told.acquire(timeout=seconds):
            return me.given
        try:
            self._waiting.remove(me)
        except ValueError:  # In this very moment I am given something.
            me.told.acquire()
            if found is None:
                return me.given
            self._pass_on(me.given)
        return found

    def _free_or_new(self) -> ConnectionPoolEntry | None:
        with suppress(IndexError):
            return self._free.popleft()
        try:
            self._room.pop()
        except IndexError:
            return None
        try:
            opened = self._create_connection()
        except BaseException:
            self._give_room()
            raise
        while self._more:
            self._more -= 1
            self._give_room()
        return opened

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        if self._gave(record):
            return
        if len(self._free) < self._kept:
            self._free.append(record)
            if self._waiting:  # Since a moment: they may have looked before it lay there.
                with suppress(IndexError):
                    self._do_return_conn(self._free.popleft())
            return
        try:
            record.close()
        finally:
            self._give_room()

    def _give_room(self) -> None:
        self._room.append(None)
        self._gave(None)

    def _pass_on(self, given: ConnectionPoolEntry | None) -> None:
        if given is None:
            self._gave(None)
        else:
            self._do_return_conn(given)

    def _gave(self, what: ConnectionPoolEntry | None) -> bool:
        """Gives a connection, or word that there is room for one, to who waits longest; says whether somebody does."""
        try:
            longest = self._waiting.popleft()
        except IndexError:
            return False
        longest.given = what
        longest.told.release()
        return True

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
                self._room.append(None)

    def status(self) -> str:
        return f"{len(self._free)} connections are free, room for {len(self._room)} more"
