"""Leaves an action alone for a while that has failed several times in a row."""

from collections.abc import Callable

OPENS_AFTER = 5
"""Failures in a row."""
STAYS_OPEN = 15.0
"""Seconds until one call is let through to see whether it is well again."""


class Breaker:
    """Counts the failures of each action; `clock` is any that counts seconds."""

    def __init__(self, clock: Callable[[], float]):
        self._clock = clock
        self._failures: dict[str, int] = {}
        self._closed_again_at: dict[str, float] = {}

    def lets_through(self, action: str) -> bool:
        """Returns whether the action may be called now; while it is being tried again, only once."""
        if self._failures.get(action, 0) < OPENS_AFTER:
            return True
        now = self._clock()
        if now < self._closed_again_at[action]:
            return False
        self._closed_again_at[action] = now + STAYS_OPEN
        return True

    def note(self, action: str, *, failed: bool) -> None:
        """Counts how a call ended."""
        if not failed:
            self._failures.pop(action, None)
            return
        self._failures[action] = self._failures.get(action, 0) + 1
        self._closed_again_at[action] = self._clock() + STAYS_OPEN
