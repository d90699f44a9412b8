"""`action`: a program of one's own is asked for something, and the flow goes on with what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

from flows.effects import CallAction, SetTimer, SlotSet, SlotValue
from flows.steps.given import Given, Values, fits, value_maker, wordings_of
from flows.steps.kinds import LeadsTo
from flows.steps.step import Step, common, step_table
from flows.targets import Target
from flows.wording import Wording
from rules.durations import Duration
from rules.facts import Kind as FactKind
from rules.facts import kind_of_answer
from rules.kinds import Id, Length, Word, YesNo
from rules.schema import Key, Read, Table

if TYPE_CHECKING:
    from flows.compiler import Build
    from flows.reading import Reading
    from flows.run import Run

TIMEOUT = Duration(10)
LOST = 20
"""Seconds after the time-out when an action of which nothing was heard at all is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionStep(Step):
    kind: ClassVar[str] = "action"
    table: ClassVar[Table] = step_table(
        "action",
        {
            "action": Key(Word("the name of an action", r"[A-Za-z_][A-Za-z0-9_.]{0,99}"), "its name", required=True),
            "with": Key(Values(), "what it is told besides the slots", default={}),
            "save_as": Key(Id(), "the slot that keeps what it answers; its fields are {{ slot.field }}"),
            "timeout": Key(Length(), "how long its answer is waited for", default="10s"),
            "on_error": Key(LeadsTo(), "where to go on when it fails or takes too long"),
            "optional": Key(YesNo(), "true: when it fails, the flow goes on as if nothing had happened", default=False),
            "interruptible": Key(YesNo(), "false: phrases such as 'a person, please' do nothing meanwhile"),
        },
    )

    action: str
    gives: dict[str, Given] = field(default_factory=dict)
    save_as: str | None = None
    timeout: Duration = TIMEOUT
    on_error: Target | None = None
    optional: bool = False
    contact: frozenset[str] = frozenset()
    """Slots that are saved as contact attributes when the action fills them."""
    kinds: Mapping[str, FactKind] = field(default_factory=dict, compare=False)
    """What every slot of the site holds."""

    @classmethod
    def of(cls, read: Read, reading: Reading) -> Self:
        return cls(
            action=read["action"],
            gives=read["with"] or {},
            save_as=read["save_as"] or None,
            timeout=read["timeout"],
            on_error=read["on_error"],
            optional=read["optional"],
            contact=frozenset(reading.contact),
            kinds=reading.scope.slots,
            interruptible=read["interruptible"] if read.wrote("interruptible") else None,
            **common(read, reading),
        )

    @classmethod
    def declares(cls, read: Read, reading: Reading) -> dict[str, FactKind]:
        slot = read["save_as"]
        if not slot:
            return {}
        reading.check_slot(slot, read.place_of("save_as"))
        return {slot: kind_of_answer("record")}

    def slot_of_id(self) -> str | None:
        return self.save_as

    def wordings(self) -> tuple[Wording, ...]:
        return wordings_of(self.gives)

    def targets(self) -> tuple[Target, ...]:
        return (self.on_error,) if self.on_error is not None else ()

    def writes(self) -> dict[str, str]:
        return {self.save_as: "record"} if self.save_as else {}

    def compile(self, build: Build, after: str) -> None:
        words = f"asks the action {self.action}"
        state = build.state(self, "wait", enter=self._calling(build.flow.id), words=words, resumes=True)
        writes = list(self.writes())
        followed = build.guard(self, _has_followup, "another flow follows")
        followup = self._followup(build, after)
        build.move("done", state, followup, followed, before=[self._store], writes=writes, at_once=True)
        build.move("done", state, after, before=[self._store], writes=writes, at_once=True)
        failed = build.lead(self.on_error, self, after) if self.on_error is not None else after
        # One that fails answers in no time.
        for event in ("action_failed", "timer", "resumed"):
            build.move(event, state, failed, at_once=True)
        build.states[state].interruptible = build.interruptions(self, state)

    def _followup(self, build: Build, after: str) -> str:
        """Adds the call of the flow that the action names, after which it goes on as if there had been none."""
        words = "the flow the action names"
        state = build.state(self, "call", suffix=">followup", what="jump", words=words, calls="", follows="followup")
        build.returns(self, state, after, after)
        return state

    def _calling(self, flow: str) -> Any:
        made = {name: value_maker(name, value) for name, value in self.gives.items()}
        lost = Duration(self.timeout.seconds + LOST)

        def call(e: Any) -> None:
            run = e.model
            epoch = run.cursor.wait()
            given = {name: make(run) for name, make in made.items()}
            run.effects.append(CallAction(self.action, given, self.save_as, self.timeout, self.id, flow, epoch))
            # The answer, or word that there is none, comes earlier; this is for when both are lost on the way.
            run.effects.append(SetTimer(f"{flow}.{self.id}", epoch, lost))

        return call

    def _store(self, e: Any) -> None:
        """Keeps what the action answered; a slot that holds something of another kind stays as it was."""
        run = e.model
        for slot, value in (run.event.data.get("slots") or {}).items():
            if fits(self.kinds.get(slot), value):
                self._keep(run, slot, value)
        if self.save_as is not None:
            self._keep(run, self.save_as, run.event.data.get("result"))

    def _keep(self, run: Run, slot: str, value: SlotValue) -> None:
        if value is not None:
            run.put(slot, value, self.id, "contact" if slot in self.contact else "conversation")
        elif slot in run.cursor.slots:
            run.forget(slot)
            run.cursor.filled = tuple(each for each in run.cursor.filled if each != slot)
            run.effects.append(SlotSet(slot, None, self.id, run.machine.id))


def _has_followup(run: Run) -> bool:
    flow = run.event.data.get("followup")
    if not isinstance(flow, str):
        return False
    try:
        run.machines(flow, None)
    except LookupError:
        return False
    return True
