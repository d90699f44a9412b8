"""`set`: slots get values without anybody being asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from flows.steps.attribute_values import wrong_values
from flows.steps.given import Given, Values, depends, fitted, type_given, value_maker, wordings_of
from flows.steps.step import Step, common, step_table
from flows.wording import Wording
from rules.facts import Kind as FactKind
from rules.facts import kind_of_answer
from rules.nodes import Map
from rules.schema import Key, Read, Table

if TYPE_CHECKING:
    from flows.compiler import Build
    from flows.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class SetStep(Step):
    kind: ClassVar[str] = "set"
    table: ClassVar[Table] = step_table("set", {"set": Key(Values(), "slots and what they are set to", required=True)})

    values: dict[str, Given]
    contact: frozenset[str] = frozenset()
    """Those of the slots that are saved as contact attributes."""

    @classmethod
    def of(cls, read: Read, reading: Reading) -> Self:
        scope = reading.scope
        values = {slot: fitted(value, scope.slots.get(slot), scope) for slot, value in (read["set"] or {}).items()}
        contact = frozenset(slot for slot in values if slot in reading.contact)
        node = read.node("set")
        for key, written in node.entries if isinstance(node, Map) else ():
            attribute = reading.attribute(key.text)
            if attribute is not None and key.text in values:
                value = read["set"][key.text]
                reading.walker.problems += wrong_values(key.text, value, attribute, written, scope)
        return cls(values=values, contact=contact, **common(read, reading))

    @classmethod
    def declares(cls, read: Read, reading: Reading) -> dict[str, FactKind]:
        node, values = read.node("set"), read["set"] or {}
        if isinstance(node, Map):
            for key, _ in node.entries:
                reading.check_slot(key.text, key.place)
        return {slot: kind_of_answer(type_given(value)) for slot, value in values.items() if not depends(value)}

    @classmethod
    def declares_later(cls, read: Read) -> dict[str, Given]:
        return {slot: value for slot, value in (read["set"] or {}).items() if depends(value)}

    def wordings(self) -> tuple[Wording, ...]:
        return wordings_of(self.values)

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
