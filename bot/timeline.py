"""On which timeline of PostgreSQL this process works: a stand-by that takes over begins the next one.

What a stand-by lacks is gone from the record, while this process still has it in memory and browsers show it. So nobody
gets a connection to a server that took over before all of that is forgotten.
"""

from typing import Any

from bot.trouble import OtherServer

_STANDS_BY = "SELECT pg_is_in_recovery()"
_WHICH = "SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)"


class Timeline:
    """Looks at every new connection. SQLite has no timelines, and whoever rents out PostgreSQL may not tell."""

    def __init__(self, driver: Any):
        self.current: int | None = None
        """Where this process works; known from its first connection on."""
        self.successor: int | None = None
        """Where another server has taken over; nobody here works there before `begin_anew`."""
        self._driver = driver

    def look(self, raw: Any) -> None:
        """Raises OtherServer when a new connection leads elsewhere."""
        try:
            self._compare(self._read(raw))
        except Exception:
            raw.close()
            raise

    def begin_anew(self) -> bool:
        """Lets everybody work where another server took over; returns whether one did."""
        if self.successor is None:
            return False
        self.current, self.successor = self.successor, None
        return True

    def _read(self, raw: Any) -> int | None:
        try:
            if raw.execute(_STANDS_BY).fetchone()[0]:
                raise OtherServer("stand_by")
            return int(raw.execute(_WHICH).fetchone()[0], 16)
        except (self._driver.ProgrammingError, self._driver.NotSupportedError):
            return None
        finally:
            raw.rollback()

    def _compare(self, found: int | None) -> None:
        if found is None or found == self.current:
            return
        if self.current is None:
            self.current = found
        elif found < self.current:
            raise OtherServer("left_behind")
        else:
            self.successor = found
            raise OtherServer("taken_over")
