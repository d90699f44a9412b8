"""What happened in a conversation and why, event by event: for `parlour explain conversation` and for the panel."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.events import Event
from flows.telling import Told, in_a_word, told
from rules.conditions import value_label

MOMENT = "%Y-%m-%d %H:%M:%S"
_INTERNAL = ("agent", "impression", "file", "line", "until")
"""What means nothing to a reader, or is told in its own place."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One event in words, with its reasons: the steps and guards of a turn, the conditions of a trigger or a rule."""

    seq: int
    at: datetime
    who: str
    what: str
    reasons: tuple[Told, ...] = ()
    where: str = ""
    """File and line of the rule that acted, where one did."""

    def lines(self) -> Iterator[str]:
        """Yields what a terminal shows."""
        yield f"{self.seq:>4}  {self.at:{MOMENT}}  {self.who}: {self.what}  {self.where}".rstrip()
        for reason in self.reasons:
            yield f"        {reason}"


def explained(events: Iterable[Event]) -> Iterator[Happening]:
    """Yields what each event tells, in their order."""
    for event in events:
        yield Happening(event.seq, event.at, _who(event), _what(event), tuple(_reasons(event)), _where(event))


def what_held(why: Any) -> list[str]:
    """Returns in words which conditions of a recorded reason held; one that says what must not be is left whole."""
    if not isinstance(why, dict) or not why.get("outcome"):
        return []
    return [words for part in why.get("parts", ()) for words in what_held(part)] or [_in_its_words(why)]


def _who(event: Event) -> str:
    return str(event.body.get("name") or event.role) if event.role == "agent" else event.role


def _what(event: Event) -> str:
    if event.kind == "turn":
        return "took a turn"
    if event.kind == "misunderstood":
        return f"did not understand: {event.body['text']}"
    if event.kind == "rule_applied":
        return f"rule {event.body['rule']} {', '.join(event.body['did'])}: {event.body['why']}"
    if event.kind in ("message", "note"):
        return f"{'' if event.kind == 'message' else '(note) '}{event.body['text']}"
    hidden = (*_INTERNAL, "name") if event.role == "agent" else _INTERNAL  # Who did it is said already.
    shown = {name: _in_words(value) for name, value in event.body.items() if name not in hidden}
    if until := event.body.get("until"):
        shown["for"] = f"{round((datetime.fromisoformat(until) - event.at).total_seconds())} seconds"
    details = ", ".join(f"{name} {words}" for name, words in shown.items() if words is not None)
    return f"{event.kind.replace('_', ' ')}{f' ({details})' if details else ''}"


def _where(event: Event) -> str:
    return f"{event.body['file']}:{event.body['line']}" if event.body.get("file") else ""


def _in_words(value: Any) -> str | None:
    """Returns a plain value, or a list of words; None for what is told elsewhere."""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return " and ".join(value) or None
    return str(value) if isinstance(value, str | int) else None


def _reasons(event: Event) -> Iterator[Told]:
    yield from (told(entry) for entry in event.body.get("trace", ()))
    for timer in event.body.get("timers", ()):
        due = datetime.fromisoformat(timer["at"]).astimezone(UTC)
        yield Told("", timer["step"], f"timer {timer['n']} set for {due:{MOMENT}}")
    place = next((f"{name} {event.body[name]}" for name in ("rule", "trigger") if name in event.body), event.kind)
    yield from (Told("", place, words, outcome) for words, outcome in _conditions(event.body.get("why")))


def _conditions(why: Any) -> Iterator[tuple[str, str]]:
    """Yields the single conditions of a tree of reasons, each with what was seen and what came of it."""
    if isinstance(why, list):
        for each in why:
            yield from _conditions(each)
    elif isinstance(why, dict) and why.get("parts"):
        yield from _conditions(why["parts"])
    elif isinstance(why, dict) and "label" in why:
        yield _in_its_words(why), in_a_word(why.get("outcome"))


def _in_its_words(why: Mapping[str, Any]) -> str:
    words, seen = str(why["label"]), why.get("seen")
    return words if seen is None else f"{words} ({value_label(why['fact'], seen)})"
