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


@dataclass(frozen=True, slots=True)
class Offline:
    """The flow of a department for when nobody is there."""

    department: str
    flow: str
    place: Place


class _Stand(NamedTuple):
    """Where somebody may stand on such a way, and whether something was answered on it."""

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
        if ways.lose_answers(_Stand(each.flow, START, False)):
            message = f"flow '{each.flow}' may end without a message, and nobody learns what it asks for"
            yield warning("F012", each.place, f"{message}; write 'call: {LEAVE_MESSAGE}' as its last step")
    for id in told:
        yield from ways.lost_after_handoffs(machines[id])


class _Ways:
    """The ways through flows. One that is called counts as a whole; one that is started is another matter."""

    def __init__(self, machines: Mapping[str, FlowMachine]) -> None:
        self._machines = machines
        self._leaving: dict[str, dict[str, list[Edge]]] = {}
        states = {id: [machine.state(name) for name in machine.states] for id, machine in machines.items()}
        self._calls = {id: {str(each.calls) for each in of if each.kind == "call"} for id, of in states.items()}
        self._asking = self._with_callers({id for id, of in states.items() if any(_asks(each.step) for each in of)})
        self._telling = self._with_callers(
            {id for id, of in states.items() if id == LEAVE_MESSAGE or any(self._tells(each) for each in of)}
        )
        """Flows in which somebody may learn of what was answered."""

    def _with_callers(self, flows: set[str]) -> set[str]:
        """Returns these flows and those that call one of them, over however many others."""
        callers: dict[str, list[str]] = {}
        for id, called in self._calls.items():
            for each in called:
                callers.setdefault(each, []).append(id)
        found, waiting = set(flows), list(flows)
        while waiting:
            further = [id for id in callers.get(waiting.pop(), ()) if id not in found]
            found.update(further)
            waiting += further
        return found

    def _tells(self, state: FlowState) -> bool:
        """Says whether a person, a program or another flow has what was answered from here on."""
        is_elsewhere = bool(state.calls) and (state.kind != "call" or state.calls not in self._machines)
        return state.leaves_all or is_elsewhere or isinstance(state.step, HandoffStep | ActionStep)

    def handed_over_again(self, offline: Offline) -> Iterator[Problem]:
        """Yields a warning where a department's flow hands over to the department that it stands in for."""
        flows, waiting = {offline.flow}, [offline.flow]
        while waiting:
            id = waiting.pop()
            machine = self._machines[id]
            for state in (machine.state(name) for name in machine.states):
                if _hands_over_to(state, offline.department) and state.step is not None:
                    at = state.step.place
                    message = (
                        f"flow '{offline.flow}' hands over to '{offline.department}' again ({at.file}:{at.line}),"
                        f" where nobody is; write 'call: {LEAVE_MESSAGE}' there"
                    )
                    yield warning("F017", offline.place, message)
                    return
            further = self._calls[id] & self._machines.keys() - flows
            flows |= further
            waiting += sorted(further)

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
                if target is None or start is None or str(target) in told or not self.lose_answers(start):
                    continue
                told.add(str(target))
                message = f"'{key}: {target}' may end without a message, and nobody learns what was answered"
                yield warning("F012", place, f"{message}; write 'call: {LEAVE_MESSAGE}' where it ends")

    def _begun_by(self, target: Target | None, machine: FlowMachine, step: Step, *, answered: bool) -> _Stand | None:
        """Returns where a handoff leads that came to nothing; None where it leads to a person, or away."""
        if target is None:
            return None
        if target.kind in ("start", "call"):
            known = str(target.name) in self._machines.keys() - {LEAVE_MESSAGE}
            return _Stand(str(target.name), START, answered) if known else None
        if target.kind == "end":
            return _Stand(machine.id, END, answered)
        names = (f"{target.name}?", str(target.name)) if target.kind == "step" else ()
        name = next((name for name in names if name in machine.states), None)
        return _Stand(machine.id, name, answered) if name is not None else None

    def lose_answers(self, start: _Stand) -> bool:
        """Says whether a way from there comes to its end with something answered that nobody gets."""
        met, waiting = {start}, [start]
        while waiting:
            stand = waiting.pop()
            if stand.state == END and stand.answered:
                return True
            further = [each for each in self._from(stand) if each not in met]
            met.update(further)
            waiting += further
        return False

    def _from(self, stand: _Stand) -> Iterator[_Stand]:
        state = self._machines[stand.flow].state(stand.state)
        if stand.state in (END, CANCEL) or self._tells(state) or state.calls in self._telling:
            return
        asks = _asks(state.step)
        for edge in self._edges(stand.flow).get(stand.state, ()):
            answers = (asks and bool(edge.fills) and not edge.past) or state.calls in self._asking
            yield _Stand(stand.flow, edge.dest, stand.answered or answers)

    def _edges(self, flow: str) -> Mapping[str, list[Edge]]:
        if flow not in self._leaving:
            self._leaving[flow] = by_source(edges_of(self._machines[flow]))
        return self._leaving[flow]


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
