"""Lines that do not stand where they belong: wrong columns, a colon or a space that is missing or invisible."""

from __future__ import annotations

import re

from rules.parsing import INVISIBLE
from rules.problems import error
from rules.repairs.spot import Repair, Spot, inner_column, long_text_above, open_columns, text_column
from rules.repairs.tabs import tabs


def _tab_after_dash(spot: Spot) -> Repair | None:
    found = re.match(r"\s*(?:- +)*-(\t[\t ]*)", spot.line)
    if not found:
        return None
    text = spot.line[: found.start(1)] + " " + spot.line[found.end() :]
    message = "a tab stands after '-'; YAML wants a space there"
    return spot.repaired(text, error("Y005", spot.place(found.start(1)), message, write=text.strip()))


def _dash(spot: Spot) -> Repair | None:
    """`-say: Hello`, which YAML takes for a key."""
    found = re.match(r"\s*(?:- +)*-(?=[A-Za-z_]\w*\s*:(?:\s|$))", spot.line)
    if not found:
        return None
    text = found.group() + " " + spot.line[found.end() :]
    problem = error("Y006", spot.place(found.end() - 1), "a space is missing after '-'", write=text.strip())
    return spot.repaired(text, problem)


def _short_of_its_text(spot: Spot) -> Repair | None:
    """A line of a text that began with | or >, in a column before that of the text."""
    header = long_text_above(spot.lines, spot.index) if spot.reported else None
    column = 0 if header is None else text_column(spot.lines, header)
    if header is None or not inner_column(spot.lines[header]) < spot.indent < column:
        return None
    message = f"this line belongs to the text that begins above in column {column + 1}; begin it there too"
    return spot.repaired(" " * column + spot.line.lstrip(), error("Y006", spot.place(), message))


def _not_further_in(spot: Spot) -> Repair | None:
    """A text after | or > that begins in the same column as its key."""
    lines, since = spot.lines, spot.broken.since
    if "could not find expected ':'" not in spot.broken.reason or since is None or since[0] != spot.index:
        return None
    first = spot.index
    while first and lines[first - 1].strip() and inner_column(lines[first - 1]) == spot.indent:
        first -= 1
        if re.search(r":\s+[|>][-+]?$", lines[first].rstrip()):
            break
    else:
        return None
    last = spot.index
    while last + 1 < len(lines) and _goes_on(lines[last + 1], spot.indent):
        last += 1
    sign = lines[first].rstrip().rstrip("-+")[-1]
    message = f"a text after {sign} must be indented further than its key, two spaces more"
    below = Spot(lines, first + 1, spot.broken, spot.file)
    texts = tuple(f"  {line}" for line in lines[first + 1 : last + 1])
    return Repair(first + 1, texts, error("Y006", below.place(), message))


def _goes_on(line: str, column: int) -> bool:
    """Says whether a line in this column is a text, and neither an item nor a key."""
    indent = len(line) - len(line.lstrip())
    return bool(line.strip()) and indent == column and not re.match(r"\s*(?:-\s|[\w.-]+:(?:\s|$))", line)


def _invisible(spot: Spot) -> Repair | None:
    found = re.search(rf"^\s*[{INVISIBLE}]\s*|(?<=[:-])\s*[{INVISIBLE}]\s*", spot.line)
    if not found:
        return None
    text = spot.line[: found.start()] + " " * max(1, len(found.group())) + spot.line[found.end() :]
    sign = next(sign for sign in found.group() if sign in INVISIBLE)
    message = f"an invisible sign (U+{ord(sign):04X}) stands where a space should be; delete it and type a space"
    return spot.repaired(text, error("Y005", spot.place(spot.line.index(sign)), message))


def _deeper_than_value(spot: Spot) -> Repair | None:
    """A key that is indented below a line which has its value already."""
    at = spot.broken.column
    if not spot.reported or "mapping values" not in spot.broken.reason or not spot.parts["key"]:
        return None
    if at >= spot.parts.start("value") or not re.fullmatch(r"[\w.*-]+", spot.parts["key"]):
        return None
    above = next((index for index in range(spot.index - 1, -1, -1) if spot.lines[index].strip()), None)
    return None if above is None else _moved(spot, inner_column(spot.lines[above]))


def _misaligned(spot: Spot) -> Repair | None:
    """A line that begins in a column where nothing above it begins."""
    expected = ("did not find expected key", "did not find expected '-'")
    if not spot.reported or not spot.broken.reason.startswith(expected) or spot.indent != spot.broken.column:
        return None
    columns = open_columns(spot.lines, spot.index)
    is_item = spot.line.lstrip().startswith("- ")
    if spot.indent in columns and not is_item and columns[spot.indent]:
        return _moved(spot, spot.indent + 2)
    fitting = [column for column, item in columns.items() if column != spot.indent and (not is_item or item)]
    if not fitting or (is_item and spot.indent in columns):
        return None
    return _moved(spot, min(fitting, key=lambda column: (abs(column - spot.indent), -column)))


def _moved(spot: Spot, column: int) -> Repair:
    text = " " * column + spot.line.lstrip()
    found = f"this line is indented to column {spot.indent + 1} and belongs to nothing there"
    message = f"{found} — should it begin in column {column + 1}?"
    return spot.repaired(text, error("Y006", spot.place(), message))


def _no_colon(spot: Spot) -> Repair | None:
    """A line that is neither `key: value` nor `- item`."""
    since = spot.broken.since
    if "could not find expected ':'" not in spot.broken.reason or since is None or since[0] != spot.index:
        return None
    word = spot.line.strip()
    message = f"'{word[:40]}' has no ':', so it is neither a key with its value nor an item of a list"
    if re.fullmatch(r"[a-z_]+", word):
        return spot.repaired(spot.line.rstrip() + ":", error("Y006", spot.place(), message, write=f"{word}:"))
    return spot.repaired("", error("Y006", spot.place(), message, why="a text that goes on is indented further"))


BEFORE_TEXTS = (tabs, _tab_after_dash, _invisible, _dash, _short_of_its_text, _not_further_in)
"""Sure before anything is said about texts."""
AFTER_TEXTS = (_deeper_than_value, _misaligned, _no_colon)
