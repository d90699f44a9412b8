"""`note`: something for the agents, which visitors never see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from flows.effects import Noted
from flows.steps.step import Step, common, step_table
from flows.wording import Wording
from rules.kinds import Text
from rules.schema import Key, Read, Table

if TYPE_CHECKING:
    from flows.compiler import Build
    from flows.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteStep(Step):
    kind: ClassVar[str] = "note"
    table: ClassVar[Table] = step_table(
        "note", {"note": Key(Text(), "what agents read in the conversation; visitors never see it", required=True)}
    )

    text: Wording

    @classmethod
    def of(cls, read: Read, reading: Reading) -> Self:
        return cls(text=reading.wording(read.node("note")) or Wording({}), **common(read, reading))

    def wordings(self) -> tuple[Wording, ...]:
        return (self.text,)

    def compile(self, build: Build, after: str) -> None:
        spoken, step, flow = self.text.spoken(), self.id, build.flow.id

        def note(e: Any) -> None:
            text = spoken.as_stored(e.model)
            if text:
                e.model.effects.append(Noted(text, step, flow))

        build.move("next", build.state(self, "pass", enter=note), after)
