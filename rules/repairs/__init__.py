"""The mistakes in writing YAML that are known here: what to say about each, and the line that was meant.

A line is repaired in memory only, so that reading can go on and everything else that is wrong in the file shows too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rules.parsing import Broken
from rules.problems import Place, Problem, error
from rules.repairs.brackets import in_brackets
from rules.repairs.lines import AFTER_TEXTS, BEFORE_TEXTS
from rules.repairs.spot import LONGEST_LINE, LeftOut, Repair, Spot, in_long_text, without_value
from rules.repairs.texts import MENDERS

__all__ = ["LeftOut", "Repair", "left_out", "repair", "unexplained"]

_MENDERS: tuple[Callable[[Spot], Repair | None], ...] = (*BEFORE_TEXTS, in_brackets, *MENDERS, *AFTER_TEXTS)


def repair(lines: Sequence[str], broken: Broken, file: str, tried: set[tuple[str, int]]) -> Repair | None:
    """Returns what to change in the line where reading failed or in one of the two above it, if that is clear.

    `tried` says what was repaired before and where; nothing is repaired twice, for the first time did not help.
    """
    spots = [Spot(lines, index, broken, file) for index in _nearby(lines, broken)]
    for mend in _MENDERS:
        for spot in spots:
            found = mend(spot) if (mend.__name__, spot.index) not in tried else None
            if found and found.texts != tuple(lines[found.line : found.line + len(found.texts)]):
                tried.add((mend.__name__, spot.index))
                return found
    return None


def left_out(lines: Sequence[str], broken: Broken, tried: set[tuple[str, int]]) -> LeftOut | None:
    """Returns what to pass over, where no repair is known, so that the rest can be read; None if that was tried."""
    begins_above = broken.context.startswith(_OVER_SEVERAL_LINES) and broken.since is not None
    first = broken.since[0] if begins_above and broken.since else broken.line
    if first < len(lines) and "expected key" in broken.reason and lines[first].lstrip().startswith("- "):
        return None  # a whole list would be missing then, which is no mistake of its own
    if first >= len(lines) or (left_out.__name__, first) in tried:
        return None
    tried.add((left_out.__name__, first))
    return without_value(lines, first, broken.since[1] if begins_above and broken.since else broken.column)


def unexplained(lines: Sequence[str], broken: Broken, file: str) -> Problem:
    """Returns what to say about a file that is broken in no known way."""
    column = broken.column + 1 if broken.line < len(lines) else 1
    place = Place(file, min(broken.line + 1, max(1, len(lines))), column)
    is_item = lines[broken.line].lstrip().startswith("- ") if broken.line < len(lines) else False
    for part, message in _SENTENCES:
        if part in (_ITEM if is_item and "expected key" in broken.reason else broken.reason):
            return error("Y006", place, message)
    return error("Y006", place, "this cannot be read from here on; look at quotes, colons and spaces here and above")


_OVER_SEVERAL_LINES = ("while parsing a flow", "while scanning a quoted", "while scanning a block scalar")
_ITEM = "block sequence entries"
_SENTENCES = (
    ("a key must be one word or text", "a list or a map stands here where the name of a key is expected"),
    ("did not find expected key", "this line does not fit what stands above it; is it indented as it should be?"),
    ("did not find expected '-'", "a list is going on here, and this line does not begin with '- '"),
    ("could not find expected ':'", "this line has no ':' and belongs to no text above it"),
    ("mapping values are not allowed", "a text over several lines that has ': ' in it must be in quotes"),
    ("expected ',' or ']'", "the [ above is not closed with ] before this line"),
    ("expected ',' or '}'", "the { above is not closed with } before this line"),
    (_ITEM, "a list item ('- …') stands here among keys; is the key of the list missing above it?"),
    ("escape", "there is a \\ in this text that means nothing between \"…\"; use '…' instead, or write it twice"),
    ("directive", "a line that starts with % gives orders to YAML; put the text in quotes"),
    ("expected <document start>", "this stands outside of everything above it; is it indented as it should be?"),
)


def _nearby(lines: Sequence[str], broken: Broken) -> list[int]:
    """The reported line, the two above it that are not blank, and where the broken thing began."""
    last = min(broken.line, len(lines) - 1)
    near = [index for index in range(last, max(-1, last - 12), -1) if lines[index].strip()][:3]
    if last not in near and lines:
        near.insert(0, last)
    if broken.since and broken.since[0] not in near and broken.since[0] < len(lines):
        near.append(broken.since[0])
    return [index for index in near if len(lines[index]) <= LONGEST_LINE and not in_long_text(lines, index)]
