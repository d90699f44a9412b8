"""A line near the place where reading failed, taken apart; and what to change in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rules.nodes import in_quotes
from rules.parsing import Broken
from rules.problems import Place, Problem, error

LONGEST_LINE = 2_000
"""Longer lines are not looked at: no mistake of a person is in them, and patterns would take their time."""

_LINE = re.compile(
    r"""(?P<lead>\s*(?:-\ +)*)
        (?:(?P<key>"[^"]*"|'[^']*'|[^\s:#"'{\[\]},&*!|>%@`-][^:#]*?):(?:\s+|$))?
        (?P<value>.*?)(?P<comment>\s+\#\ .*)?$""",
    re.VERBOSE,
)
_LONG_TEXT = re.compile(r"(?:^|[:\-] )\s*[|>][-+0-9]{0,2}(?:\s+#.*)?$")


@dataclass(frozen=True, slots=True)
class Repair:
    """Lines from `line` (0-based) on with the mistake taken out, as many as there were, and what to tell about it."""

    line: int
    texts: tuple[str, ...]
    problem: Problem
    further: tuple[Problem, ...] = ()
    """The same mistake further down, taken out as well."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Lines from `line` (0-based) on without what cannot be read; a value in the first of them is unreadable."""

    line: int
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Spot:
    """A line near the place where reading failed, taken apart."""

    lines: Sequence[str]
    index: int
    broken: Broken
    file: str

    @property
    def line(self) -> str:
        return self.lines[self.index]

    @property
    def parts(self) -> re.Match[str]:
        found = _LINE.match(self.line)
        assert found is not None  # every part of the pattern may be empty
        return found

    @property
    def value(self) -> str:
        return self.parts["value"]

    @property
    def reported(self) -> bool:
        return self.index == self.broken.line

    @property
    def indent(self) -> int:
        return len(self.line) - len(self.line.lstrip())

    def place(self, column: int | None = None) -> Place:
        """The place of a 0-based column, of the first sign of the line without one."""
        return Place(self.file, self.index + 1, (self.indent if column is None else column) + 1)

    def repaired(self, text: str, problem: Problem) -> Repair:
        return Repair(self.index, (text,), problem)

    def quoted(self, message: str, why: str | None = None, *, value: str | None = None) -> Repair:
        """Puts the value in quotes."""
        before = self.line[: self.parts.start("value")]
        text = before + in_quotes(self.value.rstrip() if value is None else value) + (self.parts["comment"] or "")
        return self.repaired(text, error("Y001", self.place(), message, write=text.strip(), why=why))


def in_long_text(lines: Sequence[str], index: int) -> bool:
    """Says whether a line is part of a text that began with | or > further up: those may hold anything."""
    header = long_text_above(lines, index)
    return header is not None and _indent(lines[index]) >= text_column(lines, header)


def long_text_above(lines: Sequence[str], index: int) -> int | None:
    """Returns the line that ends with | or > and is the nearest to which this line is further in."""
    indent = len(lines[index]) - len(lines[index].lstrip())
    for above in range(index - 1, max(-1, index - 200), -1):
        line = lines[above]
        if not line.strip():
            continue
        indent_above = _indent(line)
        if indent_above < indent:
            if (
                len(line) <= LONGEST_LINE
                and _LONG_TEXT.search(line)
                and _outer_column(line) < text_column(lines, above)
            ):
                return above
            indent = indent_above
        if indent == 0:
            return None
    return None


def text_column(lines: Sequence[str], header: int) -> int:
    """Returns the column in which the text below a line with | or > begins."""
    return next((_indent(line) for line in lines[header + 1 :] if line.strip()), 0)


def without_value(lines: Sequence[str], index: int, column: int) -> LeftOut:
    """Returns a line without its value if that is broken in this column, else a blank one; blank too what is below."""
    parts = _taken_apart(lines[index])
    start = parts.start("value") if parts and (parts["key"] or "- " in parts["lead"]) else column + 1
    outer = _outer_column(lines[index])
    end = index + 1
    while end < len(lines) and (outer < _indent(lines[end]) or lines[end].lstrip().startswith(": ")):
        end += 1
    first = lines[index][:start] + '""' if start <= column else ""
    return LeftOut(index, (first, *[""] * (end - index - 1)))


def text_around(lines: Sequence[str], index: int) -> tuple[int, int] | None:
    """Returns the first line of the text without quotes that goes on in this one, and the line after its last."""
    indent = len(lines[index]) - len(lines[index].lstrip())
    first = next(
        (above for above in range(index - 1, max(-1, index - 200), -1) if _indent(lines[above]) < indent), None
    )
    if first is None:
        return None
    parts = _taken_apart(lines[first])
    if not parts or not parts["value"] or parts["value"][0] in "\"'[{|>#&*!%@`" or parts["comment"]:
        return None
    outer = _outer_column(lines[first])
    if indent <= outer or any(line.lstrip().startswith("#") for line in lines[first + 1 : index]):
        return None
    end = index + 1
    while end < len(lines) and outer < _indent(lines[end]):
        end += 1
    return first, end


def _taken_apart(line: str) -> re.Match[str] | None:
    return _LINE.match(line) if len(line) <= LONGEST_LINE else None


def _outer_column(line: str) -> int:
    """The column further in than which a text has to stand that goes on below this line."""
    parts = _taken_apart(line)
    return inner_column(line) if parts and parts["key"] else _indent(line)


_BLANK = 10_000


def _indent(line: str) -> int:
    """How far a line is indented; a blank one as far as can be, because it ends nothing."""
    return len(line) - len(line.lstrip()) if line.strip() else _BLANK


def open_columns(lines: Sequence[str], index: int) -> dict[int, bool]:
    """Returns the columns in which lines above begin that are still open, with whether they begin list items."""
    columns: dict[int, bool] = {}
    lowest = 10_000
    for above in range(index - 1, -1, -1):
        line = lines[above]
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        indent = len(line) - len(line.lstrip())
        if indent >= lowest:
            continue
        inner = inner_column(line)
        if inner != indent and inner < lowest:
            columns.setdefault(inner, False)
        columns[indent] = inner != indent
        lowest = indent
        if indent == 0:
            break
    return columns


def inner_column(line: str) -> int:
    """The column after `- `, in which the keys of a list item begin."""
    lead = re.match(r"\s*(?:- +)*", line)
    return len(lead.group()) if lead else 0
