"""`set`: slots get values without anybody being asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from flows.effects import SlotValue
from flows.steps.step import Step, common, step_table
from flows.wording import Wording
from rules.facts import Kind as FactKind
from rules.facts import kind_of_answer
from rules.kinds import Number, Text, is_new_id
from rules.nodes import Map, Node, Scalar, Unreadable
from rules.schema import WRONG, Key, Kind, Read, Table, Walker

if TYPE_CHECKING:
    from flows.compiler import Build
    from flows.reading import Reading
    from flows.run import Run


@dataclass(frozen=True, slots=True)
class Add:
    """`{add: 1}`: a number on top of what is there; what is empty counts as 0."""

    amount: int | float


Given = Wording | Add | int | float | bool
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


@dataclass(frozen=True, slots=True, kw_only=True)
class SetStep(Step):
    kind: ClassVar[str] = "set"
    table: ClassVar[Table] = step_table("set", {"set": Key(Values(), "slots and what they are set to", required=True)})

    values: dict[str, Given]
    contact: frozenset[str] = frozenset()
    """Those of the slots that are saved as contact attributes."""

    @classmethod
    def of(cls, read: Read, reading: Reading) -> Self:
        values = read["set"] or {}
        contact = frozenset(slot for slot in values if slot in reading.contact)
        return cls(values=values, contact=contact, **common(read, reading))

    @classmethod
    def declares(cls, read: Read, reading: Reading) -> dict[str, FactKind]:
        node, values = read.node("set"), read["set"] or {}
        if isinstance(node, Map):
            for key, _ in node.entries:
                reading.check_slot(key.text, key.place)
        return {slot: kind_of_answer(type_given(value)) for slot, value in values.items()}

    def wordings(self) -> tuple[Wording, ...]:
        return tuple(value for value in self.values.values() if isinstance(value, Wording))

    def writes(self) -> dict[str, str]:
        return {slot: type_given(value) for slot, value in self.values.items()}

    def saves_to_contact(self) -> frozenset[str]:
        return self.contact

    def compile(self, build: Build, after: str) -> None:
        made = {slot: value_maker(slot, value) for slot, value in self.values.items()}
        step, contact = self.id, self.contact

        def write(e: Any) -> None:
            for slot, make in made.items():
                e.model.put(slot, make(e.model), step, "contact" if slot in contact else "conversation")

        build.move("next", build.state(self, "pass", enter=write), after, writes=self.values)


def type_given(value: Given) -> str:
    """Returns the type of slot this value makes."""
    if isinstance(value, bool):
        return "yes_no"
    return "text" if isinstance(value, Wording) else "number"


def value_maker(slot: str, value: Given) -> Callable[[Run], SlotValue]:
    """Returns how to get the value in a turn."""
    if isinstance(value, Wording):
        spoken = value.spoken()
        return spoken.text
    if isinstance(value, Add):
        amount = value.amount
        return lambda run: _number(run.cursor.slots.get(slot)) + amount
    return lambda run: value


def _number(value: SlotValue) -> int | float:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else 0
