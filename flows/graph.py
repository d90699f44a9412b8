"""What leads where in compiled flows, seen without running them: the same machines that conversations run on."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from flows.engine import CANCEL, END, START, FlowMachine, FlowState
from flows.steps.asking import AskingStep
from flows.steps.step import Step

Node = tuple[str, str]
"""Flow and state."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One way from a state to another, and which slots surely have a value behind it."""

    source: str
    dest: str
    event: str
    fills: frozenset[str]
    returns: bool = False
    """It is taken when a called flow came to its own end."""
    past: frozenset[str] = frozenset()
    """It leads past a question, and is taken only when these slots of it are known."""


def edges_of(machine: FlowMachine) -> list[Edge]:
    """Returns every way that changes the state, in the order they are tried."""
    edges = []
    for event, move in machine.moves():
        if move.dest is None:
            continue
        fills = move.implies | frozenset(move.writes)
        contact = {f"contact.{slot}" for slot in move.writes if _saves_to_contact(machine.state(move.source), slot)}
        returned = event == "returned" and not move.guards
        past = frozenset(move.writes) if _is_gate(machine.state(move.source)) else frozenset()
        edges.append(Edge(str(move.source), str(move.dest), event, fills | contact, returned, past))
    return edges


def _saves_to_contact(state: FlowState, slot: str) -> bool:
    return state.step is not None and slot in state.step.saves_to_contact()


def _is_gate(state: FlowState) -> bool:
    return state.step is not None and state.name in (f"{state.step.id}?", f"{state.step.id}!")


def by_source(edges: Iterable[Edge]) -> dict[str, list[Edge]]:
    """Returns the ways out of each state, in the order they are tried."""
    leaving: dict[str, list[Edge]] = {}
    for edge in edges:
        leaving.setdefault(edge.source, []).append(edge)
    return leaving


def reachable(starts: Iterable[str], edges: Iterable[Edge]) -> set[str]:
    """Returns the states that can be reached from some others, those among them."""
    leaving = by_source(edges)
    found = set(starts)
    waiting = list(found)
    while waiting:
        for edge in leaving.get(waiting.pop(), ()):
            if edge.dest not in found:
                found.add(edge.dest)
                waiting.append(edge.dest)
    return found


def shortest(source: str, dest: str, edges: Iterable[Edge]) -> list[str]:
    """Returns the states of a shortest way, both ends among them; nothing if there is no way."""
    leaving = by_source(edges)
    came_from: dict[str, str] = {source: ""}
    waiting = [source]
    for state in waiting:
        if state == dest:
            return _traced_back(came_from, dest)
        for edge in leaving.get(state, ()):
            if edge.dest not in came_from:
                came_from[edge.dest] = state
                waiting.append(edge.dest)
    return []


def _traced_back(came_from: Mapping[str, str], dest: str) -> list[str]:
    way = [dest]
    while came_from[way[-1]]:
        way.append(came_from[way[-1]])
    return way[::-1]


def step_ids(machine: FlowMachine, states: Iterable[str]) -> list[str]:
    """Returns the steps a way goes through, without the gates before steps that are passed over."""
    return [state for state in states if (step := machine.state(state).step) is not None and step.id == state]


# --- what happens without anybody being waited for

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
        if state.kind == "final" or (state.kind == "wait" and not state.acts):
            return
        # An action answers in no time when it fails, so it does not break a loop.
        if state.kind == "pass" or state.acts:
            yield from ((machine.id, edge.dest, again) for edge in self._out_of(machine, name, again))
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
            return (
                state.kind == "pass" or state.acts or (state.kind == "call" and edge.returns and state.calls in passing)
            )

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


# --- which flows call which


class Calls:
    """The flows that each flow calls, and from which step it does so first."""

    def __init__(self, machines: Mapping[str, FlowMachine]) -> None:
        self._called: dict[str, dict[str, Step]] = {id: dict(_calls_of(m, machines)) for id, m in machines.items()}
        groups = strong_components({id: list(called) for id, called in self._called.items()})
        self._group = {id: group for group in groups for id in group}
        # A group comes behind all that it leads to.
        self._chain: dict[str, list[str]] = {}
        for id in (id for group in groups for id in group):
            behind = [self._chain[called] for called in self._called[id] if self._group[called] is not self._group[id]]
            self._chain[id] = [id, *max(behind, key=len, default=[])]

    def step(self, flow: str, called: str) -> Step:
        """Returns the step from which a flow calls another."""
        return self._called[flow][called]

    def rounds(self) -> Iterator[list[str]]:
        """Yields a shortest way round for each group of flows that call one another, or themselves."""
        for first, called in self._called.items():
            group = self._group[first]
            if first in called:
                yield [first]
            elif len(group) > 1 and first == min(group, key=list(self._called).index):
                edges = [Edge(id, to, "call", frozenset()) for id in group for to in self._called[id]]
                ways = (shortest(to, first, edges) for to in called if to in group)
                yield [first, *min(ways, key=len)[:-1]]

    def chains(self) -> Iterator[list[str]]:
        """Yields the longest chain of calls from every flow that no other one calls."""
        called = {to for id, all_called in self._called.items() for to in all_called if to not in self._group[id]}
        yield from (chain for id, chain in self._chain.items() if id not in called)


def _calls_of(machine: FlowMachine, machines: Mapping[str, FlowMachine]) -> Iterator[tuple[str, Step]]:
    found: set[str] = set()
    for name in machine.states:
        state = machine.state(name)
        if state.kind == "call" and state.step is not None and state.calls in machines and state.calls not in found:
            found.add(str(state.calls))
            yield str(state.calls), state.step


# --- what leads to one another

_Thing = TypeVar("_Thing", bound=Hashable)


def strong_components(following: Mapping[_Thing, list[_Thing]]) -> list[list[_Thing]]:
    """Returns the groups of nodes that all lead to one another (Tarjan's way, without recursion)."""
    index: dict[_Thing, int] = {}
    low: dict[_Thing, int] = {}
    stack: list[_Thing] = []
    on_stack: set[_Thing] = set()
    groups: list[list[_Thing]] = []
    for root in following:
        if root in index:
            continue
        work: list[tuple[_Thing, Iterator[_Thing]]] = [(root, iter(following[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, ahead = work[-1]
            advanced = next((each for each in ahead if each not in index or each in on_stack), None)
            if advanced is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    groups.append(_popped(stack, on_stack, node))
            elif advanced in index:
                low[node] = min(low[node], index[advanced])
            else:
                index[advanced] = low[advanced] = len(index)
                stack.append(advanced)
                on_stack.add(advanced)
                work.append((advanced, iter(following[advanced])))
    return groups


def _popped(stack: list[_Thing], on_stack: set[_Thing], until: _Thing) -> list[_Thing]:
    group = []
    while True:
        node = stack.pop()
        on_stack.discard(node)
        group.append(node)
        if node == until:
            return group


# --- which slots surely have a value


class Knowledge:
    """For every state of every flow: the slots that have a value there on every way."""

    def __init__(self, machines: Mapping[str, FlowMachine]) -> None:
        self._machines = machines
        self._edges = {id: list(self._ways_of(machine)) for id, machine in machines.items()}
        self._everything = frozenset(
            name for id, machine in machines.items() for name in (*machine.types, *_all_filled(self._edges[id]))
        )
        self._gives = dict.fromkeys(machines, self._everything)
        self.known: dict[str, dict[str, frozenset[str]]] = {}
        self._settle()

    def at(self, flow: str, state: str) -> frozenset[str] | None:
        """Returns the slots that surely have a value when a state is entered; None if it cannot be reached."""
        return self.known[flow].get(state)

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
        known: dict[str, frozenset[str]] = {START: frozenset(machine.flow.inputs)}
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


def main_states(machine: FlowMachine) -> Iterator[tuple[str, Step]]:
    """Yields the state each step says its texts in."""
    for name in machine.states:
        step = machine.state(name).step
        if step is not None and step.id == name:
            yield name, step
