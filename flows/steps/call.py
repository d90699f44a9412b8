"""`call`: another flow runs, and then this one goes on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

from flows.steps.given import A_KIND, Given, Values, fitted, misfits, value_maker, wordings_of
from flows.steps.kinds import LeadsTo
from flows.steps.step import Step, common, step_table
from flows.targets import END, Target
from flows.wording import Wording
from rules.facts import kind_of_answer
from rules.kinds import Reference
from rules.nodes import Map
from rules.problems import NOWHERE, Place
from rules.schema import Key, Read, Table

if TYPE_CHECKING:
    from flows.compiler import Build
    from flows.reading import Reading
    from flows.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStep(Step):
    kind: ClassVar[str] = "call"
    table: ClassVar[Table] = step_table(
        "call",
        {
            "call": Key(Reference("a flow"), "the flow to run before this one goes on", required=True),
            "with": Key(Values(), "the inputs of that flow, and what they are", default={}),
            "if_cancelled": Key(LeadsTo(), "where to go on when the visitor breaks that flow off", default="end"),
        },
    )

    to: Target
    gives: dict[str, Given] = field(default_factory=dict)
    """The inputs of the called flow."""
    if_cancelled: Target = END
    given_at: Place = field(default=NOWHERE, compare=False)

    @classmethod
    def of(cls, read: Read, reading: Reading) -> Self:
        return cls(
            to=Target("call", read["call"], read.place_of("call")),
            gives=_inputs(read, reading),
            if_cancelled=read["if_cancelled"] or END,
            given_at=read.key_place("with"),
            **common(read, reading),
        )

    def wordings(self) -> tuple[Wording, ...]:
        return wordings_of(self.gives)

    def targets(self) -> tuple[Target, ...]:
        return (self.to, self.if_cancelled)

    def compile(self, build: Build, after: str) -> None:
        made = {slot: value_maker(slot, value) for slot, value in self.gives.items()}

        def inputs(run: Run) -> dict[str, Any]:
            return {slot: make(run) for slot, make in made.items()}

        state = build.state(
            self, "call", words=f"calls {self.to.name}", calls=self.to.name, gives=inputs if made else None
        )
        build.returns(self, state, after, build.lead(self.if_cancelled, self, after, quietly=True))


def _inputs(read: Read, reading: Reading) -> dict[str, Given]:
    """Returns the inputs as the called flow takes them, after reporting those that it cannot take."""
    types, node = reading.inputs.get(str(read["call"]), {}), read.node("with")
    places = {key.text: value.place for key, value in node.entries} if isinstance(node, Map) else {}
    inputs = {}
    for slot, value in (read["with"] or {}).items():
        kind = kind_of_answer(types[slot]) if slot in types else None
        inputs[slot] = given = fitted(value, kind, reading.scope)
        if kind is not None and misfits(given, kind):
            message = f"flow '{read['call']}' takes {A_KIND[kind.type]} for '{slot}', and this is none"
            reading.walker.report("K006", places.get(slot, read.place_of("with")), message)
    return inputs
