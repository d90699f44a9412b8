"""What leads where in compiled flows, seen without running them: the same machines that conversations run on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from flows.engine import FlowMachine, FlowState
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
    at_once: bool = False
    """It may be taken at once, though its source waits: nobody has to do anything for it."""


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
        edges.append(Edge(str(move.source), str(move.dest), event, fills | contact, returned, past, move.at_once))
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


def main_states(machine: FlowMachine) -> Iterator[tuple[str, Step]]:
    """Yields the state each step says its texts in."""
    for name in machine.states:
        step = machine.state(name).step
        if step is not None and step.id == name:
            yield name, step
