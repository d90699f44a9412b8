"""What a YAML file holds, with the place of everything: maps, lists and scalars."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
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
    lines: Sequence[str] = field(default=(), repr=False)
    """All lines of its file, to find a place inside the text."""

    def place_at(self, offset: int) -> Place:
        """Returns the place of a character of the text; that of the whole value where the text was folded."""
        line, column = self.place.line, self.place.column
        sign = self.lines[line - 1][column - 1 : column] if line <= len(self.lines) else ""
        if sign == "|":
            return self._place_in_lines(offset)
        if line != self.end.line:
            return self.place
        if self.quoted:
            written = self.lines[line - 1][column : self.end.column - 2] if sign else self.text
            offset = 1 + _written_length(written, sign, offset)
        return replace(self.place, column=min(column + offset, max(self.end.column - 1, column)))

    def _place_in_lines(self, offset: int) -> Place:
        """The place in a text that keeps its lines, which are all indented alike."""
        before = self.text[:offset].split("\n")
        at = self.place.line + len(before)
        first = next((line for line in self.lines[self.place.line :] if line.strip()), "")
        indent = len(first) - len(first.lstrip(" "))
        return Place(self.place.file, min(at, len(self.lines)), indent + len(before[-1]) + 1)


def _written_length(written: str, sign: str, offset: int) -> int:
    """Returns how far into a quoted text, as it was written, so many of its characters reach."""
    at = 0
    for _ in range(offset):
        escaped = _ESCAPED[sign].match(written, at) if sign in _ESCAPED else None
        at = escaped.end() if escaped else at + 1
    return min(at, len(written))


_ESCAPED = {
    "'": re.compile("''"),
    '"': re.compile(r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)"),
}


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
