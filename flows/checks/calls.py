"""Which flows call which: in a round, and how deep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flows.checks.components import strong_components
from flows.checks.graph import Edge, shortest
from flows.engine import FlowMachine
from flows.steps.step import Step


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
