"""What all questions have in common: how often they are put, what helps, and what happens when nobody answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from flows.steps.kinds import Follows, LeadsTo
from flows.steps.step import Step, Then
from flows.targets import HANDOFF, Target
from flows.wording import Spoken, Wording
from rules.durations import Duration
from rules.kinds import Integer, Length, Nested, OneOrList, Text, YesNo
from rules.problems import NOWHERE, Place
from rules.schema import Key, Kind, Read, Table

if TYPE_CHECKING:
    from flows.compiler import Build
    from flows.question import Question
    from flows.reading import Reading
    from flows.run import Run

TOO_LATE_TO_ASK = 3_600
"""Seconds. Nobody is asked "Still there?" when that was meant for an hour ago; what follows happens nevertheless."""


def _silence(name: str, then: Kind) -> Table:
    return Table(
        name,
        {
            "after": Key(Length(working=True), "how long nothing was written since the question", required=True),
            "say": Key(Text(), "what the bot says then"),
            "then": Key(then, "where it goes on"),
        },
        "a time of silence",
    )


SILENCE = _silence("if_silent", Follows())
FLOW_SILENCE = _silence("on_silence", LeadsTo())
QUESTION: Mapping[str, Key] = {
    "retries": Key(Integer(0, 10), "how often it is asked again when the answer is none", default=2),
    "give_up": Key(LeadsTo(), "where to go on after that", default="handoff"),
    "if_silent": Key(OneOrList(Nested(SILENCE)), "what happens when nothing is answered, once or several times"),
    "help": Key(Text(), "what is said to somebody who asks for help here"),
    "interruptible": Key(YesNo(), "false: phrases such as 'a person, please' count as answers here"),
}
"""The keys of every question."""


@dataclass(frozen=True, slots=True)
class Level:
    """One time of silence, counted from the question; `then` is where it leads, None if it is waited on."""

    after: Duration
    say: Wording | None = None
    then: Then | None = None
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskingStep(Step):
    """A step that waits for an answer."""

    retries: int = 2
    give_up: Target = HANDOFF
    if_silent: tuple[Level, ...] | None = None
    """What happens when nothing is answered; None means as the flow says."""
    help: Wording | None = None

    def inner(self) -> tuple[Then, ...]:
        return (*self.own_inner(), *(level.then for level in self.if_silent or () if level.then is not None))

    def with_inner(self, thens: tuple[Then, ...]) -> Self:
        mine = len(self.own_inner())
        step = self.with_own_inner(thens[:mine])
        if self.if_silent is None:
            return step
        remaining = iter(thens[mine:])
        levels = (level if level.then is None else replace(level, then=next(remaining)) for level in self.if_silent)
        return replace(step, if_silent=tuple(levels))

    def own_inner(self) -> tuple[Then, ...]:
        """Returns what may follow from an answer."""
        return ()

    def with_own_inner(self, thens: tuple[Then, ...]) -> Self:
        return self

    def targets(self) -> tuple[Target, ...]:
        return (*(then for then in self.inner() if isinstance(then, Target)), self.give_up)

    def around(self) -> tuple[Wording, ...]:
        """Returns what is said around the question: when nobody answers, or somebody wants help."""
        said = (*(level.say for level in self.if_silent or ()), self.help)
        return tuple(wording for wording in said if wording is not None)


def asking(read: Read, reading: Reading) -> dict[str, Any]:
    """Returns what every question takes, as arguments for making it."""
    return {
        "retries": read["retries"],
        "give_up": read["give_up"] or HANDOFF,
        "if_silent": levels(read["if_silent"] or (), reading) if read.wrote("if_silent") else None,
        "help": reading.wording(read.node("help")),
        "interruptible": read["interruptible"] if read.wrote("interruptible") else None,
    }


def levels(reads: Sequence[Read], reading: Reading) -> tuple[Level, ...]:
    """Returns the times of silence in their order, after reporting those that say or do nothing or come too early."""
    made: list[Level] = []
    for read in reads:
        then = reading.then(read["then"]) if read["then"] is not None else None
        level = Level(read["after"], reading.wording(read.node("say")), then, read.place)
        if read.sound and level.say is None and level.then is None:
            reading.walker.report("K006", read.place, "nothing happens after this time; it needs 'say' or 'then'")
        if made and read.is_sound("after") and not _comes_later(level.after, made[-1].after):
            message = f"'after' counts from the question, so it is longer than the {made[-1].after} before it"
            reading.walker.report("K006", read.place_of("after"), message)
        made.append(level)
    return tuple(made)


def _comes_later(after: Duration, before: Duration) -> bool:
    return after.working != before.working or after.seconds > before.seconds


def compile_silence(build: Build, step: Step, question: Question, state: str, after: str) -> None:
    """Adds what happens in the wait state of a question when nobody answers it."""
    own = step.if_silent if isinstance(step, AskingStep) else None
    times = build.flow.on_silence if own is None else own
    for n, level in enumerate(times, start=1):
        leads = build.leave(level.then, step, question, after, quietly=True) if level.then is not None else None
        guard = build.guard(step, _ran_out(n), f"silent for {level.after}")
        before = [_using(question, n)]
        if level.say is not None:
            before.append(_saying(question, level.say.spoken()))
        if leads is not None:
            before += leads.before
        build.move("timer", state, leads.dest if leads else None, guard, before=before)
    question.silence = tuple(level.after for level in times)


def _ran_out(n: int) -> Callable[[Run], bool]:
    return lambda run: run.event.data.get("n") == n


def _using(question: Question, n: int) -> Callable[[Any], None]:
    return lambda e: question.ran_out(e.model, n)


def _saying(question: Question, text: Spoken) -> Callable[[Any], None]:
    def say(e: Any) -> None:
        if e.model.event.data.get("late", 0) <= TOO_LATE_TO_ASK:
            question.remind(e.model, text.text(e.model))

    return say
