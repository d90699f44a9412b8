"""In whose name a trigger speaks: a department's, or that of one of its agents for as long as they are there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rules.kinds import Reference, Word
from rules.nodes import Map, Node
from rules.problems import Place
from rules.schema import Key, Kind, Table, Walker

SPEAKER = Table(
    "from",
    {
        "department": Key(Reference("a department"), "whose hours and agents count"),
        "agent": Key(Word(), "whose name is added while they are there and free, as it stands on their account"),
    },
)


@dataclass(frozen=True, slots=True)
class Speaker:
    """Either or both; nobody in particular is the bot."""

    department: str | None = None
    agent: str | None = None
    place: Place = field(default=Place("", 1, 1), compare=False)
    """Where the department is named."""


@dataclass(frozen=True)
class Speakers(Kind):
    """Value: `Speaker`."""

    table: Table = SPEAKER

    @property
    def words(self) -> str:
        return "the id of a department, or a map with 'department' and 'agent'"

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        if isinstance(node, Map):
            read = walker.read(node, self.table)
            return Speaker(read["department"] or None, read["agent"] or None, read.place_of("department"))
        found = walker.value(node, Reference("a department"), label)
        return Speaker(found, None, node.place) if isinstance(found, str) else found

    def instead(self) -> Speaker:
        return Speaker()
