"""What a condition tells about slots: where it holds, which of them surely have a value."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rules.conditions import IR, facts_in
from rules.facts import fact_named

_GROUPS = ("all", "any", "not")


def known_where(ir: IR, *, holds: bool) -> frozenset[str]:
    """Returns the slots and contact attributes that have a value where a condition holds; or where it does not surely.

    A comparison with something absent is false, so a comparison that holds has found a value.
    """
    return _known_if(ir, outcome=True) if holds else _known_unless(ir)


def _known_if(ir: IR, *, outcome: bool) -> frozenset[str]:
    if ir[0] == "not":
        return _known_if(ir[1], outcome=not outcome)
    if ir[0] in _GROUPS:
        every = (ir[0] == "all") == outcome
        return _joined((_known_if(part, outcome=outcome) for part in ir[1:]), every=every)
    return _named(ir) if outcome else frozenset()


def _known_unless(ir: IR) -> frozenset[str]:
    if ir[0] == "not":
        # Only about slots and contacts somebody always knows; elsewhere "not surely" may as well be "unknown".
        return _known_if(ir[1], outcome=True) if _all_named(ir[1]) else frozenset()
    if ir[0] in _GROUPS:
        return _joined((_known_unless(part) for part in ir[1:]), every=ir[0] == "any")
    return frozenset()


def _joined(parts: Iterable[frozenset[str]], *, every: bool) -> frozenset[str]:
    sets = list(parts)
    combine: Callable[..., frozenset[str]] = frozenset.union if every else frozenset.intersection
    return combine(*sets) if sets else frozenset()


def _named(leaf: IR) -> frozenset[str]:
    return frozenset(name.removeprefix("slot.") for name in facts_in(leaf) if _is_ours(name))


def _all_named(ir: IR) -> bool:
    return all(_is_ours(name) for name in facts_in(ir))


def _is_ours(name: str) -> bool:
    return name.startswith(("slot.", "contact.")) or ("." not in name and fact_named(name) is None)
