"""Kinds that hold others: lists, sections, maps with a table of their own; and what is read by somebody else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rules.kinds.names import is_new_id
from rules.nodes import List, Map, Node, Scalar
from rules.schema import WRONG, Kind, Read, Table, Walker, Wrong, found


def refuse_list(node: Node, kind: Kind, walker: Walker, label: str) -> Wrong:
    """Reports what is no list, with the list that `de, en` was meant for."""
    text = node.text.strip() if isinstance(node, Scalar) and not node.quoted else ""
    lines = node.lines[node.place.line - 1 : node.end.line] if isinstance(node, Scalar) else ()
    rows = [lines[0][node.place.column - 1 :], *lines[1:]] if len(lines) > 1 else []
    items = [row.strip().lstrip("–—•*-") for row in rows] if rows else text.split(",") if "," in text else []
    if not text or not items or not label.startswith("'"):
        return walker.refuse(node, kind, label)
    listed = ", ".join(item.strip() for item in items if item.strip())
    message = f"{label} is {kind.words}, not {found(node)}"
    return walker.report("K006", node.place, message, write=f"{label.strip(chr(39))}: [{listed}]")


@dataclass(frozen=True)
class ListOf(Kind):
    """Value: list; wrong items are left out."""

    item: Kind
    at_least: int = 0

    @property
    def words(self) -> str:
        return "a list"

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        if not isinstance(node, List) or len(node.items) < self.at_least:
            return refuse_list(node, self, walker, label)
        values = [walker.value(item, self.item, f"each of {label}") for item in node.items]
        return [value for value in values if value is not WRONG]

    def instead(self) -> list[Any]:
        return []


@dataclass(frozen=True)
class OneOrList(Kind):
    """Value: list, of one if only one is written."""

    item: Kind

    @property
    def words(self) -> str:
        return f"{self.item.words}, or a list"

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        if isinstance(node, List):
            return ListOf(self.item).read(node, walker, label)
        value = walker.value(node, self.item, label)
        return value if value is WRONG else [value]

    def instead(self) -> list[Any]:
        return []


@dataclass(frozen=True)
class Nested(Kind):
    """A map with a table of its own. Value: `Read`."""

    table: Table

    @property
    def words(self) -> str:
        return "a map of options"

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        return walker.read(node, self.table) if isinstance(node, Map) else walker.refuse(node, self, label)

    def instead(self) -> Any:
        return None


@dataclass(frozen=True)
class MapOf(Kind):
    """A section: things by their ids. Value: dict of id to value; a `Read` in it knows its `id` and `id_place`."""

    item: Kind
    noun: str
    reserved: frozenset[str] = frozenset()

    @property
    def words(self) -> str:
        return f"a map with an id for each {self.noun}"

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        if not isinstance(node, Map):
            return walker.refuse(node, self, label)
        values = {}
        for key, value in node.entries:
            named = is_new_id(key, walker, label, self.reserved)
            read = walker.value(value, self.item, f"{self.noun} '{key.text}'")
            if isinstance(read, Read):
                read.id, read.id_place, read.sound = key.text, key.place, read.sound and named
            if read is not WRONG:
                values[key.text] = read
        return values

    def instead(self) -> dict[str, Any]:
        return {}


@dataclass(frozen=True)
class AnyNode(Kind):
    """Whatever stands there, read by somebody else. Value: `Node`."""

    described: str = "anything"

    @property
    def words(self) -> str:
        return self.described

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        return node

    def instead(self) -> None:
        return None


@dataclass(frozen=True)
class Conditions(AnyNode):
    """Read later, with the facts that are in scope, by `rules.conditions.parse_conditions`. Value: `Node`."""

    described: str = "conditions"
