"""Turns the steps of a flow into one flat state machine; what a marketer nested is laid out here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

from flows.effects import WantsAgent
from flows.engine import CANCEL, END, START, Callback, FlowMachine, FlowState, Guard, StateKind
from flows.flow import Flow
from flows.knowing import known_where
from flows.question import Exit, Question
from flows.sentences import sentence
from flows.steps.asking import compile_silence
from flows.steps.step import Step, Then
from flows.targets import Target
from rules.conditions import IR, compile_condition, label
from rules.problems import Place

Reason = Literal["give_up", "target"]


class CannotCompile(ValueError):
    """A flow that the checks refuse: a target names a step that is not there, or two steps have one id."""


def compile_flow(flow: Flow) -> FlowMachine:
    """Returns the machine of a flow whose steps have their ids."""
    build = Build(flow)
    build.finals()
    build.list_of(flow.steps, after=END)
    first = build.entry_of(flow.steps[0]) if flow.steps else END
    build.move("next", START, first)
    return FlowMachine(flow, list(build.states.values()), build.moves)


class Build:
    """The states and transitions of one machine while its steps add to them."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.states: dict[str, FlowState] = {}
        self.moves: list[dict[str, Any]] = []
        self._steps: dict[str, Step] = {}
        for step in flow.every_step():
            if step.id in self._steps:
                raise CannotCompile(f"two steps '{step.id}'")
            self._steps[step.id] = step

    def finals(self) -> None:
        self._add(FlowState(START, kind="pass"))
        self._add(FlowState(END, kind="final", how="ended"))
        self._add(FlowState(CANCEL, kind="final", how="cancelled"))

    def list_of(self, steps: tuple[Step, ...], after: str) -> str:
        """Adds steps that follow one another and then `after`, once; returns where they begin."""
        if not steps:
            return after
        if steps[0].id in self.states:
            return self.entry_of(steps[0])
        for place, step in enumerate(steps):
            follower = self.entry_of(steps[place + 1]) if place + 1 < len(steps) else after
            self._gate(step, follower)
            step.compile(self, follower)
        return self.entry_of(steps[0])

    @staticmethod
    def entry_of(step: Step) -> str:
        """Returns where a step is entered: at its gate, if it may be skipped."""
        return f"{step.id}?" if step.condition is not None or step.skips_known() else step.id

    def state(
        self,
        step: Step,
        kind: StateKind,
        *,
        suffix: str = "",
        enter: Callback | None = None,
        what: str = "step",
        words: str = "",
        **more: Any,
    ) -> str:
        """Adds a state of this step and returns its name."""
        name = step.id + suffix
        # A gate is told by its guards.
        at = (step.place.file, step.place.line)
        entered = (what, self.flow.id, step.id, words or step.kind, None, *at) if what != "gate" else None
        self._add(FlowState(name, kind=kind, step=step, enter=enter, entered=entered, **more))
        return name

    def move(
        self,
        event: str,
        source: str,
        dest: str | None,
        *guards: Guard,
        before: Iterable[Callback] = (),
        writes: Iterable[str] = (),
        implies: Iterable[str] = (),
        at_once: bool = False,
    ) -> None:
        """Adds a transition, tried after those added before it; without a destination the state stays as it is."""
        self.moves.append(
            {
                "trigger": event,
                "source": source,
                "dest": dest,
                "conditions": list(guards),
                "before": list(before),
                "writes": tuple(writes),
                "implies": frozenset(implies),
                "at_once": at_once,
            }
        )

    def guard(
        self, step: Step, test: Callable[[Any], bool | None], words: str, *, implies: Iterable[str] = ()
    ) -> Guard:
        """Returns a guard that is traced under this step."""
        return Guard(test, words, at=(self.flow.id, step.id, step.place), implies=frozenset(implies))

    def condition(self, step: Step, ir: IR, *, place: Place | None = None) -> Guard:
        """Returns the guard that a condition definitely holds."""
        holds = compile_condition(ir)
        at = (self.flow.id, step.id, place or step.place)
        return Guard(lambda run: holds(run.view()), label(ir), at=at, implies=known_where(ir, holds=True))

    def skip_known(self, step: Step, gate: str, after: str, slot: str) -> None:
        """Adds what leads past a question whose slot is known."""
        known = self.guard(step, lambda run: run.known(slot) is not None, f"{slot} is known")
        self.move("next", gate, after, known, before=[_taking_over(slot)], writes=[slot])

    def lead(self, then: Then, step: Step, after: str, reason: Reason = "target", *, quietly: bool = False) -> str:
        """Returns the state a target or a list of steps means, seen from within a step.

        `quietly`, nobody is told that the flow is left: they have said so themselves, or say nothing at all.
        """
        if isinstance(then, tuple):
            return self.list_of(then, after)
        if then.kind == "step":
            return self._step_named(then)
        if then.kind == "end":
            return END
        if then.kind == "cancel" and quietly:
            return CANCEL
        return self._jump(then, step, after, reason)

    def leave(
        self,
        then: Then,
        step: Step,
        question: Question,
        after: str,
        reason: Reason = "target",
        *,
        quietly: bool = False,
    ) -> Exit:
        """Returns where a question leads when its answer means this target."""
        if isinstance(then, Target) and then.kind == "stay":
            return Exit(None, (question.put_again,))
        if isinstance(then, Target) and then.kind == "back":
            # Not by way of a state: from here "back" is the question before this one, from a later step it is this one.
            return Exit(None, (_go_back,))
        return Exit(self.lead(then, step, after, reason, quietly=quietly))

    def interruptions(self, step: Step, state: str, *, human: bool = True) -> bool:
        """Adds what the global phrases do in a wait state, if they may do anything; returns whether they may."""
        allowed = self.flow.interruptible if step.interruptible is None else step.interruptible
        if allowed:
            if human:
                self.move("interrupt.human", state, None, before=[_want_agent])
            self.move("interrupt.back", state, None, before=[_go_back])
            self.move("interrupt.restart", state, None, before=[_start_over])
            self.move("interrupt.cancel", state, None, before=[_cancel])
            self.move("interrupt.help", state, None, before=[_help])
        return allowed

    def silence(self, step: Step, question: Question, state: str, after: str) -> None:
        """Adds what happens in the wait state of a question when nobody answers it."""
        compile_silence(self, step, question, state, after)

    def _add(self, state: FlowState) -> None:
        self.states.setdefault(state.name, state)

    def _gate(self, step: Step, after: str) -> None:
        if self.entry_of(step) == step.id:
            return
        gate = self.state(step, "pass", suffix="?", what="gate", words="before")
        if step.condition is not None:
            inside = (
                self.state(step, "pass", suffix="!", what="gate", words="may be skipped")
                if step.skips_known()
                else step.id
            )
            self.move("next", gate, inside, self.condition(step, step.condition))
            self.move("next", gate, after, implies=known_where(step.condition, holds=False))
            gate = inside
        if step.skips_known():
            step.compile_gate(self, gate, after)
            self.move("next", gate, step.id)

    def _step_named(self, target: Target) -> str:
        step = self._steps.get(str(target.name))
        if step is None:
            raise CannotCompile(f"no step '{target}'")
        return self.entry_of(step)

    def _jump(self, target: Target, step: Step, after: str, reason: Reason) -> str:
        """Adds the state that stands for a target which is no step; `stay` and `back` of a question are no states."""
        suffix = f">{reason}>{target}" if target.kind == "handoff" else f">{target}"
        if step.id + suffix in self.states:
            return step.id + suffix
        if target.kind == "handoff":
            wants = _wants_agent(self.flow.id, step.id, target.name, reason)
            return self.state(
                step, "final", suffix=suffix, enter=wants, what="jump", words=str(target), leaves_all=True
            )
        if target.kind == "start":
            return self.state(step, "start", suffix=suffix, what="jump", words=str(target), calls=target.name)
        if target.kind == "call":
            name = self.state(step, "call", suffix=suffix, what="jump", words=str(target), calls=target.name)
            self.returns(step, name, after)
            return name
        restarts, cancels = target.kind == "restart", target.kind == "cancel"
        enter = _restart if restarts else _cancel if cancels else _go_back
        name = self.state(step, "pass", suffix=suffix, enter=enter, what="jump", words=str(target), restarts=restarts)
        self.move("next", name, CANCEL if cancels else after)
        return name

    def returns(self, step: Step, state: str, after: str, if_cancelled: str = END) -> None:
        """Adds what follows when the flow called from this state comes back."""
        cancelled = self.guard(step, lambda run: run.how == "cancelled", "the called flow was cancelled")
        self.move("returned", state, if_cancelled, cancelled)
        self.move("returned", state, after)


def _taking_over(slot: str) -> Callback:
    def take_over(e: Any) -> None:
        e.model.take_over(slot)

    return take_over


def _go_back(e: Any) -> None:
    e.model.jump = "back"


def _restart(e: Any) -> None:
    e.model.jump = "restart"


def _start_over(e: Any) -> None:
    e.model.jump = "start_over"


def _cancel(e: Any) -> None:
    e.model.jump = "cancel"


def _help(e: Any) -> None:
    """Says what helps here, else what else can be written."""
    run = e.model
    question = run.open_question()
    allowed = (name for name in _WORTH_TELLING if run.machine.takes(f"interrupt.{name}", run.state))
    phrases = (run.settings.phrases.first(name, run.cursor.language) for name in allowed)
    words = ", ".join(words for words in phrases if words)
    if question is not None:
        question.helped(run, sentence("help", run.cursor.language, words=words))
    else:
        run.say("help_waiting", words=words)


_WORTH_TELLING = ("back", "restart", "cancel", "human")


def _want_agent(e: Any) -> None:
    run = e.model
    step = run.machine.state(run.state).step
    run.effects.append(WantsAgent(reason="phrase", step=step.id, flow=run.machine.id))


def _wants_agent(flow: str, step: str, department: str | None, reason: Reason) -> Callback:
    effect = WantsAgent(reason=reason, department=department, step=step, flow=flow)

    def want_agent(e: Any) -> None:
        e.model.effects.append(effect)

    return want_agent
