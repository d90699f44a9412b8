"""`take_message`: what the visitor told goes to the team as a message. Only flows that come with Parlour have it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from flows.effects import MessageLeft
from flows.steps.step import Step, common, step_table
from rules.kinds import Id
from rules.schema import Key, Read, Table

if TYPE_CHECKING:
    from flows.compiler import Build
    from flows.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeMessageStep(Step):
    kind: ClassVar[str] = "take_message"
    table: ClassVar[Table] = step_table(
        "take_message",
        {
            "take_message": Key(Id(), "the slot with the message", required=True),
            "email": Key(Id(), "the slot with the address to answer to", required=True),
            "department": Key(Id(), "the slot with the department it is for", required=True),
        },
    )

    text: str
    email: str
    department: str

    @classmethod
    def of(cls, read: Read, reading: Reading) -> Self:
        return cls(
            text=read["take_message"], email=read["email"], department=read["department"], **common(read, reading)
        )

    def compile(self, build: Build, after: str) -> None:
        def take(e: Any) -> None:
            run = e.model
            department, email, text = (run.known(slot) for slot in (self.department, self.email, self.text))
            run.effects.append(MessageLeft(department, email, text or ""))

        build.move("next", build.state(self, "pass", enter=take), after)
