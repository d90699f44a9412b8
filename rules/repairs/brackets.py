"""Lists and maps on one line, `[…]` and `{…}`: the texts in them that YAML does not take for texts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from rules.nodes import in_quotes
from rules.problems import error
from rules.repairs.spot import Repair, Spot
from rules.repairs.texts import sign_before

_IN_QUOTES = re.compile(r""""(?:[^"\\]|\\.)*"(?=\s*[,\]}:])|'(?:[^']|'')*'(?!')(?=\s*[,\]}:])""")
_QUOTES_INSIDE = re.compile(r"""(["']).*?\1(?=\s*(?:[,\]}]|:\s))""")
_TO_END_OF_MAP = re.compile(r"(?:\{\{.*?\}\}|[^}])+")
_TO_NEXT_KEY = re.compile(r"[^,\[\]{}]*(?=,\s*[\w-]+:\s)")
_PLAIN = re.compile(r"(?:\{\{.*?\}\}|[^,\[\]{}:]|:(?![\s,\]}]|$))+")
_TO_COMMA = re.compile(r"(?:\{\{.*?\}\}|[^,\[\]{}])+")
_SPACES = re.compile(r"\s*")
_MOST_LEVELS = 20


def in_brackets(spot: Spot) -> Repair | None:
    """`{visits: >3}`, `['Don't know', 'It's ok']`, `[Price?, {{ x }}]`."""
    value = spot.value.strip()
    if value[:1] not in ("[", "{") or value.startswith("{{"):
        return None
    reader = _Reader(value)
    try:
        meant = reader.collection()
    except _NotClear:
        return None
    if reader.mistake is None or reader.at != len(value):
        return None
    start = spot.parts.start("value")
    at, message, why = reader.mistake
    text = spot.line[:start] + meant + (spot.parts["comment"] or "")
    return spot.repaired(text, error("Y001", spot.place(start + at), message, write=text.strip(), why=why))


class _NotClear(Exception):
    """It is not written so that one could tell what was meant."""


@dataclass
class _Reader:
    """Reads as people do: a text begins after `[`, `{`, `,` or `: ` and goes on to the next of their kind."""

    text: str
    at: int = 0
    closing: list[str] = field(default_factory=list)
    """What closes the lists and maps that are open here."""
    mistake: tuple[int, str, str | None] | None = None
    """Where the first one is, what to say, and why."""

    def collection(self) -> str:
        """Returns the list or map that begins here as it was meant."""
        if len(self.closing) >= _MOST_LEVELS:
            raise _NotClear
        closing = "]" if self.text[self.at] == "[" else "}"
        self.closing.append(closing)
        meant = self._take(1)
        while not self._begins(closing):
            meant += self._spaces()
            if self.at == len(self.text):
                raise _NotClear
            if self._begins(","):
                meant += self._take(1)
            elif not self._begins(closing):
                meant += self._entry() + self._spaces()
                if not self._begins((",", closing)):
                    raise _NotClear
        self.closing.pop()
        return meant + self._take(1)

    def _entry(self) -> str:
        """An item, or a key with its value."""
        key = self._node()
        if not self._begins(":"):
            return key
        key += self._take(1) + self._spaces()
        if self._begins((",", "]", "}")):
            return key
        start = self.at
        value = self._node()
        if not self._begins(":"):
            return key + value
        self.at = start
        return key + self._quoted(self._matched(_TO_COMMA), start, "a text with ': ' in it must be in quotes")

    def _node(self) -> str:
        if self._begins(("[", "{")) and not self._begins("{{"):
            return self.collection() + self._spaces()
        start = self.at
        right = _IN_QUOTES.match(self.text, start)
        if right:
            return self._take(len(right.group()))
        opened = self._left_open(start)
        if opened is not None:
            message = f"the quote {self.text[start]} that opens here is not closed"
            self.at = start + len(opened)
            return self._quoted(opened[1:], start, message)
        nearly = _QUOTES_INSIDE.match(self.text, start)
        if nearly:
            self.at = nearly.end()
            message = f"the {nearly[1]} inside of this text ends it; it must be in other quotes"
            return self._quoted(nearly.group()[1:-1].replace("''", "'"), start, message)
        text = self._matched(_PLAIN)
        if text[0] in "\"'":
            return self._quoted(text, start, "a text that begins with a quote must end with it")
        sign, why = sign_before(text.strip()) or (text[0], None)
        if why or sign in ">|":
            return self._quoted(text, start, f"a text that starts with {sign} must be in quotes", why)
        if "{{" in text or text.startswith(("- ", "? ")):
            return self._quoted(text, start, "a text like this must be in quotes inside of [ ] and { }")
        return text

    def _left_open(self, start: int) -> str | None:
        """Returns the text from a quote on that nothing closes: to the next key of a map, the next item, or the end."""
        sign = self.text[start : start + 1]
        if sign not in ('"', "'"):
            return None
        to_key = _TO_NEXT_KEY.match(self.text, start + 1)
        if to_key and sign not in to_key[0]:
            return sign + to_key[0]
        found = (_TO_END_OF_MAP if self.closing[-1] == "}" else _TO_COMMA).match(self.text, start + 1)
        if found is None or sign in found[0]:
            return None
        ends_before_comma = self.text[found.end() : found.end() + 1] == ","
        # With another quote further down, nobody knows whether the text goes on to that one.
        return None if ends_before_comma and sign in self.text[found.end() :] else sign + found[0].rstrip()

    def _quoted(self, text: str, start: int, message: str, why: str | None = None) -> str:
        self.mistake = self.mistake or (start, message, why)
        return in_quotes(text.strip()) + text[len(text.rstrip()) :]

    def _matched(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if not found:
            raise _NotClear
        return self._take(len(found.group()))

    def _begins(self, signs: str | tuple[str, ...]) -> bool:
        return self.text.startswith(signs, self.at)

    def _spaces(self) -> str:
        found = _SPACES.match(self.text, self.at)
        return self._take(len(found.group()) if found else 0)

    def _take(self, length: int) -> str:
        self.at += length
        return self.text[self.at - length : self.at]
