"""`responses:` — prepared texts that agents insert by a shortcut, and those that custom actions say by their id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.site.gaps import check_gaps
from bot.site.reading import Reading
from rules.kinds import MapOf, Nested, Reference, Text, Word
from rules.nodes import Node
from rules.schema import Key, Read, Table
from rules.texts import Text as Texts


@dataclass(frozen=True, slots=True)
class Response:
    id: str
    shortcut: str | None
    text: Texts
    department: str | None = None
    """Whose agents see it; None means all."""

    @property
    def is_for_actions(self) -> bool:
        """Returns whether custom actions say it, and no agent."""
        return self.id.startswith(FOR_ACTIONS)


FOR_ACTIONS = "utter_"
"""What the ids of texts for actions begin with, as they do in rasa-sdk."""


RESPONSE = Table(
    "response",
    {
        "shortcut": Key(Word("a shortcut like /ship", r"/[a-z0-9_-]{1,30}"), "what an agent types to insert it"),
        "text": Key(Text(), "what is inserted; may have gaps such as {{ contact.name }}", required=True),
        "department": Key(Reference("a department"), "whose agents see it; everybody if left out"),
    },
    noun="a response",
)


def read_responses(node: Node | None, contact: Mapping[str, object], reading: Reading) -> dict[str, Response]:
    """Returns the responses by id, after looking at their gaps, shortcuts and departments."""
    kind = MapOf(Nested(RESPONSE), "response")
    read = reading.walker.value(node, kind, "'responses'") if node else {}
    responses: dict[str, Response] = {}
    shortcuts: dict[str, Read] = {}
    for id, each in (read if isinstance(read, dict) else {}).items():
        _check(each, shortcuts, reading)
        check_gaps(each.node("text"), None if id.startswith(FOR_ACTIONS) else contact, reading)
        responses[id] = Response(id, each["shortcut"], each["text"], each["department"])
    return responses


def _check(read: Read, shortcuts: dict[str, Read], reading: Reading) -> None:
    shortcut, department = read["shortcut"], read["department"]
    if department:
        reading.exists("departments", department, read.place_of("department"))
    if not shortcut:
        return
    if shortcut in shortcuts:
        first = shortcuts[shortcut].place_of("shortcut")
        message = f"the shortcut {shortcut} is taken by '{shortcuts[shortcut].id}' ({first.file}:{first.line})"
        reading.walker.report("Y003", read.place_of("shortcut"), message)
    shortcuts.setdefault(shortcut, read)
