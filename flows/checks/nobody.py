"""What happens where nobody is there: whether a message comes of what is asked for then, and whether it goes round."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from flows.checks.graph import Edge, by_source, edges_of, reachable
from flows.engine import CANCEL, END, START, FlowMachine, FlowState
from flows.steps.action import ActionStep
from flows.steps.collect import CollectStep
from flows.steps.form import FormStep
from flows.steps.handoff import LEAVE_MESSAGE, HandoffStep
from flows.steps.step import Step
from flows.targets import Target
from rules.problems import Place, Problem, warning

MOST_STANDS = 2_000
"""How much is looked at for one way; of a longer one nothing is said."""
_DEEPEST = 5


@dataclass(frozen=True, slots=True)
class Offline:
    """The flow of a department for when nobody is there."""

    department: str
    flow: str
    place: Place


class _Stand(NamedTuple):
    """Where somebody may stand on such a way, who is waited for by callers, and whether something was answered."""

    callers: tuple[tuple[str, str], ...]
    flow: str
    state: str
    answered: bool


def check_nobody(
    machines: Mapping[str, FlowMachine], told: Collection[str], offline: Collection[Offline]
) -> Iterator[Problem]:
    """Yields the ways of departments, and of handoffs in the flows `told`, that lose what is answered or go round."""
    ways = _Ways(machines)
    for each in (each for each in offline if each.flow in {*told} - {LEAVE_MESSAGE}):
        yield from ways.handed_over_again(each)
        if ways.lose_answers([_Stand((), each.flow, START, False)]):
            message = f"flow '{each.flow}' may end without a message, and nobody learns what it asks for"
            yield warning("F012", each.place, f"{message}; write 'call: {LEAVE_MESSAGE}' as its last step")
    for id in told:
        yield from ways.lost_after_handoffs(machines[id])


class _Ways:
    def __init__(self, machines: Mapping[str, FlowMachine]) -> None:
        self._machines = machines
        self._leaving: dict[str, dict[str, list[Edge]]] = {}

    def handed_over_again(self, offline: Offline) -> Iterator[Problem]:
        """Yields a warning where a department's flow hands over to the department that it stands in for."""
        for stand in self._all([_Stand((), offline.flow, START, False)]):
            state = self._state(stand)
            if _hands_over_to(state, offline.department) and state.step is not None:
                at = state.step.place
                message = (
                    f"flow '{offline.flow}' hands over to '{offline.department}' again ({at.file}:{at.line}),"
                    f" where nobody is; write 'call: {LEAVE_MESSAGE}' there"
                )
                yield warning("F017", offline.place, message)
                return

    def lost_after_handoffs(self, machine: FlowMachine) -> Iterator[Problem]:
        """Yields the ways of handoffs for when nobody is there, or it is closed, that lose what was answered."""
        handoffs = [step for step in machine.flow.every_step() if isinstance(step, HandoffStep)]
        before = [name for name in machine.states if _asks(machine.state(name).step)] if handoffs else []
        answered = reachable(before, edges_of(machine)) if before else set()
        told: set[str] = set()
        for step in handoffs:
            for key, target in (("if_nobody", step.if_nobody), ("if_closed", step.if_closed)):
                place = target.place if target is not None and target.place is not None else step.place
                start = self._begun_by(target, machine, step, answered=step.id in answered)
                if target is None or start is None or str(target) in told or not self.lose_answers([start]):
                    continue
                told.add(str(target))
                message = f"'{key}: {target}' may end without a message, and nobody learns what was answered"
                yield warning("F012", place, f"{message}; write 'call: {LEAVE_MESSAGE}' where it ends")

    def _begun_by(self, target: Target | None, machine: FlowMachine, step: Step, *, answered: bool) -> _Stand | None:
        """Returns where a handoff leads that came to nothing; None where it leads to a person, or away."""
        if target is None:
            return None
        if target.kind in ("start", "call"):
            known = str(target.name) in self._machines and target.name != LEAVE_MESSAGE
            return _Stand((), str(target.name), START, answered) if known else None
        if target.kind == "end":
            return _Stand((), machine.id, END, answered)
        names = (f"{target.name}?", str(target.name)) if target.kind == "step" else ()
        name = next((name for name in names if name in machine.states), None)
        return _Stand((), machine.id, name, answered) if name is not None else None

    def lose_answers(self, starts: list[_Stand]) -> bool:
        """Says whether a way from there comes to its end with something answered that nobody gets."""
        return any(stand.state == END and stand.answered and not stand.callers for stand in self._all(starts))

    def _all(self, starts: list[_Stand]) -> Iterator[_Stand]:
        met, waiting = set(starts), list(starts)
        while waiting and len(met) < MOST_STANDS:
            stand = waiting.pop()
            yield stand
            further = [each for each in self._from(stand) if each not in met]
            met.update(further)
            waiting += further

    def _from(self, stand: _Stand) -> Iterator[_Stand]:
        """Yields where it goes on; not behind a person, a message or a program, which have what was answered."""
        state = self._state(stand)
        if stand.state == CANCEL or state.leaves_all or isinstance(state.step, HandoffStep | ActionStep):
            return
        if stand.state == END:
            if stand.callers:
                flow, caller = stand.callers[-1]
                yield from self._behind(_Stand(stand.callers[:-1], flow, caller, stand.answered))
        elif state.calls == LEAVE_MESSAGE or (state.calls and state.calls not in self._machines):
            return
        elif state.calls:
            here = (stand.flow, stand.state)
            callers = (*stand.callers, here)[-_DEEPEST:] if state.kind == "call" else ()
            yield _Stand(callers, state.calls, START, stand.answered)
        else:
            yield from self._behind(stand)

    def _behind(self, stand: _Stand) -> Iterator[_Stand]:
        asks = _asks(self._state(stand).step)
        for edge in self._edges(stand.flow).get(stand.state, ()):
            answered = stand.answered or (asks and bool(edge.fills) and not edge.past)
            yield stand._replace(state=edge.dest, answered=answered)

    def _edges(self, flow: str) -> Mapping[str, list[Edge]]:
        if flow not in self._leaving:
            self._leaving[flow] = by_source(edges_of(self._machines[flow]))
        return self._leaving[flow]

    def _state(self, stand: _Stand) -> FlowState:
        return self._machines[stand.flow].state(stand.state)


def _asks(step: Step | None) -> bool:
    return isinstance(step, CollectStep | FormStep)


def _hands_over_to(state: FlowState, department: str) -> bool:
    """Says whether somebody is handed over here to a department, or to that of the conversation, and to no other way.

    A question that is given up asks for a person, too; whoever cannot answer it may well be told the same once more.
    """
    step = state.step
    if isinstance(step, HandoffStep) and state.name == step.id:
        led_elsewhere = step.if_closed is not None and step.if_nobody is not None
        return step.department in (None, department) and not led_elsewhere
    return state.name.endswith((">target>handoff", f">target>handoff {department}"))
