"""What a turn did and why, line by line, from its trace: for `parlour explain` and the panel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_EVENTS = {
    "start": "a flow is started",
    "input": "the visitor answers",
    "timer": "a timer ran out",
    "agent_joined": "an agent joins",
    "agent_left": "the agent leaves",
    "action_failed": "it went on without: an action did not work",
    "nobody_came": "it went on without: no agent could be asked",
    "done": "an action answers",
    "repeat": "the question is put again",
    "updated": "the flow has changed and begins again",
}
_OUTCOMES = {True: "yes", False: "no", None: "unknown"}


@dataclass(frozen=True, slots=True)
class Told:
    """One line of what a turn did: where it is written, which step it is, and what happened there."""

    where: str
    place: str
    words: str
    outcome: str | None = None
    """What came of a guard: yes, no or unknown; None where there was nothing to decide."""

    def __str__(self) -> str:
        said = self.words if self.outcome is None else f"  {self.outcome:<8} {self.words}"
        return f"{self.where:<28} {self.place:<32} {said}".rstrip()


def told(entry: Sequence[Any]) -> Told:
    """Returns one line for an entry of a trace, as it is or as it came back from JSON."""
    what, flow, step, words, outcome, file, line = entry
    where = f"{file}:{line}" if file else ""
    place = f"{flow}.{step}" if step else str(flow)
    return Told(where, place, _said(what, words), in_a_word(outcome) if what == "guard" else None)


def in_a_word(outcome: bool | None) -> str:
    """Returns what came of a condition: yes, no or unknown."""
    return _OUTCOMES[outcome]


def _said(what: str, words: str) -> str:
    match what:
        case "event":
            return _EVENTS.get(words, words)
        case "timer":
            return f"timer {words}"
        case "phrase":
            return f"the phrase '{words}'"
        case "refused":
            return f"refused: {words}"
        case _:
            return words
