"""What a YAML file holds, with the place of everything: maps, lists and scalars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rules.problems import Place


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """One value; `value` by YAML 1.2, `text` as it was written, so that a schema may read `10:00` as it likes."""

    place: Place
    end: Place
    value: str | int | float | bool | None
    text: str
    quoted: bool = False

    def place_at(self, offset: int) -> Place:
        """Returns the place of a character of the text, or of the whole value where it spans several lines."""
        if self.place.line != self.end.line:
            return self.place
        start = self.place.column + (1 if self.quoted else 0)
        return Place(self.place.file, self.place.line, min(start + offset, max(self.end.column - 1, start)))


@dataclass(frozen=True, slots=True, eq=False)
class List:
    """Values in order."""

    place: Place
    end: Place
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Map:
    """Keys with their values, in the order of the file; every key once."""

    place: Place
    end: Place
    entries: tuple[tuple[Scalar, Node], ...]

    def get(self, key: str) -> Node | None:
        """Returns the value written for a key, or None."""
        return next((value for name, value in self.entries if name.text == key), None)

    def key(self, key: str) -> Scalar | None:
        """Returns the key itself, for its place, or None."""
        return next((name for name, _ in self.entries if name.text == key), None)


@dataclass(frozen=True, slots=True, eq=False)
class Unreadable:
    """Stands where something was refused already; nothing more is said about it."""

    place: Place
    end: Place


Node = Map | List | Scalar | Unreadable


def plain(node: Node | None) -> Any:
    """Returns the ordinary Python value: dict, list, text, number, yes/no or None."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, List):
        return [plain(item) for item in node.items]
    if isinstance(node, Map):
        return {key.text: plain(value) for key, value in node.entries}
    return None


def in_quotes(text: str) -> str:
    """Returns the text as YAML takes it, in the quotes that need the least escaping."""
    if '"' in text and "'" not in text and "\\" not in text:
        return f"'{text}'"
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
