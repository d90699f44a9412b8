"""Turns YAML text into nodes by the rules of YAML 1.2, without anchors, aliases and tags, and within limits.

It works on libyaml's stream of events and keeps a stack of its own, so that a file made to exhaust a reader is
refused as soon as it passes a limit, before anything is built from it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from rules.nodes import List, Map, Node, Scalar, Unreadable, in_quotes
from rules.problems import Place, Problem, error

MOST_LEVELS = 200
MOST_VALUES = 50_000
MOST_DIGITS = 100

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_YES = frozenset({"true", "True", "TRUE"})
_NO = frozenset({"false", "False", "FALSE"})
# Longer numbers, and those with a zero in front, stay text: they are telephone, order or card numbers, not amounts.
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,14})\.[0-9]{1,15}")
_HIDDEN_COMMENT = re.compile(r" (#[^\s#!].*)")
_NO_SPACE = re.compile(r"-[A-Za-z_]\w*")
INVISIBLE = (
    "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u202f\u205f\u3000\ufeff"
)


class Refused(Exception):
    """The rest of the file will not be read; the problem that says why has been reported."""


class Broken(Exception):
    """The text is not YAML; carries where and why (0-based), for a repair to look at."""

    def __init__(self, reason: str, line: int, column: int, context: str = "", since: tuple[int, int] | None = None):
        super().__init__(reason)
        self.reason, self.line, self.column, self.context, self.since = reason, line, column, context, since


@dataclass
class _Open:
    """A collection whose end has not been met."""

    is_map: bool
    start: Any
    items: list[Node] = field(default_factory=list)
    entries: list[tuple[Scalar, Node]] = field(default_factory=list)
    key: Scalar | Unreadable | None = None
    first_lines: dict[str, int] = field(default_factory=dict)
    is_tagged: bool = False


def parse(
    text: str, lines: Sequence[str], file: str, problems: list[Problem], unreadable: Collection[int] = ()
) -> Node | None:
    """Returns the document, None for one with nothing in it; raises `Broken` or `Refused`.

    What stands as a value in one of the `unreadable` lines (0-based) is known to be wrong and told already.
    """
    return _Parser(lines, file, problems, unreadable).run(text)


def core_value(text: str) -> str | int | float | bool | None:
    """Returns what a text without quotes stands for in YAML 1.2: null, true, false, a number, else the text."""
    if text in _NULL:
        return None
    if text in _YES or text in _NO:
        return text in _YES
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text


class _Parser:
    def __init__(self, lines: Sequence[str], file: str, problems: list[Problem], unreadable: Collection[int]) -> None:
        self.lines, self.file, self.problems, self.unreadable = lines, file, problems, unreadable
        self.open: list[_Open] = []
        self.root: Node | None = None
        self.values = 0
        self.documents = 0
        self.anchors: set[str] = set()
        self.aliases: set[str] = set()

    def run(self, text: str) -> Node | None:
        try:
            for event in yaml.parse(text, Loader=yaml.CSafeLoader):
                self._take(event)
                if self.documents > 1:
                    break
        except yaml.MarkedYAMLError as failure:
            raise _as_broken(failure) from None
        except yaml.YAMLError as failure:
            raise Broken(str(failure), 0, 0) from None
        return self.root

    def _take(self, event: Any) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._count(event)
            self._put(self._scalar(event), event)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._count(event)
            self._begin(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._finish(event)
        elif isinstance(event, yaml.AliasEvent):
            self._count(event)
            self._refuse_alias(event)
            self._put(Unreadable(self._place(event.start_mark), self._place(event.end_mark)), event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._start_document(event)

    def _start_document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            self._report(
                "Y009",
                event.start_mark,
                "a second document begins here ('---'), and only the first would be read",
                why="take the line out, or put the rest into a file of its own",
            )

    def _count(self, event: Any) -> None:
        self.values += 1
        if self.values > MOST_VALUES:
            self._report("Y007", event.start_mark, f"this file has more than {MOST_VALUES:,} values; split it up")
            raise Refused

    def _begin(self, event: Any) -> None:
        self._refuse_property(event)
        if len(self.open) >= MOST_LEVELS:
            self._report("Y007", event.start_mark, f"this is nested more than {MOST_LEVELS} levels deep")
            raise Refused
        if self._expects_key():
            mark = self.open[-1].start if self._source(self.open[-1].start, 2) == "{{" else event.start_mark
            raise Broken("a key must be one word or text", mark.line, mark.column)
        is_map = isinstance(event, yaml.MappingStartEvent)
        self.open.append(_Open(is_map, event.start_mark, is_tagged=event.tag is not None))

    def _finish(self, event: Any) -> None:
        done = self.open.pop()
        start, end = self._place(done.start), self._place(event.end_mark)
        if done.is_tagged:
            self._put(Unreadable(start, end), event)
        elif done.is_map:
            self._put(Map(start, end, tuple(done.entries)), event)
        else:
            self._put(List(start, end, tuple(done.items)), event)

    def _expects_key(self) -> bool:
        return bool(self.open) and self.open[-1].is_map and self.open[-1].key is None

    def _put(self, node: Node, event: Any) -> None:
        if not self.open:
            self.root = node
            return
        parent = self.open[-1]
        if not parent.is_map:
            parent.items.append(node)
        elif parent.key is None:
            # A collection as a key was refused when it began.
            parent.key = node if isinstance(node, Scalar) else Unreadable(node.place, node.end)
        else:
            self._add_entry(parent, parent.key, node)
            parent.key = None

    def _add_entry(self, parent: _Open, key: Scalar | Unreadable, node: Node) -> None:
        if isinstance(key, Unreadable):
            return
        if key.text == "<<" and not key.quoted:
            self.problems.append(
                error(
                    "Y004",
                    key.place,
                    "'<<' merges one map into another in YAML; that is not used here",
                    why="write the lines out where they are needed",
                )
            )
        elif key.text in parent.first_lines:
            first = parent.first_lines[key.text]
            message = f"'{key.text[:40]}' appears twice (first on line {first}); the second one would silently win"
            self.problems.append(error("Y003", key.place, message))
        else:
            parent.first_lines[key.text] = key.place.line
            cut = self._refuse_cut_value(key, node)
            parent.entries.append((key, Unreadable(node.place, node.end) if cut else node))

    def _scalar(self, event: Any) -> Scalar | Unreadable:
        place, end = self._place(event.start_mark), self._place(event.end_mark)
        if self._refuse_property(event) or (event.start_mark.line in self.unreadable and not self._expects_key()):
            return Unreadable(place, end)
        text: str = event.value
        if event.style:
            return Scalar(place, end, text, text, quoted=True, lines=self.lines)
        if text[:1] in INVISIBLE and text:
            raise Broken("an invisible sign stands at the beginning", event.start_mark.line, event.start_mark.column)
        if self._expects_key() and _NO_SPACE.fullmatch(text) and not self._before(event.start_mark).strip("- "):
            raise Broken("a space is missing after a dash", event.start_mark.line, event.start_mark.column)
        if len(text) > MOST_DIGITS and re.fullmatch(r"[-+]?[0-9_.]+", text):
            self._report("Y007", event.start_mark, f"this number has {len(text):,} digits; {MOST_DIGITS} at most")
            text = text[:MOST_DIGITS]
        value = core_value(text)
        if isinstance(value, str):
            self._refuse_cut_text(place, end, text)
        return Scalar(place, end, value, text, lines=self.lines)

    def _refuse_cut_text(self, place: Place, end: Place, text: str) -> None:
        """`Yes, we do! #1 shop` is cut by YAML; a comment has a space after its # or stands well apart."""
        hidden = self._hidden_comment(end)
        if not hidden or self._expects_key():
            return
        line = self.lines[end.line - 1]
        fixed = line[: place.column - 1] + in_quotes(line[place.column - 1 :].strip())
        self.problems.append(
            error(
                "Y002",
                place,
                f'visitors will only see "{_tail(text)}": YAML treats " {_tail(hidden)}" as a comment',
                write=fixed.strip() if place.line == end.line else None,
                why="put the text in quotes; a comment has a space after its #",
            )
        )

    def _refuse_cut_value(self, key: Scalar, node: Node) -> bool:
        """Reports `color: #0a7d4b`, which has no value at all."""
        empty = isinstance(node, Scalar) and node.value is None and not node.text
        hidden = self._hidden_comment(node.end) if empty else None
        if hidden is None:
            return False
        self.problems.append(
            error(
                "Y002",
                Place(node.place.file, node.place.line, node.place.column + 1),
                f"'{key.text}' stays empty: YAML treats \"{_tail(hidden)}\" as a comment",
                write=f"{key.text}: {in_quotes(hidden)}",
                why="put it in quotes; a comment has a space after its #",
            )
        )
        return True

    def _hidden_comment(self, end: Place) -> str | None:
        if end.line > len(self.lines):
            return None
        found = _HIDDEN_COMMENT.match(self.lines[end.line - 1], end.column - 1)
        return found[1].rstrip() if found else None

    def _refuse_property(self, event: Any) -> bool:
        if event.anchor is not None:
            self.anchors.add(event.anchor)
            self._refuse_sign(event, f"&{event.anchor}", "an anchor")
        elif event.tag is not None:
            self._refuse_sign(event, event.tag.replace("tag:yaml.org,2002:", "!!"), "a tag")
        return event.anchor is not None or event.tag is not None

    def _refuse_alias(self, event: Any) -> None:
        name = f"*{event.anchor}"
        if name not in self.aliases:
            self.aliases.add(name)
            self._refuse_sign(event, name, "an alias")

    def _refuse_sign(self, event: Any, sign: str, what: str) -> None:
        mark, end = event.start_mark, event.end_mark
        one_line = mark.line == end.line and not isinstance(event, yaml.CollectionStartEvent)
        source = self.lines[mark.line][mark.column : end.column] if one_line else ""
        self._report(
            "Y004",
            mark,
            f"'{sign[:60]}' is {what} of YAML, and those are not used here",
            write=in_quotes(source) if 0 < len(source) <= 80 and self._may_be_text(source, what) else None,
            why="write the lines out where they are needed; a text that starts with this sign belongs in quotes",
        )

    def _may_be_text(self, source: str, what: str) -> bool:
        return what == "an anchor" or (what == "an alias" and source[1:] not in self.anchors)

    def _before(self, mark: Any) -> str:
        return self.lines[mark.line][: mark.column] if mark.line < len(self.lines) else ""

    def _source(self, mark: Any, length: int) -> str:
        return self.lines[mark.line][mark.column : mark.column + length] if mark.line < len(self.lines) else ""

    def _place(self, mark: Any) -> Place:
        return Place(self.file, mark.line + 1, mark.column + 1)

    def _report(self, code: str, mark: Any, message: str, *, write: str | None = None, why: str | None = None) -> None:
        self.problems.append(error(code, self._place(mark), message, write=write, why=why))


def _tail(text: str) -> str:
    return text if len(text) <= 40 else "…" + text[-39:]


def _as_broken(failure: yaml.MarkedYAMLError) -> Broken:
    mark, since = failure.problem_mark, failure.context_mark
    return Broken(
        failure.problem or "",
        mark.line if mark else 0,
        mark.column if mark else 0,
        failure.context or "",
        (since.line, since.column) if since else None,
    )
