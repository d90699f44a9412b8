"""Can what several people did at once be explained by some order of it? A small search after Wing and Gong.

Each operation has a begin, an end and an outcome; the register they all work on is a function from a state and an
operation to the states it may lead to. Found is an order that keeps to who was done before whom began.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

State = Hashable
Step = Callable[[Any, "Operation"], State | None]
"""Returns the state after an operation that came out as it did; None if it cannot have, from that state."""


@dataclass(frozen=True, slots=True)
class Operation:
    who: str
    what: str
    outcome: Any
    begin: float
    end: float


def some_order(operations: Sequence[Operation], start: State, step: Step) -> list[Operation] | None:
    """Returns an order that explains all outcomes, or None if there is none."""
    seen: set[tuple[frozenset[Operation], State]] = set()

    def search(left: frozenset[Operation], state: State, done: list[Operation]) -> list[Operation] | None:
        if not left:
            return done
        if (left, state) in seen:
            return None
        seen.add((left, state))
        first_end = min(each.end for each in left)
        for each in sorted((each for each in left if each.begin <= first_end), key=lambda each: each.begin):
            after = step(state, each)
            if after is not None and (found := search(left - {each}, after, [*done, each])) is not None:
                return found
        return None

    return search(frozenset(operations), start, [])


FREE = "nobody"


def ownership(owner: Any, operation: Operation) -> State | None:
    """The register of who has a conversation: taken by who finds it free, given up only by who has it."""
    what, who, outcome = operation.what, operation.who, operation.outcome
    if what == "accept":
        if outcome == "won":
            return who if owner in (FREE, who) else None
        return owner if owner == outcome else None  # Told who has it.
    if what == "return":
        if outcome == "done":
            return FREE if owner == who else None
        return owner if owner != who else None
    raise ValueError(what)
