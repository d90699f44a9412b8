"""`handoff`: a person takes over; the flow waits until they give the conversation back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

from flows.effects import Priority, WantsAgent
from flows.steps.kinds import LeadsTo
from flows.steps.step import Step, common, step_table
from flows.targets import Target
from flows.wording import Wording
from rules.durations import Duration
from rules.kinds import Choice, Length, Reference, Text
from rules.problems import NOWHERE, Place
from rules.schema import Key, Read, Table

if TYPE_CHECKING:
    from flows.compiler import Build
    from flows.reading import Reading
    from flows.run import Run

LEAVE_MESSAGE = "leave_message"
"""The standard flow that takes a message when nobody is there and nothing else was said."""
HIDE_WIDGET = "hide_widget"
"""What a later version will take in the place of a flow: no widget while nobody is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffStep(Step):
    kind: ClassVar[str] = "handoff"
    table: ClassVar[Table] = step_table(
        "handoff",
        {
            "handoff": Key(
                Reference("a department"), "the department, or any: that of the conversation", required=True
            ),
            "say": Key(Text(), "what the bot says once a person is asked; not said when nobody could be"),
            "note": Key(Text(), "what the agent reads first"),
            "priority": Key(Choice(("normal", "high", "urgent")), "how urgent it is", default="normal"),
            "wait_up_to": Key(Length(), "how long the visitor is to wait for somebody, over all departments"),
            "if_nobody": Key(LeadsTo(), "where to go on when nobody takes it; else a message is taken"),
            "if_closed": Key(LeadsTo(), "where to go on outside the opening hours; else a message is taken"),
            "return_to": Key(LeadsTo(), "where to go on when the agent gives the conversation back; the next step"),
        },
    )

    department: str | None
    """None means the conversation's own, else the first that is open."""
    say: Wording | None = None
    note: Wording | None = None
    """What the agent reads first."""
    priority: Priority = "normal"
    wait_up_to: Duration | None = None
    if_nobody: Target | None = None
    if_closed: Target | None = None
    return_to: Target | None = None
    department_at: Place = field(default=NOWHERE, compare=False)

    @classmethod
    def of(cls, read: Read, reading: Reading) -> Self:
        department = read["handoff"]
        return cls(
            department=None if department == "any" else department,
            department_at=read.place_of("handoff"),
            say=reading.wording(read.node("say")),
            note=reading.wording(read.node("note")),
            priority=read["priority"],
            wait_up_to=read["wait_up_to"],
            if_nobody=read["if_nobody"],
            if_closed=read["if_closed"],
            return_to=read["return_to"],
            **common(read, reading),
        )

    def wordings(self) -> tuple[Wording, ...]:
        return tuple(wording for wording in (self.say, self.note) if wording is not None)

    def targets(self) -> tuple[Target, ...]:
        return tuple(target for target in (self.if_nobody, self.if_closed, self.return_to) if target is not None)

    def compile(self, build: Build, after: str) -> None:
        state = build.state(self, "wait", enter=self._asking(build.flow.id), words="hands over")
        build.move("agent_joined", state, None)
        build.move("resumed", state, build.lead(self.return_to, self, after) if self.return_to else after)
        closed = build.guard(self, lambda run: run.event.data.get("reason") == "closed", "the department is closed")
        build.move("nobody_came", state, self._otherwise(build, self.if_closed, after), closed)
        # Who leaves a message is asked for it; a target of the flow's own may lead back here before anybody has come.
        nobody = self._otherwise(build, self.if_nobody, after)
        build.move("nobody_came", state, nobody, at_once=self.if_nobody is not None)
        build.interruptions(self, state, human=False)

    def _otherwise(self, build: Build, target: Target | None, after: str) -> str:
        """Where a failed handoff leads: as written, else to the department's own rule, which the event names."""
        if target is not None:
            return build.lead(target, self, after)
        if self.id + ">nobody" in build.states:
            return self.id + ">nobody"
        state = build.state(
            self,
            "call",
            suffix=">nobody",
            what="jump",
            words="offline rule",
            calls=LEAVE_MESSAGE,
            gives=missed_department,
            offline=True,
            follows="flow",
        )
        build.returns(self, state, after)
        return state

    def _asking(self, flow: str) -> Any:
        say = self.say.spoken() if self.say else None
        note = self.note.spoken() if self.note else None

        def ask_for_agent(e: Any) -> None:
            run = e.model
            run.cursor.wait()
            written = note.as_stored(run) if note is not None else None
            said = say.text(run) if say is not None else None
            run.effects.append(
                WantsAgent(
                    reason="step",
                    department=self.department,
                    note=written,
                    priority=self.priority,
                    wait_up_to=self.wait_up_to,
                    step=self.id,
                    flow=flow,
                    say=said,
                )
            )

        return ask_for_agent


def missed_department(run: Run) -> dict[str, Any]:
    """Returns what the message taker needs to know: whom the message is for."""
    department = run.event.data.get("department")
    return {"message_department": department} if department else {}
