"""Where a conversation stands in its flows: plain data that travels as compact JSON and knows nothing of machines."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any, NamedTuple, Self

from flows.effects import SlotValue
from rules.compact import compact_json

_VALUE = itemgetter(1)

MOST_CALLS = 10
"""How many flows wait for one they called to come back; an older one is forgotten."""
MOST_PARKED = 3
"""How many interrupted flows are kept for later; an older one is forgotten."""
MOST_HISTORY = 10
"""How many questions `back` can go back."""


class Frame(NamedTuple):
    """A flow that waits for one it called: where to come back to, and how many slots it had filled by then."""

    flow: str
    version: str
    state: str
    filled: int


class Write(NamedTuple):
    """One slot write as `back` has to undo it. `contact` is what the contact attribute was, when it was written too."""

    slot: str
    had: bool
    old: SlotValue
    save_to: str
    contact: SlotValue


class Asked(NamedTuple):
    """A question that was asked: where, under which callers, and which slots were written until the next one."""

    flow: str
    version: str
    state: str
    stack: tuple[Frame, ...]
    writes: tuple[Write, ...] = ()
    done: tuple[str, ...] = ()
    """Fields of the form that were filled or skipped when this one of its fields was asked for."""
    filled: tuple[str, ...] | None = None
    """Slots that were filled then; None in what an earlier version of the program kept."""

    def followed_by(self, *writes: Write) -> Asked:
        """Returns the question with more writes after it."""
        # Every answer comes by here, and `_replace` takes three times as long.
        return Asked(self.flow, self.version, self.state, self.stack, self.writes + writes, self.done, self.filled)


class Parked(NamedTuple):
    """A flow that was interrupted by another one and goes on when that one ends."""

    flow: str
    version: str
    state: str
    stack: tuple[Frame, ...]
    filled: tuple[str, ...]
    history: tuple[Asked, ...]
    tries: int
    open: tuple[str, ...] | None
    done: tuple[str, ...] = ()
    held: tuple[SlotValue, ...] = ()


class Pending(NamedTuple):
    """An answer that waits for its validator: the message as it came in, and what validators have said by now."""

    epoch: int
    text: str
    button: Mapping[str, Any] | None
    form: Mapping[str, Any] | None
    candidates: tuple[str, ...]
    """The slots that were answered."""
    slots: Mapping[str, Any]
    asks: str | None = None
    """A slot no step asks for, which the validator wants to know before it goes on."""
    prompt: str = ""
    candidate: str | None = None
    """What was answered to that, while the validator looks at it."""


class Cursor:
    """One conversation's place in its flows.

    A turn never changes the cursor it is given; it answers with another one.
    """

    def __init__(self, conversation: str, language: str) -> None:
        self.conversation = conversation
        self.language = language
        self.flow: str | None = None
        """The running flow, or None when there is none."""
        self.version: str = ""
        self.state: str = ""
        self.first_flow: str = ""
        """The flow that began when none was running: where a visitor who starts over begins."""
        self.stack: tuple[Frame, ...] = ()
        self.slots: dict[str, SlotValue] = {}
        self.filled: tuple[str, ...] = ()
        """Slots filled in this run of the flow and its callers, in the order they were first filled."""
        self.epoch = 0
        """Grows at every entry of a step, so that what was meant for an earlier one is recognised."""
        self.tries = 0
        """Answers to the open question that could not be understood."""
        self.open: tuple[str, ...] | None = None
        """The values of the options that were shown, in their order; None means all of the question's."""
        self.done: tuple[str, ...] = ()
        """Fields of the open form that are filled or were skipped."""
        self.held: tuple[SlotValue, ...] = ()
        """The one value that waits for a yes or no before it is kept; empty when none does."""
        self.history: tuple[Asked, ...] = ()
        self.parked: tuple[Parked, ...] = ()
        self.pending: Pending | None = None
        """The answer to the open question that waits for a validator; good for its epoch alone."""
        self.silent: tuple[str, ...] = ()
        """What happened by itself since somebody last wrote: times of silence that ran out, as `flow.step.n`, each of
        which happens once, and waits without a length, as `flow.step`."""

    @property
    def running(self) -> bool:
        return self.flow is not None

    def copy(self) -> Self:
        """Returns a cursor that can be changed without changing this one."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other.slots = dict(self.slots)
        return other

    def wait(self) -> int:
        """Begins to wait for something that is no answer to a question; returns what tells this waiting from others."""
        self.done, self.held = (), ()
        self.epoch += 1
        return self.epoch

    def first_since_spoken(self, name: str) -> bool:
        """Notes something that happens by itself; returns whether it has not happened since somebody last wrote."""
        first = name not in self.silent
        if first:
            self.silent = (*self.silent, name)
        return first

    def forget_past(self) -> None:
        """Makes the open question the first one that `back` knows of."""
        self.history = tuple(asked._replace(writes=(), filled=self.filled) for asked in self.history[-1:])

    def frames(self) -> tuple[tuple[str, str, str], ...]:
        """Returns every (flow, version, step) this conversation is inside of, the innermost last."""
        if self.flow is None:
            return ()
        here = self.flow, self.version, self.state
        return (*((frame.flow, frame.version, frame.state) for frame in self.stack), here) if self.stack else (here,)

    def versions(self) -> tuple[tuple[str, str], ...]:
        """Returns every flow with its version that this conversation stands in, the interrupted ones too."""
        if self.flow is not None and not self.stack and not self.parked:
            return ((self.flow, self.version),)
        places = [frame[:2] for frame in self.frames()]
        for parked in self.parked:
            places += [(parked.flow, parked.version), *(frame[:2] for frame in parked.stack)]
        return tuple(dict.fromkeys(places))

    def refers_to(self) -> frozenset[tuple[str, str]]:
        """Returns every flow with its version that this conversation may come to again, by going back too."""
        pasts = (self.history, *(parked.history for parked in self.parked))
        asked = [each for past in pasts for each in past]
        behind = [(each.flow, each.version) for each in asked]
        callers = [(frame.flow, frame.version) for each in asked for frame in each.stack]
        return frozenset((*self.versions(), *behind, *callers))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Cursor):
            return NotImplemented
        return self.__dict__ == other.__dict__

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Cursor({self.to_json()})"

    def to_json(self) -> str:
        """Returns the cursor as one line of JSON, without what is empty."""
        kept = {"v": 1, **dict(filter(_VALUE, self.__dict__.items()))}
        if self.open is not None:
            kept["open"] = self.open
        return compact_json(kept)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Returns the cursor that `to_json` wrote."""
        plain = json.loads(text)
        cursor = cls(plain["conversation"], plain["language"])
        kept = cursor.__dict__
        for name in kept.keys() & plain.keys():
            kept[name] = _REVIVE[name](plain[name]) if name in _REVIVE else plain[name]
        return cursor


def _stack(rows: list[list[Any]]) -> tuple[Frame, ...]:
    return tuple(Frame(*row) for row in rows)


def _history(rows: list[list[Any]]) -> tuple[Asked, ...]:
    return tuple(_asked(*row) for row in rows)


def _asked(
    flow: str,
    version: str,
    state: str,
    stack: list[list[Any]],
    writes: list[list[Any]],
    done: list[str] | tuple[()] = (),
    filled: list[str] | None = None,
) -> Asked:
    written = tuple(Write(*write) for write in writes)
    return Asked(flow, version, state, _stack(stack), written, tuple(done), None if filled is None else tuple(filled))


def _parked(rows: list[list[Any]]) -> tuple[Parked, ...]:
    return tuple(
        Parked(
            flow,
            version,
            state,
            _stack(stack),
            tuple(filled),
            _history(history),
            tries,
            None if shown is None else tuple(shown),
            *map(tuple, later),
        )
        for flow, version, state, stack, filled, history, tries, shown, *later in rows
    )


def _waiting(row: list[Any]) -> Pending:
    epoch, text, button, form, candidates, *more = row
    return Pending(epoch, text, button, form, tuple(candidates), *more)


_REVIVE: dict[str, Callable[[Any], Any]] = {
    "stack": _stack,
    "history": _history,
    "parked": _parked,
    "pending": _waiting,
    "filled": tuple,
    "open": tuple,
    "done": tuple,
    "held": tuple,
    "silent": tuple,
}
