"""What a slot or an input is given without anybody being asked: a text, a number, yes or no, what another one holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from flows.effects import SlotValue
from flows.wording import Wording
from rules.conditions import is_number
from rules.facts import NUMERIC, Scope, Type
from rules.facts import Kind as FactKind
from rules.kinds import Number, Text, is_new_id
from rules.nodes import Map, Node, Scalar, Unreadable
from rules.schema import WRONG, Kind, Walker
from rules.templates import TemplateProblem, parse_template

if TYPE_CHECKING:
    from flows.run import Run

_YES_NO = {"yes": True, "no": False}
_TYPED = ("number", "money", "date", "yes_no")
"""Kinds whose values are something else than the text that is said for them."""

A_KIND: Mapping[str, str] = {
    "text": "a text",
    "choice": "a choice",
    "number": "a number",
    "money": "an amount",
    "date": "a day",
    "yes_no": "a yes or no",
    "any": "a record",
}
"""How a kind of slot is called."""


@dataclass(frozen=True, slots=True)
class Add:
    """`{add: 1}`: a number on top of what is there; what is empty counts as 0."""

    amount: int | float


@dataclass(frozen=True, slots=True)
class Copied:
    """A text that is one gap and nothing else, for a slot that holds no text: it is given the value itself."""

    wording: Wording
    name: str
    type: Type


Given = Wording | Copied | Add | int | float | bool
"""What a slot may be set to."""


@dataclass(frozen=True)
class Values(Kind):
    """Slots and what each is given: a text, a number, yes or no, `{add: 1}`. Value: dict of slot to `Given`."""

    @property
    def words(self) -> str:
        return "a map with a value for each slot"

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        if not isinstance(node, Map) or not node.entries:
            return walker.refuse(node, self, label)
        values = {}
        for key, value in node.entries:
            given = _given(value, walker, f"'{key.text}'")
            if is_new_id(key, walker, "a slot") and given is not None:
                values[key.text] = given
        return values

    def instead(self) -> dict[str, Given]:
        return {}


def _given(node: Node, walker: Walker, label: str) -> Given | None:
    if isinstance(node, Map) and [key.text for key, _ in node.entries] == ["add"]:
        amount = walker.value(node.entries[0][1], Number(), "'add'")
        return None if amount is WRONG else Add(amount)
    if isinstance(node, Scalar) and isinstance(node.value, int | float) and not node.quoted:
        return node.value
    text = Text().read(node, walker, label) if not isinstance(node, Unreadable) else WRONG
    return None if text is WRONG else Wording.written(node, walker.default_language)


def type_given(value: Given) -> str:
    """Returns the type of slot this value makes."""
    if isinstance(value, bool):
        return "yes_no"
    if isinstance(value, Copied):
        return value.type
    return "text" if isinstance(value, Wording) else "number"


def name_copied(value: Given) -> str | None:
    """Returns the name in a text that is one gap without filters, None for everything else."""
    if not isinstance(value, Wording) or len(value.texts) != 1:
        return None
    try:
        return parse_template(next(iter(value.texts.values())).strip()).only_name
    except TemplateProblem:
        return None


def depends(value: Given) -> bool:
    """Says whether what is written means one thing or another, as the slot it is given to holds."""
    return _yes_or_no(value) is not None or name_copied(value) is not None


def kind_meant(value: Given, scope: Scope) -> FactKind | None:
    """Returns the kind of what depends, where nothing else says it; None if the name in it is not known."""
    name = name_copied(value)
    if name is None:
        return FactKind("yes_no")
    fact = scope.find(name)
    if fact is None:
        return None
    return FactKind(fact.kind.type) if fact.kind.type in _TYPED else FactKind("text")


def fitted(value: Given, kind: FactKind | None, scope: Scope) -> Given:
    """Returns a value as a slot of this kind is given it."""
    if kind is None or kind.type not in _TYPED:
        return value
    if kind.type == "yes_no" and (said := _yes_or_no(value)) is not None:
        return said
    name = name_copied(value)
    if isinstance(value, Wording) and name is not None:
        fact = scope.find(name)
        if fact is not None and (fact.kind.type in (kind.type, "any") or {fact.kind.type, kind.type} <= NUMERIC):
            return Copied(value, name, kind.type)
    return value


def misfits(value: Given, kind: FactKind) -> bool:
    """Says whether a fitted value is none that a slot of this kind can hold."""
    if kind.type not in _TYPED or isinstance(value, Copied):
        return False
    if isinstance(value, Add):
        return kind.type not in NUMERIC
    if not isinstance(value, Wording):
        return not fits(kind, value)
    return kind.type != "date" or not all(_is_day(text) for text in value.texts.values())


def fits(kind: FactKind | None, value: Any) -> bool:
    """Says whether a slot of this kind can hold a value."""
    if value is None or kind is None or kind.type == "any":
        return True
    if kind.type == "yes_no":
        return isinstance(value, bool)
    return is_number(value) if kind.type in NUMERIC else isinstance(value, str)


def _yes_or_no(value: Given) -> bool | None:
    if not isinstance(value, Wording) or len(value.texts) != 1 or any(node.quoted for node in value.nodes.values()):
        return None
    return _YES_NO.get(next(iter(value.texts.values())).strip().lower())


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def wordings_of(values: dict[str, Given]) -> tuple[Wording, ...]:
    """Returns the texts among some values."""
    texts = (value.wording if isinstance(value, Copied) else value for value in values.values())
    return tuple(text for text in texts if isinstance(text, Wording))


def value_maker(slot: str, value: Given) -> Callable[[Run], SlotValue]:
    """Returns how to get the value in a turn."""
    if isinstance(value, Wording):
        return value.spoken().as_stored
    if isinstance(value, Copied):
        return _copier(value.name, FactKind(value.type))
    if isinstance(value, Add):
        amount = value.amount
        return lambda run: _number(run.cursor.slots.get(slot)) + amount
    return lambda run: value


def _copier(name: str, kind: FactKind) -> Callable[[Run], SlotValue]:
    def copy(run: Run) -> SlotValue:
        value: SlotValue = run.view().get(name)
        return value if fits(kind, value) else None  # A field of a record holds whatever the action gave.

    return copy


def _number(value: SlotValue) -> int | float:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else 0
