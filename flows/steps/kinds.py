"""The kinds of value that only steps have: where something leads, and what to do with what is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flows.targets import WORDS, parse_target
from rules import later
from rules.nodes import List, Node, Scalar
from rules.schema import Kind, Table, Walker
from rules.step_lists import Steps

TABLES: dict[str, Table] = {}
"""The table of each kind of step; `flows.reading` puts them here, for steps may have steps inside them."""


@dataclass(frozen=True)
class LeadsTo(Kind):
    """One place to go to. Value: `Target`; whether a step or flow of that name exists is for the checks to say."""

    @property
    def words(self) -> str:
        return f"the id of a step, or one of {', '.join(WORDS)}"

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        if not isinstance(node, Scalar) or node.value is None or not node.text.strip():
            return walker.refuse(node, self, label)
        word = node.text.strip()
        if word in ("start", "call"):
            return walker.report("K005", node.place, f"'{word}' needs the flow it is for: {word} <flow>")
        return parse_target(node.text, node.place)

    def of_default(self, default: Any, walker: Walker) -> Any:
        return parse_target(default)


@dataclass(frozen=True)
class Follows(Kind):
    """What follows. Value: `Target`, or a list of `Read`, one for each step."""

    tables: Mapping[str, Table] = field(default_factory=lambda: TABLES)

    @property
    def words(self) -> str:
        return f"{LeadsTo().words}, or a list of steps"

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        if isinstance(node, List):
            return Steps(self.tables).read(node, walker, label)
        if not isinstance(node, Scalar):
            return walker.refuse(node, self, label)
        return LeadsTo().read(node, walker, label)


@dataclass(frozen=True)
class IfKnown(Kind):
    """What to do when the answer is known already. Value: `skip` or `ask`."""

    @property
    def words(self) -> str:
        return "skip or ask"

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        text = node.text if isinstance(node, Scalar) else ""
        if text == "confirm":
            return walker.report("K007", node.place, later.sentence(f"{label}: confirm"), why=later.ADVICE)
        return text if text in ("skip", "ask") else walker.refuse(node, self, label)

    def instead(self) -> str:
        return "ask"
