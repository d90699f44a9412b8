"""Conditions of which a part is known already: what is left of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rules.conditions import (
    FALSE,
    IR,
    TRUE,
    UNKNOWN,
    Facts,
    flattened,
    grouped,
    leaf_outcome,
    names_in,
    negated,
)
from rules.facts import known_in_browser

_MIRRORED = {"is": "is", ">=": "<=", ">": "<", "<=": ">=", "<": ">"}


def simplify(ir: IR, facts: Facts, stays: Callable[[str], bool] = known_in_browser) -> IR:
    """Returns what is left of a condition once these facts are put in: for the rest of the facts, the same outcome.

    A fact that is neither among them nor `stays` is one that nobody will come to know.
    """
    op = ir[0]
    if op == "not":
        part = simplify(ir[1], facts, stays)
        return UNKNOWN if part == UNKNOWN else negated(part)
    if op in ("all", "any"):
        return _simplified_group(op, [simplify(part, facts, stays) for part in ir[1:]])
    waiting = [name for name in names_in(ir) if name not in facts and stays(name)]
    if op == "cmp" and len(waiting) == 1:
        return _half_compared(ir, facts, waiting[0])
    return _as_tuples(ir) if waiting else _constant(leaf_outcome(ir, facts))


def _simplified_group(op: str, parts: list[IR]) -> IR:
    decisive, neutral = (FALSE, TRUE) if op == "all" else (TRUE, FALSE)
    kept: list[IR] = []
    for part in flattened(op, parts):
        if part == decisive:
            return decisive
        if part != neutral and part not in kept:
            kept.append(part)
    return grouped(op, kept)


def _half_compared(ir: IR, facts: Facts, waiting: str) -> IR:
    _, op, left, right = ir
    known = right if waiting == left else left
    if known not in facts:
        return UNKNOWN
    # Nothing equals an absent value, so that leaf is false as soon as the other side is known.
    return (op if waiting == left else _MIRRORED[op], waiting, facts[known])


def _constant(outcome: bool | None) -> IR:
    return UNKNOWN if outcome is None else TRUE if outcome else FALSE


def _as_tuples(value: Any) -> Any:
    return tuple(_as_tuples(one) for one in value) if isinstance(value, (list, tuple)) else value


def settled(ir: IR) -> IR:
    """Returns a condition that is definitely true exactly when this one is, without any unknown leaf in it.

    Only for those who act on a definite true: where this one is unknown, the new one may be false.
    """
    return _settled(ir, wanted=True)


def _settled(ir: IR, *, wanted: bool) -> IR:
    if tuple(ir) == UNKNOWN:
        # An unknown leaf never helps: it counts as false where truth is wanted, as true below a not.
        return FALSE if wanted else TRUE
    if ir[0] == "not":
        return negated(_settled(ir[1], wanted=not wanted))
    if ir[0] in ("all", "any"):
        return _simplified_group(ir[0], [_settled(part, wanted=wanted) for part in ir[1:]])
    return ir
