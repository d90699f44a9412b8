"""What a turn of a flow wants done: plain values, in the order they happened, carried out by somebody else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from rules.durations import Duration

SlotValue = str | int | float | bool | dict[str, Any] | None
"""A record (what an action gave back) is a dict: its fields are asked for by `order.status`."""
Priority = Literal["normal", "high", "urgent"]


@dataclass(frozen=True, slots=True)
class Option:
    """One quick reply: what the visitor reads, and what comes back when it is pressed."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form as a card shows it; `value` is what is known or was typed last."""

    name: str
    type: str
    label: str
    value: SlotValue = None
    optional: bool = False
    choices: tuple[Option, ...] | None = None
    min: int | float | str | None = None
    max: int | float | str | None = None
    help: str | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """A form as one card: all its fields, and a sentence for each that was filled with what cannot be used."""

    step: str
    """`flow.step`, by which an answer says which form it fills."""
    title: str | None
    submit: str
    fields: tuple[Field, ...]
    errors: Mapping[str, str]


class Say(NamedTuple):
    """The bot says a rendered text; with `options` it offers quick replies, with `asks` it fills that slot next.

    With a `form`, `text` is what a channel without cards says: the first question that is open.
    """

    text: str
    step: str
    flow: str
    options: tuple[Option, ...] = ()
    asks: str | None = None
    form: Card | None = None


class SlotSet(NamedTuple):
    """A slot has a new value; None means it was emptied again (by `back` or `restart`)."""

    slot: str
    value: SlotValue
    step: str
    flow: str
    save_to: Literal["conversation", "contact"] = "conversation"


WhyAgent = Literal["step", "phrase", "give_up", "target", "rule", "not_understood", "program", "vanished"]
"""What made a person wanted; `vanished`: the agent who had the conversation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantsAgent:
    """A person is wanted. Without a department it is the conversation's own, else the first that is open."""

    reason: WhyAgent
    department: str | None = None
    note: str | None = None
    priority: Priority = "normal"
    wait_up_to: Duration | None = None
    step: str = ""
    flow: str = ""
    say: str | None = None
    """What the bot says once somebody is really asked; nothing is promised before."""


@dataclass(frozen=True, slots=True)
class SetTimer:
    """An event `timer` is wanted later; it is good only while the cursor still has this epoch.

    With `until` it is wanted at that time of the site's clock (`09:00`), or as soon as `after` is over and somebody is
    there (`open`).
    """

    step: str
    epoch: int
    after: Duration
    n: int = 1
    until: str | None = None


@dataclass(frozen=True, slots=True)
class CallAction:
    """A custom action is wanted; its result comes back as an event `done` or `failed` with this epoch."""

    action: str
    arguments: Mapping[str, SlotValue]
    save_as: str | None
    timeout: Duration
    step: str
    flow: str
    epoch: int


@dataclass(frozen=True, slots=True)
class CallValidator:
    """A validator is wanted for an answer; what it says comes back as an event `validated` with this epoch."""

    validator: str
    form: str
    slots: tuple[str, ...]
    """Those the flow asks for, in their order."""
    requested: str | None
    candidates: Mapping[str, SlotValue]
    given: Mapping[str, SlotValue]
    """What was answered and found right before, and is not kept yet."""
    timeout: Duration
    step: str
    flow: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Tagged:
    """The conversation gets tags."""

    tags: tuple[str, ...]
    step: str
    flow: str


@dataclass(frozen=True, slots=True)
class Noted:
    """A note for the agents; visitors never see it."""

    text: str
    step: str
    flow: str


@dataclass(frozen=True, slots=True)
class Consented:
    """The visitor said yes or no to what was shown to them, in that language."""

    slot: str
    value: bool
    shown: str
    language: str
    step: str
    flow: str


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


Effect = (
    Say
    | SlotSet
    | WantsAgent
    | SetTimer
    | CallAction
    | CallValidator
    | Tagged
    | Noted
    | Consented
    | FlowEntered
    | FlowLeft
    | MessageLeft
    | Misunderstood
)
