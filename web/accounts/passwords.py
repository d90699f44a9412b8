"""Passwords: how they are kept, whether one fits, and which are too weak."""

import unicodedata
from typing import Any, cast

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from bot.blocking import RunBlocking, at_once
from rules.readable import without_controls

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1024
WORK: dict[str, Any] = {"time_cost": 2, "memory_cost": 19 * 1024, "parallelism": 1}
"""OWASP's smallest advised argon2id: signing in is rare, and many at once must not take all memory."""


class Passwords:
    """Hashes and checks passwords where it holds nobody up: `run_blocking(call, *arguments)` waits elsewhere."""

    def __init__(self, run_blocking: RunBlocking = at_once):
        self._hasher = PasswordHasher(**WORK)
        self._run = run_blocking

    def hash(self, password: str) -> str:
        """Returns the password as it is kept."""
        return cast(str, self._run(self._hasher.hash, _normal(password)))

    def matches(self, password: str, kept: str | None) -> bool:
        """Says whether this is the password; costs the same when there is none to compare with."""
        if kept is None:
            self.hash(password)
            return False
        return cast(bool, self._run(self._verify, kept, _normal(password)))

    def _verify(self, kept: str, password: bytes) -> bool:
        # Answered here, in the pool: an exception that leaves it is written to the log by gevent.
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False


def weakness(password: str, *, email: str) -> str | None:
    """Returns what is wrong with a password for this address, or None."""
    if len(password) < SHORTEST_PASSWORD:
        return f"A password has at least {SHORTEST_PASSWORD} characters. Three or four words do well."
    if len(password) > LONGEST_PASSWORD:
        return f"A password has at most {LONGEST_PASSWORD} characters."
    if without_controls(password) != password:
        return "There is a character in this password that no keyboard types."
    if len(set(password)) < 4 or password.casefold() == email:
        return "This password is the first one somebody would try. Three or four words do well."
    return None


def _normal(password: str) -> bytes:
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
