"""Who speaks: one winner among the triggers that are ready, and for each other one the reason why not.

The widget has the twin, `widget/arbiter.js`; `tests/arbiter.cases.json` is played by both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from triggers.limits import Counters, Limits, Manners, reached

SUPPRESSIONS: Mapping[str, str] = {
    "chat_open": "a conversation is going on or its window is open",
    "form_in_use": "the visitor is filling in a form of the page",
    "busy": "another message is on screen",
    "page_hidden": "the page is not in sight",
    "not_leader": "another tab of this visitor may speak",
}
"""What silences every trigger for the moment, in the order in which it is looked at."""

REASONS: Mapping[str, str] = {
    "holdout_site": "this visitor is in the share that sees no trigger, for measuring",
    "holdout": "this visitor is in the share that does not see this trigger, for measuring",
    **SUPPRESSIONS,
    "manners_per_page": "a visitor sees so many messages a page, of all triggers together",
    "manners_per_visit": "a visitor sees so many messages a visit, of all triggers together",
    "manners_per_day": "a visitor sees so many messages a day, of all triggers together",
    "manners_per_week": "a visitor sees so many messages a week, of all triggers together",
    "manners_gap": "the last message was too short a time ago",
    "manners_after_dismiss": "the visitor waved a message away a short time ago",
    "manners_after_chat": "the visitor talked with us a short time ago",
    "limit_per_page": "it was shown on this page often enough",
    "limit_per_visit": "it was shown in this visit often enough",
    "limit_per_day": "it was shown today often enough",
    "limit_per_week": "it was shown this week often enough",
    "limit_per_visitor": "it was shown to this visitor often enough",
    "limit_gap": "it was shown too short a time ago",
    "limit_after_dismiss": "the visitor waved it away a short time ago",
    "limit_stop_after": "it has done its work for this visitor",
    "lower_priority": "one with a higher priority was ready, too",
    "shown_more_recently": "another of the same priority has waited longer for its turn",
    "later_in_files": "another of the same priority comes earlier in the files",
}
"""Every code a decision can give, in a marketer's words."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A trigger that is ready."""

    id: str
    order: int
    priority: int = 50
    limit: Limits = field(default_factory=Limits)
    ignore_manners: bool = False
    held: str | None = None
    """`holdout_site` or `holdout`, when the visitor is not to see it. Pages are not told: there it wins, and `show`
    refuses it."""


@dataclass(frozen=True, slots=True)
class Decision:
    winner: str | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Id of each other candidate to a code of `REASONS`."""


def decide(
    candidates: Iterable[Candidate], suppressed: Collection[str], manners: Manners, counters: Counters
) -> Decision:
    """Returns the decision among these candidates; `suppressed` holds codes of `SUPPRESSIONS`."""
    everyone = list(candidates)
    held = {one.id: one.held for one in everyone if one.held}
    winner, reasons = _won([one for one in everyone if not one.held], suppressed, manners, counters)
    return Decision(winner, {**held, **reasons})


def _won(
    candidates: list[Candidate], suppressed: Collection[str], manners: Manners, counters: Counters
) -> tuple[str | None, dict[str, str]]:
    reasons: dict[str, str] = {}
    free: list[Candidate] = []
    silence = next((code for code in SUPPRESSIONS if code in suppressed), None)
    for one in candidates:
        reason = silence or _held_back(one, manners, counters)
        if reason:
            reasons[one.id] = reason
        else:
            free.append(one)
    if not free:
        return None, reasons
    first, *others = sorted(free, key=lambda one: (-one.priority, -_rested(one, counters), one.order))
    return first.id, {**reasons, **{one.id: _lost(one, first, counters) for one in others}}


def _held_back(one: Candidate, manners: Manners, counters: Counters) -> str | None:
    if not one.ignore_manners and (code := reached(manners, counters.all)):
        return f"manners_{code}"
    code = reached(one.limit, counters.of(one.id))
    return f"limit_{code}" if code else None


def _rested(one: Candidate, counters: Counters) -> float:
    ago = counters.of(one.id).shown_ago
    return float("inf") if ago is None else ago


def _lost(one: Candidate, winner: Candidate, counters: Counters) -> str:
    if one.priority < winner.priority:
        return "lower_priority"
    return "shown_more_recently" if _rested(one, counters) < _rested(winner, counters) else "later_in_files"
