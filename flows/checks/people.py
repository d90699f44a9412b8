"""Whether a person can be asked for at every question; it is a promise of the product that they can."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from flows.checks.graph import Edge, Node, by_source, edges_of
from flows.engine import CANCEL, END, START, FlowMachine
from flows.flow import Flow
from flows.steps.asking import AskingStep
from flows.steps.collect import CollectStep
from flows.steps.form import FormStep
from flows.steps.handoff import HandoffStep
from flows.steps.step import Step
from flows.steps.wait import WaitStep
from rules.problems import Problem, warning


def deaf_to_people(machines: Mapping[str, FlowMachine], told: Collection[str]) -> Iterator[Problem]:
    """Yields the questions and waits at which nobody can ask for a person, other than a question for consent.

    Where the flow says so for all of them, the first one stands for the others.
    """
    ways = _Ways(machines)
    for id in told:
        flow = machines[id].flow
        steps = [step for step in flow.every_step() if _is_ordinary(step)]
        mine = [step for step in steps if step.interruptible is False]
        of_flow = [step for step in steps if step.interruptible is None and not flow.interruptible]
        for step in [*mine, *of_flow[:1]]:
            yield _told(step, of_flow, flow, ways)


def _is_ordinary(step: Step) -> bool:
    """Says whether a visitor is waited for in it, or has to wait, and is not asked for consent."""
    asked = step.fields if isinstance(step, FormStep) else (step,)
    if any(isinstance(each, CollectStep) and each.type == "consent" for each in asked):
        return False
    return isinstance(step, AskingStep | WaitStep)


def _told(step: Step, of_flow: list[Step], flow: Flow, ways: _Ways) -> Problem:
    others = f" and {len(of_flow) - 1} more" if step in of_flow and len(of_flow) > 1 else ""
    whose = f"of flow '{flow.id}'" if step in of_flow else "here"
    message = f"nobody can ask for a person at '{step.id}'{others} (interruptible: false {whose})"
    if not ways.lead_to_person((flow.id, step.id)):
        message += ", and no path leads from there to a handoff"
    message += "; that is meant for consent (type: consent) and payment alone"
    return warning("F003", step.place, message, write="interruptible: true" if step in of_flow else None)


class _Ways:
    """What leads where over all flows, looked at once for each."""

    def __init__(self, machines: Mapping[str, FlowMachine]) -> None:
        self._machines = machines
        self._leaving: dict[str, dict[str, list[Edge]]] = {}
        self._callers: dict[str, list[Node]] = {}
        for flow, machine in machines.items():
            for name in machine.states:
                if called := machine.state(name).calls:
                    self._callers.setdefault(called, []).append((flow, name))

    def lead_to_person(self, start: Node) -> bool:
        met, waiting = {start}, [start]
        while waiting:
            flow, name = waiting.pop()
            state = self._machines[flow].state(name)
            if isinstance(state.step, HandoffStep) or state.leaves_all:
                return True
            further = self._behind((flow, name))
            if state.calls in self._machines:
                further.append((str(state.calls), START))
            if name in (END, CANCEL):
                further += [node for caller in self._callers.get(flow, ()) for node in self._behind(caller)]
            waiting += [node for node in further if node not in met]
            met.update(further)
        return False

    def _behind(self, node: Node) -> list[Node]:
        flow, name = node
        if flow not in self._leaving:
            self._leaving[flow] = by_source(edges_of(self._machines[flow]))
        return [(flow, edge.dest) for edge in self._leaving[flow].get(name, ())]
