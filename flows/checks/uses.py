"""Which slots are said or asked about from a state on: what would be missed if they were empty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flows.checks.graph import edges_of
from flows.engine import FlowMachine
from flows.flow import Flow
from flows.steps.branch import BranchStep
from flows.steps.buttons import ButtonsStep
from flows.steps.collect import CollectStep
from flows.steps.form import FormStep
from flows.steps.step import Step
from flows.wording import Wording
from rules.conditions import IR, leaves_of, names_in
from rules.templates import TemplateProblem, parse_template


class Uses:
    """For every state of every flow: the names that it and what may follow it use, in other flows too."""

    def __init__(self, machines: Mapping[str, FlowMachine]) -> None:
        self._machines = machines
        used = {id: frozenset(_used_by(machine.flow)) for id, machine in machines.items()}
        near = _near(machines)
        self._others = {id: frozenset(name for other in near[id] - {id} for name in used[other]) for id in machines}

    def of(self, id: str) -> dict[str, frozenset[str]]:
        """Returns the names by state, for one flow."""
        machine = self._machines[id]
        before: dict[str, list[str]] = {}
        for edge in edges_of(machine):
            before.setdefault(edge.dest, []).append(edge.source)
        always = self._others[id] | frozenset(_used_in_silence(machine.flow))
        used = {name: always | frozenset(_used_in(machine.state(name).step)) for name in machine.states}
        waiting = list(used)
        while waiting:
            name = waiting.pop()
            for source in before.get(name, ()):
                if not used[name] <= used[source]:
                    used[source] |= used[name]
                    waiting.append(source)
        return used


def _near(machines: Mapping[str, FlowMachine]) -> dict[str, set[str]]:
    """Returns for each flow those that it leads to, that lead to it, and so on: what may be said before or after it."""
    groups = {id: {id} for id in machines}
    for id, machine in machines.items():
        for name in machine.states:
            called = str(machine.state(name).calls)
            if called in groups and groups[called] is not groups[id]:
                groups[id] |= groups[called]
                for other in groups[called]:
                    groups[other] = groups[id]
    return groups


def _used_by(flow: Flow) -> Iterator[str]:
    yield from _used_in_silence(flow)
    for step in flow.every_step():
        yield from _used_in(step)


def _used_in_silence(flow: Flow) -> Iterator[str]:
    for level in flow.on_silence:
        if level.say is not None:
            yield from _gaps(level.say)


def _used_in(step: Step | None) -> Iterator[str]:
    if step is None:
        return
    for wording in step.wordings():
        yield from _gaps(wording)
    for condition in _conditions(step):
        for leaf in leaves_of(condition):
            yield from (_slot(name) for name in names_in(leaf))


def _gaps(wording: Wording) -> Iterator[str]:
    for text in wording.texts.values():
        try:
            yield from (_slot(name.name) for name in parse_template(text).names if not name.has_default)
        except TemplateProblem:
            continue  # Told already.


def _slot(name: str) -> str:
    return name.removeprefix("slot.").partition(".")[0]


def _conditions(step: Step) -> Iterator[IR]:
    found: list[IR | None] = [step.condition]
    if isinstance(step, BranchStep):
        found += [case.condition for case in step.cases]
    if isinstance(step, ButtonsStep):
        found += [option.condition for option in step.options]
    for asked in step.fields if isinstance(step, FormStep) else (step,):
        if isinstance(asked, CollectStep):
            found += [asked.condition, asked.must]
    yield from (condition for condition in found if condition is not None)
