"""What goes to the page: the conditions of triggers with everything folded in that only the server knows."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rules.compact import compact_json
from rules.conditions import FALSE, IR, facts_in, leaves_of
from rules.facts import known_in_browser
from rules.partial import settled, simplify
from triggers.trigger import Trigger

AGENTS_CHANGE_AFTER = 30
"""Seconds after which agents may have come or gone; nobody is told of it on pages without a socket."""
AGAIN_WITHIN = 86_400
"""Seconds a page waits at most: a browser that shall wait for longer than 24 days does not wait at all."""


@dataclass(frozen=True, slots=True)
class Remainder:
    """One trigger as one visitor's page gets it: no text, and nothing about the visitor."""

    trigger: Trigger
    condition: IR

    def as_json(self) -> dict[str, Any]:
        """Returns it as it travels, without what is left to its default."""
        trigger = self.trigger
        plain: dict[str, Any] = {
            "id": trigger.id,
            "when": self.condition,
            "for": trigger.steady_for,
            "order": trigger.order,
            "priority": trigger.priority,
            "limit": trigger.limit.as_json(),
        }
        if trigger.ignore_manners:
            plain["ignore_manners"] = True
        if trigger.if_busy == "wait":
            plain["waits"] = True
        return plain


@dataclass(frozen=True, slots=True)
class Proposed:
    """The remainders that a page gets, and the same as they travel: written once for everybody who gets them."""

    remainders: tuple[Remainder, ...]
    json: str


def remainder(trigger: Trigger, server_facts: Mapping[str, Any]) -> Remainder | None:
    """Returns what is left to be decided in the page; None if this trigger cannot come to be shown there.

    `server_facts` are those of the trigger's department; what they hold of facts the page knows itself is left alone,
    because the page will know better.
    """
    if not trigger.enabled:
        return None
    asked = facts_in(trigger.condition)
    known = {name: server_facts[name] for name in asked if not known_in_browser(name) and name in server_facts}
    condition = settled(simplify(trigger.condition, known))
    return None if condition == FALSE else Remainder(trigger, condition)


class Remainders:
    """The remainders of all triggers of a site, worked out once for each set of server facts they depend on."""

    def __init__(self, triggers: Iterable[Trigger], *, most_kept: int = 2_000):
        self._triggers = [trigger for trigger in triggers if trigger.enabled]
        self._asked: dict[str | None, tuple[str, ...]] = {}
        for trigger in self._triggers:
            names = {name for name in facts_in(trigger.condition) if not known_in_browser(name)}
            known = self._asked.get(trigger.department, ())
            self._asked[trigger.department] = tuple(sorted({*known, *names}))
        self._kept: OrderedDict[tuple[Any, ...], Proposed] = OrderedDict()
        self._most_kept = most_kept

    def of(self, server_facts: Callable[[str | None], Mapping[str, Any]]) -> Proposed:
        """Returns what this visitor's page gets; `server_facts` tells those of a department, or of the whole site.

        Only the facts that some trigger asks about are looked at.
        """
        seen: dict[str | None, dict[str, Any]] = {}
        for department, names in self._asked.items():
            facts = server_facts(department)
            seen[department] = {name: facts[name] for name in names if name in facts}
        key = tuple(facts.get(name, _UNKNOWN) for department, facts in seen.items() for name in self._asked[department])
        if key not in self._kept:
            found = (remainder(trigger, seen[trigger.department]) for trigger in self._triggers)
            left = tuple(each for each in found if each is not None)
            written = compact_json([each.as_json() for each in left])
            self._kept[key] = Proposed(left, written)
            if len(self._kept) > self._most_kept:
                self._kept.popitem(last=False)
        return self._kept[key]


_UNKNOWN = object()


@dataclass(frozen=True, slots=True)
class Timing:
    """What of these conditions changes on the server by time alone, so that pages have to ask again."""

    agents: bool
    hours: bool
    days: bool
    minutes: tuple[int, ...]
    """Minutes of the day at which a condition on the time may change."""

    @classmethod
    def of(cls, conditions: Iterable[IR]) -> Timing:
        """Returns what is asked about in conditions as they are written."""
        conditions = list(conditions)
        asked = {name for condition in conditions for name in facts_in(condition)}
        minutes = {minute for condition in conditions for minute in _minutes_in(condition)}
        return cls(
            agents=not asked.isdisjoint(("agents_online", "agents_available")),
            hours="opening_hours" in asked,
            days=not asked.isdisjoint(("date", "weekday")),
            minutes=tuple(sorted(minutes)),
        )

    def again_after(self, local_now: datetime, next_opening_change: float | None = None) -> int | None:
        """Returns after how many seconds the page asks again, a day at most; None if the server's part stays as it is.

        `local_now` is in the site's zone, `next_opening_change` in seconds from then.
        """
        moments = [_until(local_now, minute) for minute in self.minutes]
        if self.agents:
            moments.append(AGENTS_CHANGE_AFTER)
        if self.hours and next_opening_change is not None:
            moments.append(next_opening_change)
        if self.days:
            moments.append(_until(local_now, 24 * 60))
        return max(1, round(min(*moments, AGAIN_WITHIN) + 0.5)) if moments else None


def _minutes_in(condition: IR) -> Iterator[int]:
    """Yields the minutes of the day that a condition asks for, and those after them."""
    for leaf in leaves_of(condition):
        if leaf[0] in ("known", "cmp") or leaf[1] != "time":
            continue
        for wanted in leaf[2] if leaf[0] == "in" else (leaf[2],):
            if isinstance(wanted, str) and len(wanted) == 5:
                minute = int(wanted[:2]) * 60 + int(wanted[3:])
                yield from (minute, minute + 1)


def _until(local_now: datetime, minutes: int) -> float:
    """Returns the seconds until the clock on the wall shows this minute, or is put forward or back before that."""
    midnight = local_now.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    now = local_now.timestamp()
    days = [midnight + timedelta(days=day, minutes=minutes) for day in (0, 1)]
    first, again = ([day.replace(fold=fold).timestamp() for day in days] for fold in (0, 1))
    shown = sorted({*first, *map(max, first, again)})
    then = next((moment for moment in shown if moment > now), shown[-1])

    def offset(moment: float) -> timedelta | None:
        return datetime.fromtimestamp(moment, local_now.tzinfo).utcoffset()

    same = now
    while offset(then) != offset(now) and then - same > 1:
        middle = (same + then) / 2
        same, then = (middle, then) if offset(middle) == offset(now) else (same, middle)
    return then - now
