"""What leads to one another in a graph."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import TypeVar

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
