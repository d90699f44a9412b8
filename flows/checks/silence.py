"""Where a conversation goes all by itself, over the borders of flows, and where that never comes to an end."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from flows.checks.components import strong_components
from flows.checks.graph import Edge, Node, by_source, edges_of, reachable
from flows.engine import END, START, FlowMachine
from flows.steps.asking import AskingStep

_Moment = tuple[str, str, bool]
"""Flow, state, and whether a flow has been begun again since anybody was waited for."""


class Silence:
    """The ways a conversation can go all by itself, over the borders of flows.

    Whoever begins a flow again has forgotten what it collected: until somebody is waited for, no question is passed
    over because of that. Contact `attributes`, inputs and what a step fills by itself stay or come back.
    """

    def __init__(self, machines: Mapping[str, FlowMachine], attributes: Collection[str] = ()) -> None:
        self._machines = machines
        self._edges = {id: by_source(edges_of(machine)) for id, machine in machines.items()}
        self._order = {id: {step.id: n for n, step in enumerate(m.flow.every_step())} for id, m in machines.items()}
        self._lasting = {*attributes, *self._filled_in_silence()}
        self._passing = {again: self._flows_that_pass(again) for again in (False, True)}
        self._following: dict[_Moment, list[_Moment]] = {}
        for machine in machines.values():
            for name in machine.states:
                for again in (False, True):
                    self._following[machine.id, name, again] = list(self._from(machine, name, again))

    def loops(self) -> Iterator[list[Node]]:
        """Yields the loops, one for each group of states that lead to one another."""
        groups = strong_components(self._following)
        told: set[Node] = set()
        # What goes round without beginning anything again does so then, too.
        for group in sorted(groups, key=lambda group: group[0][2]):
            nodes = {(flow, state) for flow, state, _ in group}
            if told.isdisjoint(nodes) and (len(group) > 1 or group[0] in self._following[group[0]]):
                told |= nodes
                yield self._round(set(group))

    def _filled_in_silence(self) -> Iterator[str]:
        for machine in self._machines.values():
            yield from machine.flow.inputs
            for step in machine.flow.every_step():
                yield from step.saves_to_contact()
                yield from () if isinstance(step, AskingStep) else step.writes()

    def _out_of(self, machine: FlowMachine, name: str, again: bool) -> Iterator[Edge]:
        for edge in self._edges[machine.id].get(name, ()):
            if not again or edge.past <= self._lasting:
                yield edge

    def _from(self, machine: FlowMachine, name: str, again: bool) -> Iterator[_Moment]:
        state = machine.state(name)
        if state.kind == "final":
            return
        if state.kind in ("pass", "wait"):
            edges = self._out_of(machine, name, again)
            yield from ((machine.id, edge.dest, again) for edge in edges if state.kind == "pass" or edge.at_once)
            if state.restarts:
                yield from ((flow, START, True) for flow in self._callers_of(machine.id))
            return
        called = str(state.calls)
        if called in self._machines:
            yield called, START, again or state.kind == "start"
        if state.kind == "call" and called in self._passing[again]:
            yield from ((machine.id, edge.dest, again) for edge in self._out_of(machine, name, again) if edge.returns)

    def _flows_that_pass(self, again: bool) -> set[str]:
        """Returns the flows that can come to their end without waiting, once all they call are known."""
        passing: set[str] = set()
        while True:
            more = {id for id, machine in self._machines.items() if self._passes(machine, passing, again)}
            if more == passing:
                return passing
            passing = more

    def _passes(self, machine: FlowMachine, passing: set[str], again: bool) -> bool:
        def is_silent(edge: Edge) -> bool:
            state = machine.state(edge.source)
            returns = state.kind == "call" and edge.returns and state.calls in passing
            return state.kind == "pass" or edge.at_once or returns

        edges = (edge for name in machine.states for edge in self._out_of(machine, name, again))
        return END in reachable([START], filter(is_silent, edges))

    def _callers_of(self, flow: str) -> set[str]:
        found = {flow}
        while True:
            more = {
                machine.id
                for machine in self._machines.values()
                for state in machine.states
                if machine.state(state).kind == "call" and machine.state(state).calls in found
            }
            if more <= found:
                return found
            found |= more

    def _round(self, group: set[_Moment]) -> list[Node]:
        """Returns a shortest way round within a group, beginning where the group is first in its flow."""
        first = min(group, key=self._document_order)
        came_from: dict[_Moment, _Moment | None] = {first: None}
        waiting = [first]
        for node in waiting:
            for following in self._following[node]:
                if following == first:
                    return [(flow, state) for flow, state, _ in _back_to_start(came_from, node)]
                if following in group and following not in came_from:
                    came_from[following] = node
                    waiting.append(following)
        return [first[:2]]

    def _document_order(self, moment: _Moment) -> tuple[int, int, str]:
        flow, state, _ = moment
        step = self._machines[flow].state(state).step
        return (list(self._machines).index(flow), self._order[flow][step.id] if step is not None else -1, state)


def _back_to_start(came_from: Mapping[_Moment, _Moment | None], last: _Moment) -> list[_Moment]:
    way = [last]
    while (previous := came_from[way[-1]]) is not None:
        way.append(previous)
    return way[::-1]
