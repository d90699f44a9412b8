"""Takes a conversation one event further: `turn` is a pure function, and its result is data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from flows.cursor import Cursor
from flows.effects import Effect
from flows.settings import Settings

Kind = Literal[
    "start",  # data: {"flow": id, "with": {slot: value}}
    "input",  # text, or button: {"step": "flow.step", "value": …, "label": …}
    "timer",  # epoch
    "agent_joined",
    "agent_left",  # data: {"how": "returned" | "closed"}
    "failed",  # nobody could be asked; data: {"reason": "closed" | "nobody"}
]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a conversation. With an `epoch` it is dropped when the cursor has moved on."""

    kind: Kind
    text: str | None = None
    button: Mapping[str, Any] | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    epoch: int | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What a turn comes to. `handled` is False when nothing here took the event: no flow runs, or it came too late."""

    cursor: Cursor
    effects: tuple[Effect, ...]
    trace: tuple[tuple[Any, ...], ...]
    handled: bool


DEFAULTS = Settings()

Machines = Callable[[str, str | None], Any]
"""Gives the machine of a flow in a version; without a version, the one new conversations get."""


def turn(
    machines: Machines,
    cursor: Cursor,
    event: Event,
    facts: Mapping[str, Any],
    now: datetime,
    settings: Settings = DEFAULTS,
) -> Result:
    """Returns where the conversation stands after this event, what is to be done about it, and why."""
    return Result(cursor=cursor, effects=(), trace=(), handled=False)
