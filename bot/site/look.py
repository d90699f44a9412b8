"""`widget:` — how the chat looks and what it says before anybody has written."""

from __future__ import annotations

from dataclasses import dataclass

from rules.kinds import Choice, Text, Word
from rules.schema import Key, Read, Table
from rules.texts import Text as Texts

DEFAULT_COLOR = "#2f5d50"


@dataclass(frozen=True, slots=True)
class Look:
    color: str = DEFAULT_COLOR
    position: str = "bottom_right"
    greeting: Texts | None = None
    privacy_note: Texts | None = None


WIDGET = Table(
    "widget",
    {
        "color": Key(
            Word('a colour like "#0a7d4b"', r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})"),
            "the colour of buttons and of the visitor's messages",
            default=DEFAULT_COLOR,
        ),
        "position": Key(
            Choice(("bottom_right", "bottom_left")), "the corner of the page it opens in", default="bottom_right"
        ),
        "greeting": Key(Text(), "what the open chat says before anybody has written"),
        "privacy_note": Key(Text(), "a line below the field for messages; may hold a [link](/privacy)"),
    },
)


def look(read: Read) -> Look:
    return Look(read["color"].lower(), read["position"], read["greeting"] or None, read["privacy_note"] or None)
