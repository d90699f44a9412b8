"""Which slots surely have a value, wherever a conversation stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from flows.checks.graph import Edge, by_source, edges_of, reachable, shortest, step_ids
from flows.engine import CANCEL, END, START, FlowMachine


class Knowledge:
    """For every state of every flow: the slots that have a value there on every way."""

    def __init__(self, machines: Mapping[str, FlowMachine], left_out: Mapping[str, Mapping[str, str]]) -> None:
        self._machines = machines
        self.left_out = left_out
        """For each flow the inputs that may be missing when it begins, and by whom it is begun without them."""
        self._edges = {id: list(self._ways_of(machine)) for id, machine in machines.items()}
        self._everything = frozenset(
            name for id, machine in machines.items() for name in (*machine.types, *_all_filled(self._edges[id]))
        )
        self._slots = frozenset(
            slot for machine in machines.values() for slot in (*machine.collects, *machine.flow.inputs)
        )
        self._gives = dict.fromkeys(machines, self._everything)
        self.known: dict[str, dict[str, frozenset[str]]] = {}
        self._settle()

    def at(self, flow: str, state: str) -> frozenset[str] | None:
        """Returns the slots that surely have a value when a state is entered; None if it cannot be reached."""
        return self.known[flow].get(state)

    def sure_in(self, flow: str) -> dict[str, frozenset[str]]:
        """Returns for each state that can be reached the slots, of all flows, that surely have a value there."""
        return {state: known & self._slots for state, known in self.known[flow].items()}

    def way_without(self, flow: str, slot: str, state: str) -> list[str]:
        """Returns the steps of a shortest way on which a slot is never filled."""
        machine = self._machines[flow]
        edges = [edge for edge in self._edges[flow] if slot not in self._filled(machine, edge)]
        return step_ids(machine, shortest(START, state, edges))

    def _ways_of(self, machine: FlowMachine) -> Iterator[Edge]:
        """Yields the ways of a flow, without those behind a called flow that nothing ever cancels."""
        for edge in edges_of(machine):
            called = self._machines.get(str(machine.state(edge.source).calls))
            if edge.event == "returned" and not edge.returns and called is not None and not _may_be_cancelled(called):
                continue
            yield edge

    def _settle(self) -> None:
        # Begins with "everything is known" and takes away until nothing changes: calls in a circle are no trouble.
        while True:
            self.known = {id: self._of(machine) for id, machine in self._machines.items()}
            gives = {id: self._given_back(machine) for id, machine in self._machines.items()}
            if gives == self._gives:
                return
            self._gives = gives

    def _of(self, machine: FlowMachine) -> dict[str, frozenset[str]]:
        leaving = by_source(self._edges[machine.id])
        given = machine.flow.inputs.keys() - self.left_out.get(machine.id, {}).keys()
        known: dict[str, frozenset[str]] = {START: frozenset(given)}
        waiting = [START]
        while waiting:
            state = waiting.pop()
            for edge in leaving.get(state, ()):
                there = known[state] | self._filled(machine, edge)
                before = known.get(edge.dest)
                after = there if before is None else before & there
                if after != before:
                    known[edge.dest] = after
                    waiting.append(edge.dest)
        return known

    def _filled(self, machine: FlowMachine, edge: Edge) -> frozenset[str]:
        if not edge.returns:
            return edge.fills
        # A flow that could not be read is given the benefit of the doubt: its own problems are told already.
        called = str(machine.state(edge.source).calls)
        return edge.fills | self._gives.get(called, self._everything)

    def _given_back(self, machine: FlowMachine) -> frozenset[str]:
        at_end = self.known[machine.id].get(END)
        if at_end is None:
            return self._gives[machine.id]
        returns = machine.flow.returns
        return at_end if returns is None else frozenset(n for n in at_end if "." in n or n in returns)


def _may_be_cancelled(machine: FlowMachine) -> bool:
    """Says whether a flow may be left before its end: by a target, or because the visitor says so."""
    by_phrase = any(machine.takes("interrupt.cancel", state) for state in machine.states)
    return by_phrase or CANCEL in reachable([START], edges_of(machine))


def _all_filled(edges: Iterable[Edge]) -> set[str]:
    return {name for edge in edges for name in edge.fills}
