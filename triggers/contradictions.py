"""Conditions of a trigger that cannot hold together, so that it would never speak.

Looked at are those about one fact each, with every value that makes a difference: the values they name, and one in
between each two. What compares texts by their parts, or two facts, is left out, so nothing is said that is not sure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations, pairwise
from typing import Any

from rules.condition_reading import KEYS
from rules.conditions import IR, evaluate, facts_in, is_number, label, leaves_of
from rules.nodes import Map
from rules.problems import Place, Problem, error
from triggers.advice import places_of

_EXACT = frozenset({"is", "in", ">=", ">", "<=", "<", "known"})
_FROM_NOUGHT = "it counts from 0"
_ALWAYS: Mapping[str, tuple[IR, str]] = {
    "visits": ((">=", "visits", 1), "this visit counts as 1"),
    "pages_viewed": ((">=", "pages_viewed", 1), "this page counts as 1"),
    "time_on_page": ((">=", "time_on_page", 0), _FROM_NOUGHT),
    "time_on_site": ((">=", "time_on_site", 0), _FROM_NOUGHT),
    "idle": ((">=", "idle", 0), _FROM_NOUGHT),
    "scroll": (("all", (">=", "scroll", 0), ("<=", "scroll", 100)), "it goes from 0% to 100%"),
    "chat": (
        ("not", ("in", "chat", ("open", "minimized"))),
        "nothing is said unasked while a conversation is going on",
    ),
}
"""What holds of a fact whenever a trigger may speak, and why."""


def contradictions(condition: IR, node: Map | None, place: Place) -> Iterator[Problem]:
    """Yields an error for each fact about which a trigger wants what cannot be; `node` is the trigger as written."""
    for fact, parts in _by_fact(condition).items():
        # What was written, beside what it says of the fact.
        always = _ALWAYS.get(fact)
        alone = next((written for written, meant in parts if always and _never(fact, meant, always[0])), None)
        if alone is not None and always is not None:
            message = f"'{label(alone)}' never holds: {always[1]}"
            about = [alone]
        elif _never(fact, *(meant for _, meant in parts), *(always[:1] if always else ())):
            pairs = (pair for pair in combinations(parts, 2) if _never(fact, *(meant for _, meant in pair)))
            about = [written for written, _ in next(pairs, parts)]
            *others, last = (f"'{label(each)}'" for each in about)
            verb = "contradicts" if len(others) == 1 else "contradict"
            message = f"{', '.join(others)} {verb} {last}" if others else f"{last} never holds"
        else:
            continue
        names = [name for each in about for name in facts_in(each)]
        asked = [node.get(key) for key in KEYS] if node is not None else []
        at = next((found for name in names for part in asked for found in places_of(name, part)), place)
        yield error("T001", at, f"it can never speak: {message}")


def _by_fact(condition: IR) -> dict[str, list[tuple[IR, IR]]]:
    """Returns the parts that must all hold and are about one fact, each as written and as it is looked at."""
    found: dict[str, list[tuple[IR, IR]]] = {}
    for part in condition[1:] if condition[0] == "all" else (condition,):
        meant = _of_visits(part)
        facts = facts_in(meant)
        if len(facts) == 1 and all(leaf[0] in _EXACT for leaf in leaves_of(meant)):
            found.setdefault(next(iter(facts)), []).append((part, meant))
    return found


def _of_visits(ir: IR) -> IR:
    """Returns a condition with what it asks of `returning` asked of `visits`."""
    if ir[0] in ("all", "any", "not"):
        return (ir[0], *(_of_visits(part) for part in ir[1:]))
    if ir[0] == "is" and ir[1] == "returning":
        return (">" if ir[2] is True else "<=", "visits", 1)
    return ir


def _never(fact: str, *parts: IR) -> bool:
    """Says whether no value of a fact, nor its absence, makes all of these true."""
    whole = ("all", *parts)
    return not any(evaluate(whole, {fact: value}) for value in _values(whole))


def _values(ir: IR) -> Iterator[Any]:
    """Yields a value of every stretch in which the condition stays the same."""
    named = [leaf[2] for leaf in leaves_of(ir) if len(leaf) > 2]
    single = [value for each in named for value in (each if isinstance(each, list | tuple) else (each,))]
    yield from (None, True, False, "")
    for text in (value for value in single if isinstance(value, str)):
        yield from (text, f"{text}\x01")
    numbers = sorted(value for value in single if is_number(value))
    if numbers:
        yield from (*numbers, numbers[0] - 1, numbers[-1] + 1)
        yield from ((low + high) / 2 for low, high in pairwise(numbers))
