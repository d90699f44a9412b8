"""The kinds of value that only steps have: where something leads, and how little or much an answer may be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flows.targets import WORDS, parse_target
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
class Limit(Kind):
    """The least or the most of something: a number, or a day. Value: int, float or str; its type is for the step."""

    @property
    def words(self) -> str:
        return "a number, or a day like today, tomorrow or 2026-12-24"

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        text = node.text.strip() if isinstance(node, Scalar) else ""
        if text in RELATIVE_DAYS or _is_day(text):
            return text
        if _DAY.fullmatch(text):
            return walker.report("K006", node.place, f"{label}: there is no such day as {text}")
        return walker.refuse(node, self, label)


RELATIVE_DAYS: Mapping[str, int] = {"yesterday": -1, "today": 0, "tomorrow": 1}
"""Days that are another one every day."""


_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _is_day(text: str) -> bool:
    try:
        return _DAY.fullmatch(text) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False
