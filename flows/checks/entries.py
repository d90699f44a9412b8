"""Who begins a flow from outside, and which of its inputs may be left out then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flows.flow import Flow


@dataclass(frozen=True, slots=True)
class Entry:
    """One way into a flow that no step of a flow takes; `by` is what begins it, in a marketer's words."""

    flow: str
    by: str
    gives: frozenset[str] = frozenset()
    """The inputs it hands over, whenever it begins the flow."""


def left_out(flows: Mapping[str, Flow], entries: Iterable[Entry]) -> dict[str, dict[str, str]]:
    """Returns for each flow the inputs that may be missing when it begins, and by whom it is begun without them."""
    missing: dict[str, dict[str, str]] = {}
    of_flows = [Entry(flow.id, "its own 'start_when'") for flow in flows.values() if flow.start_when is not None]
    for entry in (*of_flows, *entries):
        for slot in flows[entry.flow].inputs if entry.flow in flows else ():
            if slot not in entry.gives:
                missing.setdefault(entry.flow, {}).setdefault(slot, entry.by)
    return missing
