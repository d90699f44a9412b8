"""Where something can lead: a step of the flow, or one of the words that mean a place of their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from rules.problems import Place

TargetKind = Literal["step", "end", "cancel", "back", "restart", "stay", "handoff", "start", "call"]

WORDS: tuple[TargetKind, ...] = ("end", "cancel", "back", "restart", "stay", "handoff", "start", "call")
"""Targets that are words. None of them may be the id of a step."""
RESERVED = frozenset((*WORDS, "dismiss"))


@dataclass(frozen=True, slots=True)
class Target:
    """One place to go to; `name` is the step, the department (or None: the conversation's) or the flow."""

    kind: TargetKind
    name: str | None = None
    place: Place | None = field(default=None, compare=False)

    def __str__(self) -> str:
        if self.kind == "step":
            return str(self.name)
        return self.kind if self.name is None else f"{self.kind} {self.name}"


HANDOFF = Target("handoff")
END = Target("end")
BACK = Target("back")
STAY = Target("stay")


def parse_target(text: str, place: Place | None = None) -> Target:
    """Returns the target a text means. Whether a step, flow or department of that name exists is not asked here."""
    word, _, name = " ".join(text.split()).partition(" ")
    if word == "handoff":
        return Target("handoff", name or None, place)
    if word in ("start", "call") and name:
        return Target("start" if word == "start" else "call", name, place)
    for kind in WORDS[:5]:
        if word == kind and not name:
            return Target(kind, None, place)
    return Target("step", text.strip(), place)
