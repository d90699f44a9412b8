"""What a turn of a flow wants done: plain values, in the order they happened, carried out by somebody else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rules.durations import Duration

SlotValue = str | int | float | bool | None
Priority = Literal["normal", "high", "urgent"]


@dataclass(frozen=True, slots=True)
class Option:
    """One quick reply: what the visitor reads, and what comes back when it is pressed."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Say:
    """The bot says a rendered text; with `options` it offers quick replies, with `asks` it fills that slot next."""

    text: str
    step: str
    flow: str
    options: tuple[Option, ...] = ()
    asks: str | None = None


@dataclass(frozen=True, slots=True)
class SlotSet:
    """A slot has a new value; None means it was emptied again (by `back` or `restart`)."""

    slot: str
    value: SlotValue
    step: str
    flow: str
    save_to: Literal["conversation", "contact"] = "conversation"


@dataclass(frozen=True, slots=True)
class WantsAgent:
    """A person is wanted. Without a department it is the conversation's own, else the first that is open."""

    department: str | None
    note: str | None
    priority: Priority
    wait_up_to: Duration | None
    step: str
    flow: str
    reason: Literal["step", "phrase", "give_up", "target", "rule"]
    say: str | None = None
    """What the bot says once somebody is really asked; nothing is promised before."""


@dataclass(frozen=True, slots=True)
class SetTimer:
    """An event `timer` is wanted later; it is good only while the cursor still has this epoch."""

    step: str
    epoch: int
    after: Duration
    n: int = 1


@dataclass(frozen=True, slots=True)
class FlowEntered:
    flow: str
    version: str


@dataclass(frozen=True, slots=True)
class FlowLeft:
    flow: str
    how: Literal["ended", "cancelled", "restarted"]


@dataclass(frozen=True, slots=True)
class MessageLeft:
    """The visitor left a message to be answered later, because nobody was there."""

    department: str | None
    email: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Misunderstood:
    """What the visitor wrote was no answer to the open question; `n` counts within this step."""

    step: str
    text: str
    n: int


Effect = Say | SlotSet | WantsAgent | SetTimer | FlowEntered | FlowLeft | MessageLeft | Misunderstood
