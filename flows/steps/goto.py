"""`goto`: the conversation goes on somewhere else in this flow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from flows.steps.kinds import LeadsTo
from flows.steps.step import Step, common, step_table
from flows.targets import END, Target
from rules.schema import Key, Read, Table

if TYPE_CHECKING:
    from flows.compiler import Build
    from flows.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class GotoStep(Step):
    kind: ClassVar[str] = "goto"
    table: ClassVar[Table] = step_table("goto", {"goto": Key(LeadsTo(), "where to go on", required=True)})

    to: Target

    @classmethod
    def of(cls, read: Read, reading: Reading) -> Self:
        return cls(to=read["goto"] or END, **common(read, reading))

    def targets(self) -> tuple[Target, ...]:
        return (self.to,)

    def compile(self, build: Build, after: str) -> None:
        state = build.state(self, "pass", words=f"goes to {self.to}")
        build.move("next", state, build.lead(self.to, self, after))
