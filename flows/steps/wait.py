"""`wait`: the flow goes on later, whether the program was running all the time or not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from flows.effects import SetTimer
from flows.steps.step import Step, common, step_table
from rules.durations import Duration
from rules.kinds import Length, YesNo
from rules.nodes import Map, Node, Scalar
from rules.schema import Key, Kind, Read, Table, Walker

if TYPE_CHECKING:
    from flows.compiler import Build
    from flows.reading import Reading

OPEN = "open"
AGAIN_AFTER = Duration(60)
"""What has no length of its own waits as long when a flow comes back to it by itself."""
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):[0-5][0-9]")


@dataclass(frozen=True)
class Waiting(Kind):
    """How long: a duration, or `{until: 09:00}`, or `{until: open}`. Value: `Duration` or str."""

    @property
    def words(self) -> str:
        return "a duration like 5m, or {until: 09:00}, or {until: open}"

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        if isinstance(node, Map) and [key.text for key, _ in node.entries] == ["until"]:
            return self._until(node.entries[0][1], walker)
        if not isinstance(node, Scalar) or node.value is None:
            return walker.refuse(node, self, label)
        return Length(working=True).read(node, walker, label)

    def _until(self, node: Node, walker: Walker) -> Any:
        text = node.text.strip() if isinstance(node, Scalar) else ""
        if text == OPEN or _CLOCK.fullmatch(text):
            return text if text == OPEN else text.zfill(5)
        return walker.report("K006", node.place, f"'until' is a time like 09:00, or open, not {_shown(node)}")

    def instead(self) -> Duration:
        return Duration(0)


def _shown(node: Node) -> str:
    return f"'{node.text}'" if isinstance(node, Scalar) else "a map or a list"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitStep(Step):
    kind: ClassVar[str] = "wait"
    table: ClassVar[Table] = step_table(
        "wait",
        {
            "wait": Key(Waiting(), "how long, or until when: open is the next opening", required=True),
            "interruptible": Key(YesNo(), "false: phrases such as 'a person, please' do nothing meanwhile"),
        },
    )

    after: Duration
    until: str | None = None
    """`open`, or a time of the site's clock."""

    @classmethod
    def of(cls, read: Read, reading: Reading) -> Self:
        length = read["wait"]
        until = length if isinstance(length, str) else None
        interruptible = read["interruptible"] if read.wrote("interruptible") else None
        after = Duration(0) if isinstance(length, str) else length
        return cls(after=after, until=until, interruptible=interruptible, **common(read, reading))

    def compile(self, build: Build, after: str) -> None:
        step = f"{build.flow.id}.{self.id}"

        def begin(e: Any) -> None:
            run = e.model
            after = self.after if self.after.seconds or run.cursor.first_since_spoken(step) else AGAIN_AFTER
            run.effects.append(SetTimer(step, run.cursor.wait(), after, until=self.until))

        words = f"waits until {self.until}" if self.until else f"waits {self.after}"
        state = build.state(self, "wait", enter=begin, words=words, resumes=True)
        build.move("timer", state, after, at_once=self.until == OPEN)
        # Whoever comes back from a person or from another flow begins to wait anew.
        build.move("resumed", state, state)
        build.states[state].interruptible = build.interruptions(self, state)
