"""How often is enough: limits of one trigger, the manners of a whole site, and who is never spoken to, for measuring.

Counts and ages come in as a `Tally`, so nothing here reads a clock. The widget has the twin in `widget/limits.js`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Literal
from zoneinfo import ZoneInfo

from rules.kinds import Choice, Integer, Length, Percent
from rules.schema import Key, Read, Table

StopAfter = Literal["shown", "answered", "never"]

SPANS = ("page", "visit", "day", "week", "visitor")
QUIET = (("gap", "shown_ago"), ("after_dismiss", "dismissed_ago"), ("after_chat", "chat_ago"))
"""Stretches of silence, and the age each is measured by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What both a trigger and a site may limit; None means without limit. Stretches of silence are in seconds."""

    per_page: int | None = None
    per_visit: int | None = None
    per_day: int | None = None
    per_week: int | None = None
    per_visitor: int | None = None
    gap: int | None = None
    after_dismiss: int | None = None
    after_chat: int | None = None
    stop_after: StopAfter = "never"

    def as_json(self) -> dict[str, Any]:
        """Returns what is limited, as it travels to the widget."""
        limited = {each.name: getattr(self, each.name) for each in fields(Limits)}
        return {name: value for name, value in limited.items() if value not in (None, "never")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners(Limits):
    """Caps over all triggers of a site together."""

    holdout: float = 0
    """Percentage of visitors to whom nothing is ever shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How often something was shown to one visitor, and how many seconds ago what happened last."""

    page: int = 0
    """On the page that is open now."""
    visit: int = 0
    day: int = 0
    """On the present day of the site."""
    week: int = 0
    """On that day and the six before it."""
    visitor: int = 0
    dismissed: int = 0
    answered: int = 0
    shown_ago: float | None = None
    dismissed_ago: float | None = None
    chat_ago: float | None = None
    """Since the visitor last talked with us; only counted over all triggers."""

    def as_json(self) -> dict[str, float]:
        """Returns what is not zero, as it travels to the widget."""
        counted = {each.name: getattr(self, each.name) for each in fields(self)}
        return {
            name: value for name, value in counted.items() if value is not None and (value or name.endswith("_ago"))
        }


@dataclass(frozen=True, slots=True)
class Counters:
    """The tallies of one visitor."""

    all: Tally = field(default_factory=Tally)
    triggers: Mapping[str, Tally] = field(default_factory=dict)

    def of(self, trigger: str) -> Tally:
        """Returns the tally of one trigger."""
        return self.triggers.get(trigger, _NOTHING)

    def facts(self, triggers: Iterable[str]) -> dict[str, int]:
        """Returns `shown.*`, `dismissed.*` and `answered.*` for these triggers."""
        return {
            name: count
            for trigger in triggers
            for name, count in (
                (f"shown.{trigger}", self.of(trigger).visitor),
                (f"dismissed.{trigger}", self.of(trigger).dismissed),
                (f"answered.{trigger}", self.of(trigger).answered),
            )
        }

    def as_json(self) -> dict[str, Any]:
        """Returns the tallies as they travel to the widget."""
        return {"all": self.all.as_json(), "triggers": {id: tally.as_json() for id, tally in self.triggers.items()}}


_NOTHING = Tally()


@dataclass(frozen=True, slots=True)
class Showing:
    """One time a trigger's message was seen, and what became of it."""

    trigger: str
    at: datetime
    dismissed_at: datetime | None = None
    answered_at: datetime | None = None


def counted(
    showings: Iterable[Showing],
    *,
    now: datetime,
    zone: ZoneInfo,
    visit_began: datetime,
    page_began: datetime,
    last_chat: datetime | None = None,
) -> Counters:
    """Returns the tallies of a visitor to whom these were shown; days are those of the site's zone."""
    by_trigger: dict[str, list[Showing]] = {}
    for showing in showings:
        by_trigger.setdefault(showing.trigger, []).append(showing)
    frame = _Frame(now, zone, visit_began, page_began)
    everything = [showing for each in by_trigger.values() for showing in each]
    chat_ago = None if last_chat is None else max(0.0, (now - last_chat).total_seconds())
    return Counters(
        frame.tally(everything, chat_ago), {trigger: frame.tally(each) for trigger, each in by_trigger.items()}
    )


@dataclass(frozen=True, slots=True)
class _Frame:
    """What "this page", "this visit", "today" mean at one moment."""

    now: datetime
    zone: ZoneInfo
    visit_began: datetime
    page_began: datetime

    def tally(self, showings: list[Showing], chat_ago: float | None = None) -> Tally:
        today = self.now.astimezone(self.zone).date()
        days = [(today - showing.at.astimezone(self.zone).date()).days for showing in showings]
        return Tally(
            page=sum(showing.at >= self.page_began for showing in showings),
            visit=sum(showing.at >= self.visit_began for showing in showings),
            day=sum(ago <= 0 for ago in days),
            week=sum(ago < 7 for ago in days),
            visitor=len(showings),
            dismissed=sum(showing.dismissed_at is not None for showing in showings),
            answered=sum(showing.answered_at is not None for showing in showings),
            shown_ago=self._ago(showing.at for showing in showings),
            dismissed_ago=self._ago(showing.dismissed_at for showing in showings),
            chat_ago=chat_ago,
        )

    def _ago(self, moments: Iterable[datetime | None]) -> float | None:
        latest = max((moment for moment in moments if moment is not None), default=None)
        return None if latest is None else max(0.0, (self.now - latest) / timedelta(seconds=1))


def reached(limits: Limits, tally: Tally) -> str | None:
    """Returns the first limit that forbids another showing, by its key, or None if it may be shown."""
    for span in SPANS:
        most = getattr(limits, f"per_{span}")
        if most is not None and getattr(tally, span) >= most:
            return f"per_{span}"
    for quiet, age in QUIET:
        asked, ago = getattr(limits, quiet), getattr(tally, age)
        if asked is not None and ago is not None and ago < asked:
            return quiet
    stopped = {"shown": tally.visitor, "answered": tally.answered}.get(limits.stop_after, 0)
    return "stop_after" if stopped else None


def bucket(name: str, visitor: str) -> int:
    """Returns the visitor's number from 0 to 9,999 in this draw: always the same, and independent of other draws."""
    return int(sha256(f"{name}::{visitor}".encode()).hexdigest()[:8], 16) % 10_000


def held_out(share: float, name: str, visitor: str) -> bool:
    """Says whether a visitor is among this percentage of all, to whom nothing is shown."""
    return bucket(name, visitor) < round(share * 100)


LIMIT = Table(
    "limit",
    {
        "per_page": Key(Integer(1), "showings on one page view", default=1),
        "per_visit": Key(Integer(1), "showings in one visit; a visit ends after 30 quiet minutes", default=1),
        "per_visitor": Key(
            Integer(1), "showings to one visitor, as long as they are kept (`privacy: keep: page_views`)", default=3
        ),
        "per_day": Key(Integer(1), "showings on one day of the site", default=1),
        "per_week": Key(Integer(1), "showings on seven days"),
        "gap": Key(Length(), "quiet time between two showings", default="2h"),
        "after_dismiss": Key(Length(), "quiet time after the visitor waved it away", default="7d"),
        "stop_after": Key(
            Choice(("shown", "answered", "never"), noun="moment to stop after"),
            "what ends it for this visitor: shown, answered, never",
            default="answered",
        ),
    },
    noun="'limit'",
)

MANNERS = Table(
    "manners",
    {
        "per_page": Key(Integer(0), "messages on one page view, of all triggers together", default=1),
        "per_visit": Key(Integer(0), "messages in one visit", default=2),
        "per_day": Key(Integer(0), "messages on one day", default=3),
        "per_week": Key(Integer(0), "messages on seven days", default=6),
        "gap": Key(Length(), "quiet time between two messages", default="45s"),
        "after_dismiss": Key(Length(), "quiet time after the visitor waved one away", default="24h"),
        "after_chat": Key(Length(), "quiet time after the visitor talked with us", default="7d"),
        "holdout": Key(Percent(), "share of visitors who never see any trigger, for measuring", default=0),
    },
    noun="'manners'",
)

_COUNTS = ("per_page", "per_visit", "per_day", "per_week")


def limit(read: Read) -> Limits:
    """Returns the limits of a trigger."""
    counts = {name: read[name] for name in (*_COUNTS, "per_visitor")}
    return Limits(
        **counts, gap=read["gap"].seconds, after_dismiss=read["after_dismiss"].seconds, stop_after=read["stop_after"]
    )


def manners(read: Read) -> Manners:
    """Returns the manners of a site."""
    counts = {name: read[name] for name in _COUNTS}
    quiet = {name: read[name].seconds for name, _ in QUIET}
    return Manners(**counts, **quiet, holdout=read["holdout"])
