"""Which triggers are ready: their condition has been definitely true for as long as `for` asks.

A model: who is ready is decided in the page alone, by its twin `Readiness` in `widget/arbiter.js`, and
`tests/arbiter.cases.json` holds both to the same cases. Times are seconds of a clock that stands still while the page
is hidden.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rules.conditions import IR, compile_condition
from rules.partial import may_change_at
from triggers.arbiter import LOST, Decision


@dataclass(frozen=True, slots=True)
class Watched:
    """A trigger as far as its condition goes."""

    id: str
    condition: IR
    steady_for: float = 0
    waits: bool = False
    """Stays ready when another message goes before it (`if_busy: wait`)."""


class Readiness:
    """Watches conditions over time. Everything is handed in; it keeps since when each is true."""

    def __init__(self, watched: Iterable[Watched]):
        self._watched = list(watched)
        self._holds: dict[str, Callable[[Mapping[str, Any]], bool | None]] = {
            one.id: compile_condition(one.condition) for one in self._watched
        }
        self._since: dict[str, float] = {}
        self._passed: set[str] = set()

    def ready(self, facts: Mapping[str, Any], at: float) -> list[str]:
        """Returns who is ready now, in order. A moment that is false or unknown begins the waiting again."""
        ready = []
        for one in self._watched:
            if self._holds[one.id](facts) is not True:
                self._since.pop(one.id, None)
                self._passed.discard(one.id)
                continue
            since = self._since.setdefault(one.id, at)
            if at - since >= one.steady_for and one.id not in self._passed:
                ready.append(one.id)
        return ready

    def pass_over(self, ids: Iterable[str]) -> None:
        """Takes these out until their condition begins to hold anew."""
        self._passed.update(ids)

    def take(self, decision: Decision) -> None:
        """Takes out those that lost to another message and do not wait, and the one that was held out in its turn."""
        waiting = {one.id for one in self._watched if one.waits}
        self.pass_over(id for id, code in decision.reasons.items() if code in LOST and id not in waiting)
        if decision.would_have is not None:
            self.pass_over([decision.would_have])

    def may_change_in(self, facts: Mapping[str, Any], at: float) -> float | None:
        """Returns in how many seconds somebody may become ready, or stop to be, by time alone; None if nobody."""
        moments = [moment for one in self._watched for moment in self._moments(one, facts, at)]
        return min(moments, default=None)

    def _moments(self, one: Watched, facts: Mapping[str, Any], at: float) -> list[float]:
        changes = may_change_at(one.condition, facts)
        steady = self._since[one.id] + one.steady_for - at if one.id in self._since else 0
        return [moment for moment in (changes, steady) if moment is not None and moment > 0]
