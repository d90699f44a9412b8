"""Lines that are indented with tabs, of which YAML allows none: what the editor showed in their place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rules.problems import Place, error
from rules.repairs.spot import Repair, Spot, inner_column, long_text_above, open_columns, text_column

_WIDTHS = (2, 4, 8)
"""How far apart the tab stops of editors are."""

_OPENS = re.compile(r":\s*(?:#.*)?$")
_LONG_TEXT = re.compile(r"[:-]\s+[|>][-+0-9]{0,2}\s*(?:#.*)?$")


def tabs(spot: Spot) -> Repair | None:
    """All of them at once, from this line on: where one is mistaken for less or more, nothing below it fits."""
    if not _has_tab(spot.line):
        return None
    runs = list(_runs(spot.lines, spot.index))
    tabbed = {index for first, last in runs for index in range(first, last + 1)}
    shown = [_shown(spot.lines, tabbed, width) for width in _WIDTHS]
    lines = _in_open_columns(min(shown, key=lambda lines: _unlikely(lines, tabbed)), runs)
    first, last = spot.index, runs[-1][1]
    told = [error("Y005", Place(spot.file, *_tab_in(spot.lines, run)), _message(*run)) for run in runs]
    return Repair(first, tuple(lines[first : last + 1]), told[0], tuple(told[1:]))


def _in_open_columns(lines: Sequence[str], runs: Sequence[tuple[int, int]]) -> list[str]:
    """Returns the lines with each run of tabbed ones moved to where its first can begin, if it begins nowhere."""
    moved = list(lines)
    for first, last in runs:
        above = next((line for line in reversed(moved[:first]) if line.strip()), "")
        columns, at = open_columns(moved, first), len(moved[first]) - len(moved[first].lstrip())
        is_item = moved[first].lstrip().startswith("- ")
        fitting = [column for column, of_item in columns.items() if of_item == is_item]
        if not fitting or at in fitting or _OPENS.search(above) or _LONG_TEXT.search(above):
            continue
        by = min(fitting, key=lambda column: (abs(column - at), -column)) - at
        for index in range(first, last + 1):
            line = moved[index]
            moved[index] = " " * by + line if by > 0 else line[min(-by, len(line) - len(line.lstrip())) :]
    return moved


def _message(first: int, last: int) -> str:
    if first == last:
        return "this line is indented with a tab; YAML wants spaces, two for each level"
    return f"lines {first + 1} to {last + 1} are indented with tabs; YAML wants spaces, two for each level"


def _tab_in(lines: Sequence[str], run: tuple[int, int]) -> tuple[int, int]:
    return run[0] + 1, lines[run[0]].index("\t") + 1


def _has_tab(line: str) -> bool:
    return bool(line.strip()) and "\t" in line[: len(line) - len(line.lstrip())]


def _runs(lines: Sequence[str], since: int) -> Iterator[tuple[int, int]]:
    """Yields the first and the last of each row of lines with tabs, leaving out those in the middle of a text."""
    first: int | None = None
    for index in range(since, len(lines)):
        if _has_tab(lines[index]) and (index == since or not _is_text(lines, index)):
            first = index if first is None else first
        elif first is not None:
            yield first, index - 1
            first = None
    if first is not None:
        yield first, len(lines) - 1


def _is_text(lines: Sequence[str], index: int) -> bool:
    """Says whether the tab belongs to a text after | or > that is itself indented with spaces."""
    header = long_text_above(lines, index)
    column = 0 if header is None else text_column(lines, header)
    return column > 0 and lines[index][:column].isspace() and "\t" not in lines[index][:column]


def _shown(lines: Sequence[str], tabbed: set[int], width: int) -> list[str]:
    return [_spaces(line, width) + line.lstrip() if index in tabbed else line for index, line in enumerate(lines)]


def _spaces(line: str, width: int) -> str:
    return line[: len(line) - len(line.lstrip())].expandtabs(width)


def _unlikely(lines: Sequence[str], tabbed: set[int]) -> tuple[int, int]:
    """Returns how many lines begin where nothing can begin, and how far those with tabs are from the lines above."""
    astray = far = text_within = 0
    above = ""
    open_above: list[tuple[int, bool]] = []
    for index, line in enumerate(lines):
        column = len(line) - len(line.lstrip())
        if not line.strip() or line.lstrip().startswith("#") or 0 < text_within <= column:
            continue
        is_item, inner = line.lstrip().startswith("- "), inner_column(line)
        if _OPENS.search(above):
            astray += column < inner_column(above) + (not is_item)
        else:
            astray += above != "" and (column, is_item) not in open_above
        far += abs(column - inner_column(above)) if index in tabbed else 0
        open_above = [(at, of_item) for at, of_item in open_above if at < column]
        open_above += [(column, is_item), (inner, False)] if is_item else [(column, False)]
        text_within = inner + 1 if _LONG_TEXT.search(line) else 0
        above = line
    return astray, far
