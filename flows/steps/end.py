"""`end`: the flow is over; a called one returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from flows.engine import END
from flows.steps.step import Step, common, step_table
from rules.kinds import YesNo
from rules.schema import Key, Read, Table

if TYPE_CHECKING:
    from flows.compiler import Build
    from flows.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class EndStep(Step):
    kind: ClassVar[str] = "end"
    table: ClassVar[Table] = step_table("end", {"end": Key(YesNo(), "true: the flow is over", required=True)})

    @classmethod
    def of(cls, read: Read, reading: Reading) -> Self:
        if read.is_sound("end") and read.wrote("end") and not read["end"]:
            reading.walker.report("K006", read.place_of("end"), "'end' is always true; leave the step out instead")
        return cls(**common(read, reading))

    def compile(self, build: Build, after: str) -> None:
        build.move("next", build.state(self, "pass", words="ends the flow"), END)
