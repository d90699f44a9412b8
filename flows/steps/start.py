"""`start`: this flow ends and another begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from flows.steps.step import Step, common, step_table
from flows.targets import Target
from rules.kinds import Reference
from rules.schema import Key, Read, Table

if TYPE_CHECKING:
    from flows.compiler import Build
    from flows.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class StartStep(Step):
    kind: ClassVar[str] = "start"
    table: ClassVar[Table] = step_table(
        "start", {"start": Key(Reference("a flow"), "the flow to begin", required=True)}
    )

    to: Target

    @classmethod
    def of(cls, read: Read, reading: Reading) -> Self:
        return cls(to=Target("start", read["start"], read.place_of("start")), **common(read, reading))

    def targets(self) -> tuple[Target, ...]:
        return (self.to,)

    def compile(self, build: Build, after: str) -> None:
        build.state(self, "start", words=f"starts {self.to.name}", calls=self.to.name)
