"""What is right in a trigger and may still not be meant: warnings, told once the trigger is read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rules.conditions import FALSE, IR, facts_in
from rules.nodes import List, Map, Node, Scalar
from rules.partial import simplify
from rules.problems import Place, Problem, warning


def advice(condition: IR, node: Map | None) -> Iterator[Problem]:
    """Yields what somebody who wrote this condition should know; `node` is the trigger as it stands in the file."""
    place = next(places_of("exit_intent", node), None) if "exit_intent" in facts_in(condition) else None
    if place is not None and _may_hold_on_phones(condition):
        yield warning(
            "T007",
            place,
            "on phones 'exit_intent' is a guess: nothing leaves through the top there, so a fast scroll up is taken "
            "for it; where that is not meant, ask for desktops as well",
            write="device: desktop",
        )


def _may_hold_on_phones(condition: IR) -> bool:
    return simplify(condition, {"device": "mobile"}, lambda fact: True) != FALSE


def places_of(fact: str, node: Node | None) -> Iterator[Place]:
    """Yields where a fact is named, as a key or within a line."""
    if isinstance(node, Scalar):
        found = re.search(rf"(?<![\w.]){re.escape(fact)}(?![\w.])", node.text)
        if found is not None:
            yield node.place_at(found.start())
    elif isinstance(node, List):
        for item in node.items:
            yield from places_of(fact, item)
    elif isinstance(node, Map):
        for key, value in node.entries:
            yield from places_of(fact, key)
            yield from places_of(fact, value)
