"""Which triggers are ready: their condition has been definitely true for as long as `for` asks.

A model: who is ready is decided in the page alone, by `Readiness` in `widget/arbiter.js`, and
`tests/arbiter.cases.json` holds both to the same cases. Times are seconds of a clock that stands still while the page
is hidden.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rules.conditions import IR, Facts, compile_condition, is_number, leaves_of

LOST = frozenset({"busy", "lower_priority", "shown_more_recently", "later_in_files"})
"""Another message went before it: only with `if_busy: wait` does it stay ready."""
CLOCKS = ("time_on_page", "time_on_site", "idle")
"""Facts that grow by one a second, by themselves."""


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

    def take(self, reasons: Mapping[str, str]) -> None:
        """Takes out those that lost to another message and do not wait."""
        waiting = {one.id for one in self._watched if one.waits}
        self.pass_over(id for id, code in reasons.items() if code in LOST and id not in waiting)

    def may_change_in(self, facts: Mapping[str, Any], at: float) -> float | None:
        """Returns in how many seconds somebody may become ready, or stop to be, by time alone; None if nobody."""
        moments = [moment for one in self._watched for moment in self._moments(one, facts, at)]
        return min(moments, default=None)

    def _moments(self, one: Watched, facts: Mapping[str, Any], at: float) -> list[float]:
        changes = may_change_at(one.condition, facts)
        steady = self._since[one.id] + one.steady_for - at if one.id in self._since else 0
        return [moment for moment in (changes, steady) if moment is not None and moment > 0]


def may_change_at(ir: IR, facts: Facts) -> float | None:
    """Returns in how many seconds this condition may change by time alone, at the earliest; None if it cannot."""
    moments = (moment for leaf in leaves_of(ir) for moment in _leaf_moments(leaf, facts))
    return min(moments, default=None)


def _leaf_moments(leaf: IR, facts: Facts) -> Iterator[float]:
    # Clocks grow together, so comparing one with another never changes. What holds at 30 seconds may be over at 31.
    if leaf[0] in ("known", "cmp") or leaf[1] not in CLOCKS or not is_number(facts.get(leaf[1])):
        return
    now = facts[leaf[1]]
    for bound in leaf[2] if leaf[0] == "in" else (leaf[2],):
        yield from (moment - now for moment in (bound, bound + 1) if moment > now)
