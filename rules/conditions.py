"""True, false or unknown: conditions in their JSON form, evaluated over facts, and why they came out as they did.

The twin of `web/static/shared/conditions.js`; `tests/conditions.vectors.json` holds the laws both follow. A fact that
is missing from the mapping is *unknown*; one that is None is *absent*: we looked, and there is none.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from unicodedata import normalize

from rules.durations import Duration
from rules.facts import fact_named, spoken

IR = Sequence[Any]
"""A condition: `("all", …)`, `(">=", "scroll", 50)` and so on; nested tuples, or lists when they come from JSON."""

Facts = Mapping[str, Any]

TRUE: IR = ("all",)
FALSE: IR = ("any",)
UNKNOWN: IR = ("is", "unknown", True)
"""A leaf about a fact that nobody ever knows."""

_MISSING = object()
_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}


def fold(text: str) -> str:
    """Returns the text as it is compared: composed, and lower-case below U+1C80.

    Above that point Python and browsers know different tables of letters, so there case is left alone.
    """
    if text.isascii():
        return text.lower()
    return "".join(letter.lower() if letter < "\u1c80" else letter for letter in normalize("NFC", text))


def _double(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _same(seen: Any, wanted: Any) -> bool:
    if isinstance(seen, str):
        return isinstance(wanted, str) and fold(seen) == fold(wanted)
    if isinstance(seen, bool) or isinstance(wanted, bool):
        return seen is wanted
    return is_number(seen) and is_number(wanted) and _double(seen) == _double(wanted)


def _ordered(op: str, seen: Any, wanted: Any) -> bool:
    if isinstance(seen, str) and isinstance(wanted, str):
        # Browsers order text by UTF-16 units.
        return _ORDER[op](_utf16(fold(seen)), _utf16(fold(wanted)))
    return is_number(seen) and is_number(wanted) and _ORDER[op](_double(seen), _double(wanted))


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-be", "surrogatepass")


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple, set, frozenset))


def _glob(text: str, pattern: str) -> bool:
    first, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    *middle, last = rest
    if not text.startswith(first):
        return False
    at = len(first)
    for part in middle:
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return len(text) - len(last) >= at and text.endswith(last)


_TEXT: Mapping[str, Callable[[str, str], bool]] = {
    "contains": lambda text, part: part in text,
    "starts": str.startswith,
    "ends": str.endswith,
    "glob": _glob,
}


def _test(op: str, seen: Any, wanted: Any) -> bool:
    """Says whether a comparison of two present values holds; of two types it never does."""
    if op == "is":
        return _same(seen, wanted)
    if op == "in":
        return any(_same(seen, one) for one in wanted)
    if op == "has":
        return _is_list(seen) and any(_same(one, wanted) for one in seen)
    if op in _ORDER:
        return _ordered(op, seen, wanted)
    return isinstance(seen, str) and isinstance(wanted, str) and _TEXT[op](fold(seen), fold(wanted))


def evaluate(ir: IR, facts: Facts) -> bool | None:
    """Returns whether the condition holds; None where that depends on something unknown."""
    op = ir[0]
    if op in ("all", "any"):
        return _joined(op, (evaluate(part, facts) for part in ir[1:]))
    if op == "not":
        held = evaluate(ir[1], facts)
        return None if held is None else not held
    return leaf_outcome(ir, facts)


def _joined(op: str, outcomes: Iterable[bool | None]) -> bool | None:
    decisive = op == "any"
    result: bool | None = not decisive
    for outcome in outcomes:
        if outcome is decisive:
            return decisive
        if outcome is None:
            result = None
    return result


def leaf_outcome(ir: IR, facts: Facts) -> bool | None:
    op = ir[0]
    if op == "cmp":
        return _compared(ir[1], facts.get(ir[2], _MISSING), facts.get(ir[3], _MISSING))
    seen = facts.get(ir[1], _MISSING)
    if op == "known":
        return seen is not _MISSING and seen is not None
    if seen is _MISSING:
        return None
    return seen is not None and _test(op, seen, ir[2])


def _compared(op: str, left: Any, right: Any) -> bool | None:
    if left is _MISSING or right is _MISSING:
        return None
    return left is not None and right is not None and _test(op, left, right)


def compile_condition(ir: IR) -> Callable[[Facts], bool | None]:
    """Returns a function that evaluates this condition, several times quicker than `evaluate` does."""
    op = ir[0]
    if op in ("all", "any"):
        return _compiled_group([compile_condition(part) for part in ir[1:]], decisive=op == "any")
    if op == "not":
        part = compile_condition(ir[1])

        def negated(facts: Facts) -> bool | None:
            held = part(facts)
            return None if held is None else not held

        return negated
    if op in ("known", "cmp"):
        return lambda facts: leaf_outcome(ir, facts)
    return _compiled_leaf(ir[1], _compiled_test(op, ir[2]))


def _compiled_group(parts: list[Callable[[Facts], bool | None]], *, decisive: bool) -> Callable[[Facts], bool | None]:
    def group(facts: Facts) -> bool | None:
        result: bool | None = not decisive
        for part in parts:
            outcome = part(facts)
            if outcome is decisive:
                return decisive
            if outcome is None:
                result = None
        return result

    return group


def _compiled_leaf(name: str, test: Callable[[Any], bool]) -> Callable[[Facts], bool | None]:
    def leaf(facts: Facts) -> bool | None:
        seen = facts.get(name, _MISSING)
        if seen is _MISSING:
            return None
        return seen is not None and test(seen)

    return leaf


def _compiled_test(op: str, wanted: Any) -> Callable[[Any], bool]:
    """Returns the comparison with its constant side prepared."""
    if isinstance(wanted, str):
        folded = fold(wanted)
        if op == "is":
            return lambda seen: isinstance(seen, str) and fold(seen) == folded
        if op in _TEXT:
            text_test = _TEXT[op]
            return lambda seen: isinstance(seen, str) and text_test(fold(seen), folded)
    if op in _ORDER and is_number(wanted):
        order, number = _ORDER[op], _double(wanted)
        return lambda seen: is_number(seen) and order(_double(seen), number)
    return lambda seen: _test(op, seen, wanted)


def facts_in(ir: IR) -> frozenset[str]:
    """Returns the names of all facts a condition asks about."""
    return frozenset(name for leaf in leaves_of(ir) for name in names_in(leaf))


def leaves_of(ir: IR) -> Iterator[IR]:
    if ir[0] in ("all", "any", "not"):
        for part in ir[1:]:
            yield from leaves_of(part)
    else:
        yield ir


def names_in(leaf: IR) -> tuple[str, ...]:
    return (leaf[2], leaf[3]) if leaf[0] == "cmp" else (leaf[1],)


def all_of(parts: Iterable[IR]) -> IR:
    """Returns the condition that all of these hold, without needless nesting."""
    return grouped("all", parts)


def any_of(parts: Iterable[IR]) -> IR:
    """Returns the condition that one of these holds, without needless nesting."""
    return grouped("any", parts)


def negated(ir: IR) -> IR:
    """Returns the opposite of a condition."""
    if ir[0] == "not":
        return ir[1]
    if len(ir) == 1:
        return FALSE if ir[0] == "all" else TRUE
    return ("not", ir)


def grouped(op: str, parts: Iterable[IR]) -> IR:
    flat = flattened(op, parts)
    return flat[0] if len(flat) == 1 else (op, *flat)


def flattened(op: str, parts: Iterable[IR]) -> list[IR]:
    return [inner for part in parts for inner in (part[1:] if part[0] == op else (part,))]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a condition came out as it did: its words, the outcome, and the same for each of its parts."""

    label: str
    outcome: bool | None
    fact: str | None = None
    seen: Any = None
    """The value at that moment; None also where there was none."""
    unknown: bool = False
    """Nobody could say what the value was."""
    parts: tuple[Reason, ...] = ()

    def leaves(self) -> Iterator[Reason]:
        """Yields the single comparisons, in the order they were written."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves()

    def as_json(self) -> dict[str, Any]:
        """Returns the reason as plain data, for records and pages."""
        plain: dict[str, Any] = {"label": self.label, "outcome": self.outcome}
        if self.fact is not None:
            plain |= {"fact": self.fact, "seen": self.seen, "unknown": self.unknown}
        if self.parts:
            plain["parts"] = [part.as_json() for part in self.parts]
        return plain


def reasons(ir: IR, facts: Facts) -> Reason:
    """Returns the outcome of a condition with its reasons: every part is looked at, also those that decide nothing."""
    op = ir[0]
    if op in ("all", "any"):
        parts = tuple(reasons(part, facts) for part in ir[1:])
        return Reason(label(ir), _joined(op, (part.outcome for part in parts)), parts=parts)
    if op == "not":
        part = reasons(ir[1], facts)
        return Reason(label(ir), None if part.outcome is None else not part.outcome, parts=(part,))
    name = names_in(ir)[0]
    return Reason(
        label(ir),
        leaf_outcome(ir, facts),
        fact=name,
        seen=facts.get(name),
        unknown=any(n not in facts for n in names_in(ir)),
    )


_OP_WORDS = {
    "is": "is",
    "in": "is",
    "glob": "is",
    "has": "has",
    ">=": "at least",
    ">": "more than",
    "<=": "at most",
    "<": "less than",
    "contains": "contains",
    "starts": "starts with",
    "ends": "ends with",
}


def label(ir: IR) -> str:
    """Returns the condition in a marketer's words: `on this page at least 30s`."""
    op = ir[0]
    if op in ("all", "any"):
        word = " and " if op == "all" else " or "
        return word.join(_part_label(part) for part in ir[1:]) or ("always" if op == "all" else "never")
    if op == "not":
        return f"unless {_part_label(ir[1])}"
    if op == "known":
        return f"{_fact_label(ir[1])} is known"
    if op == "cmp":
        return f"{_fact_label(ir[2])} {_OP_WORDS[ir[1]]} {_fact_label(ir[3])}"
    return _leaf_label(op, ir[1], ir[2])


def _part_label(ir: IR) -> str:
    return f"({label(ir)})" if ir[0] in ("all", "any") and len(ir) > 2 else label(ir)


def _leaf_label(op: str, name: str, wanted: Any) -> str:
    fact = fact_named(name)
    values = wanted if op == "in" else (wanted,)
    written = " or ".join(value_label(name, value) for value in values) or "nothing"
    if op in ("is", "in") and (isinstance(wanted, bool) or (fact is not None and fact.type == "choice")):
        return f"{_fact_label(name)}: {written}"
    return f"{_fact_label(name)} {_OP_WORDS[op]} {written}"


def _fact_label(name: str) -> str:
    fact = fact_named(name)
    if fact is None:
        return spoken(name)
    if fact.family is None:
        return fact.label
    return fact.label.replace("{}", spoken(name.removeprefix(fact.family)))


def value_label(name: str, value: Any) -> str:
    """Returns the value of a fact in a marketer's words: `30s`, `60%`, `yes`."""
    fact = fact_named(name)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not is_number(value):
        return str(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if fact is not None and fact.type == "clock" and isinstance(value, int) and value >= 0:
        return str(Duration(value))
    return f"{value}%" if fact is not None and fact.type == "percent" else str(value)
