"""What a turn did and why, line by line, from its trace: for `parlour explain`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_EVENTS = {
    "start": "a flow is started",
    "input": "the visitor answers",
    "timer": "a timer ran out",
    "agent_joined": "an agent joins",
    "agent_left": "the agent leaves",
    "failed": "it failed: no agent could be asked, or an action did not work",
    "done": "an action answers",
    "repeat": "the question is put again",
}
_OUTCOMES = {True: "yes", False: "no", None: "unknown"}


def told(entry: Sequence[Any]) -> str:
    """Returns one line for an entry of a trace, as it is or as it came back from JSON."""
    what, flow, step, words, outcome, file, line = entry
    where = f"{file}:{line}" if file else ""
    place = f"{flow}.{step}" if step else str(flow)
    return f"{where:<28} {place:<32} {_said(what, words, outcome)}".rstrip()


def _said(what: str, words: str, outcome: bool | None) -> str:
    match what:
        case "event":
            return _EVENTS.get(words, words)
        case "guard":
            return f"  {_OUTCOMES[outcome]:<8} {words}"
        case "timer":
            return f"timer {words}"
        case "phrase":
            return f"the phrase '{words}'"
        case "refused":
            return f"refused: {words}"
        case _:
            return words
