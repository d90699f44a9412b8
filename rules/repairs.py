"""The mistakes in writing YAML that are known here: what to say about each, and the line that was meant.

A line is repaired in memory only, so that reading can go on and everything else that is wrong in the file shows too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rules.nodes import in_quotes
from rules.parsing import INVISIBLE, Broken
from rules.problems import Place, Problem, error

LONGEST_LINE = 2_000
"""Longer lines are not looked at: no mistake of a person is in them, and patterns would take their time."""

_LINE = re.compile(
    r"""(?P<lead>\s*(?:-\ +)*)
        (?:(?P<key>"[^"]*"|'[^']*'|[^\s:#"'{\[\]},&*!|>%@`-][^:#]*?):(?:\s+|$))?
        (?P<value>.*?)(?P<comment>\s+\#\ .*)?$""",
    re.VERBOSE,
)
_SIGNS = {
    "{{": "otherwise YAML reads it as a map",
    "@": "because YAML keeps this sign for itself",
    "`": "because YAML keeps this sign for itself",
    "%": "because YAML keeps this sign for itself",
    "]": "otherwise YAML takes it for the end of a list",
    "}": "otherwise YAML takes it for the end of a map",
    ",": "otherwise YAML takes it for the next item of a list",
}
_SIGNS_BEFORE_TEXT = (
    (re.compile(r"\*(?![\w-]+$)"), "*", "otherwise YAML takes it for an alias"),
    (re.compile(r"&(?![\w-]+(\s|$))"), "&", "otherwise YAML takes it for an anchor"),
    (re.compile(r"![^\s!]*!\S*|!\S*[,\[\]{}]"), "!", "otherwise YAML takes it for a tag"),
    (re.compile(r">(?![-+0-9]{0,2}$)"), ">", "otherwise YAML takes it for the beginning of a longer text"),
    (re.compile(r"\|(?![-+0-9]{0,2}$)"), "|", "otherwise YAML takes it for the beginning of a longer text"),
    (re.compile(r"\[.*\]\s*[^\s,#\]}]"), "[", "otherwise YAML reads it as a list"),
    (re.compile(r"\{.*\}\s*[^\s,#\]}]"), "{", "otherwise YAML reads it as a map"),
)


@dataclass(frozen=True, slots=True)
class Repair:
    """One line (0-based) with the mistake taken out, and what to tell about it."""

    line: int
    text: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class _Spot:
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
        return Repair(self.index, text, problem)

    def quoted(self, message: str, why: str | None = None, *, value: str | None = None) -> Repair:
        """Puts the value in quotes."""
        before = self.line[: self.parts.start("value")]
        text = before + in_quotes(self.value.rstrip() if value is None else value) + (self.parts["comment"] or "")
        return self.repaired(text, error("Y001", self.place(), message, write=text.strip(), why=why))


def repair(lines: Sequence[str], broken: Broken, file: str) -> Repair | None:
    """Returns what to change in the line where reading failed or in one of the two above it, if that is clear."""
    spots = [_Spot(lines, index, broken, file) for index in _nearby(lines, broken)]
    for mend in _MENDERS:
        for spot in spots:
            found = mend(spot)
            if found and found.text != spot.line:
                return found
    return None


def unexplained(lines: Sequence[str], broken: Broken, file: str) -> Problem:
    """Returns what to say about a file that is broken in no known way."""
    column = broken.column + 1 if broken.line < len(lines) else 1
    place = Place(file, min(broken.line + 1, max(1, len(lines))), column)
    is_item = lines[broken.line].lstrip().startswith("- ") if broken.line < len(lines) else False
    for part, message in _SENTENCES:
        if part in (_ITEM if is_item and "expected key" in broken.reason else broken.reason):
            return error("Y006", place, message)
    return error("Y006", place, "this cannot be read from here on; look at quotes, colons and spaces here and above")


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
    return [index for index in near if len(lines[index]) <= LONGEST_LINE and not _in_long_text(lines, index)]


def _in_long_text(lines: Sequence[str], index: int) -> bool:
    """Says whether a line is part of a text that began with | or > further up: those may hold anything."""
    indent = len(lines[index]) - len(lines[index].lstrip())
    for above in range(index - 1, max(-1, index - 200), -1):
        line = lines[above]
        if not line.strip():
            continue
        indent_above = len(line) - len(line.lstrip())
        if indent_above < indent:
            if re.search(r"(?:^|[:\-] )\s*[|>][-+0-9]{0,2}(?:\s+#.*)?$", line):
                return True
            indent = indent_above
        if indent == 0:
            return False
    return False


def _tab(spot: _Spot) -> Repair | None:
    lead = spot.line[: spot.indent]
    if "\t" not in lead:
        return None
    text = lead.replace("\t", " " * _tab_width(spot, lead)) + spot.line[spot.indent :]
    message = "this line is indented with a tab; YAML wants spaces, two for each level"
    return spot.repaired(text, error("Y005", spot.place(lead.index("\t")), message))


def _tab_width(spot: _Spot, lead: str) -> int:
    """Returns how many spaces the editor showed for a tab, as far as the lines above tell."""
    above = next((line for line in reversed(spot.lines[: spot.index]) if line.strip()), "")
    columns = _open_columns(spot.lines, spot.index)
    for width in (2, 4, 8):
        column = len(lead.replace("\t", " " * width))
        if column > _inner_column(above) if above.rstrip().endswith(":") else column in columns:
            return width
    return 2


def _invisible(spot: _Spot) -> Repair | None:
    found = re.search(rf"^\s*[{INVISIBLE}]\s*|(?<=[:-])\s*[{INVISIBLE}]\s*", spot.line)
    if not found:
        return None
    text = spot.line[: found.start()] + " " * max(1, len(found.group())) + spot.line[found.end() :]
    sign = next(sign for sign in found.group() if sign in INVISIBLE)
    message = f"an invisible sign (U+{ord(sign):04X}) stands where a space should be; delete it and type a space"
    return spot.repaired(text, error("Y005", spot.place(spot.line.index(sign)), message))


def _starting_sign(spot: _Spot) -> Repair | None:
    value = spot.value.strip()
    for sign, why in _SIGNS.items():
        if value.startswith(sign) and (sign not in "]}," or spot.parts["lead"].strip() or spot.parts["key"]):
            return spot.quoted(f"a text that starts with {sign} must be in quotes", why)
    for pattern, sign, why in _SIGNS_BEFORE_TEXT:
        if pattern.match(value):
            return spot.quoted(f"a text that starts with {sign} must be in quotes", why)
    return None


def _nested_dash(spot: _Spot) -> Repair | None:
    if spot.reported and spot.parts["key"] and spot.value.startswith(("- ", "? ")):
        sign, what = spot.value[0], "a list" if spot.value[0] == "-" else "a key"
        return spot.quoted(f"a text that starts with {sign} must be in quotes", f"otherwise YAML takes it for {what}")
    return None


def _after_quote(spot: _Spot) -> Repair | None:
    """`say: "Hello" she said`."""
    value = spot.value.strip()
    if re.match(r'"(?:[^"\\]|\\.)*"\s*[^\s,:\]}#]', value) or re.match(r"'(?:[^']|'')*'\s*[^\s,:\]}#]", value):
        return spot.quoted(
            "a text that begins with a quote must end with it", "so put other quotes around the whole text", value=value
        )
    return None


def _open_quote(spot: _Spot) -> Repair | None:
    value = spot.value.rstrip()
    if not value or value[0] not in "\"'":
        return None
    sign = value[0]
    closed = r'"(?:[^"\\]|\\.)*"' if sign == '"' else r"'(?:[^']|'')*'"
    if re.match(closed, value):
        return None
    column = spot.parts.start("value")
    text = spot.line[:column] + value + sign + (spot.parts["comment"] or "")
    message = f"the quote {sign} that opens here is not closed on this line"
    return spot.repaired(text, error("Y001", spot.place(column), message, write=text.strip()))


def _missing_space(spot: _Spot) -> Repair | None:
    """`say:Hello`, which YAML takes for a text."""
    found = re.match(r"(\s*(?:- +)*)([A-Za-z_]\w*):(?=[^\s:/])", spot.line)
    if not found or spot.value.startswith(('"', "'")):
        return None
    text = spot.line[: found.end()] + " " + spot.line[found.end() :]
    message = f"a space is missing after '{found[2]}:'"
    return spot.repaired(text, error("Y006", spot.place(found.end() - 1), message, write=text.strip()))


def _colon(spot: _Spot) -> Repair | None:
    """`say: Hello: friend`."""
    at = spot.broken.column
    if not spot.reported or "mapping values" not in spot.broken.reason or spot.line[at : at + 1] != ":":
        return None
    if at < spot.parts.start("value"):
        return None
    curly = re.fullmatch(r"[“„”](.*)[“”]", spot.value.strip())
    return spot.quoted(
        "a text with ': ' in it must be in quotes",
        "otherwise YAML reads it as a key and its value",
        value=curly[1] if curly else None,
    )


def _open_bracket(spot: _Spot) -> Repair | None:
    value = spot.value.rstrip()
    if not value or value[0] not in "[{" or value[-1] in "[{,":
        return None
    closing = _unclosed(value)
    if not closing:
        return None
    column = spot.parts.start("value")
    text = spot.line[:column] + value + closing + (spot.parts["comment"] or "")
    message = f"the {value[0]} that opens here is not closed on this line"
    return spot.repaired(text, error("Y006", spot.place(column), message, write=text.strip()))


def _unclosed(value: str) -> str:
    """Returns what closes the brackets of a line; nothing if they are closed, or closed too often."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"|\'(?:[^\']|\'\')*\'', "", value)
    expected: list[str] = []
    for sign in bare:
        if sign in "[{":
            expected.append("]" if sign == "[" else "}")
        elif sign in "]}" and (not expected or expected.pop() != sign):
            return ""
    return "".join(reversed(expected))


def _deeper_than_value(spot: _Spot) -> Repair | None:
    """A key that is indented below a line which has its value already."""
    at = spot.broken.column
    if not spot.reported or "mapping values" not in spot.broken.reason or not spot.parts["key"]:
        return None
    if at >= spot.parts.start("value") or not re.fullmatch(r"[\w.*-]+", spot.parts["key"]):
        return None
    above = next((index for index in range(spot.index - 1, -1, -1) if spot.lines[index].strip()), None)
    return None if above is None else _moved(spot, _inner_column(spot.lines[above]))


def _misaligned(spot: _Spot) -> Repair | None:
    """A line that begins in a column where nothing above it begins."""
    expected = ("did not find expected key", "did not find expected '-'")
    if not spot.reported or not spot.broken.reason.startswith(expected) or spot.indent != spot.broken.column:
        return None
    columns = _open_columns(spot.lines, spot.index)
    is_item = spot.line.lstrip().startswith("- ")
    if spot.indent in columns and not is_item and columns[spot.indent]:
        return _moved(spot, spot.indent + 2)
    fitting = [column for column, item in columns.items() if column != spot.indent and (not is_item or item)]
    if not fitting or (is_item and spot.indent in columns):
        return None
    return _moved(spot, min(fitting, key=lambda column: (abs(column - spot.indent), -column)))


def _moved(spot: _Spot, column: int) -> Repair:
    text = " " * column + spot.line.lstrip()
    found = f"this line is indented to column {spot.indent + 1} and belongs to nothing there"
    message = f"{found} — should it begin in column {column + 1}?"
    return spot.repaired(text, error("Y006", spot.place(), message))


def _open_columns(lines: Sequence[str], index: int) -> dict[int, bool]:
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
        inner = _inner_column(line)
        if inner != indent and inner < lowest:
            columns.setdefault(inner, False)
        columns[indent] = inner != indent
        lowest = indent
        if indent == 0:
            break
    return columns


def _inner_column(line: str) -> int:
    """The column after `- `, in which the keys of a list item begin."""
    lead = re.match(r"\s*(?:- +)*", line)
    return len(lead.group()) if lead else 0


def _no_colon(spot: _Spot) -> Repair | None:
    """A line that is neither `key: value` nor `- item`."""
    since = spot.broken.since
    if "could not find expected ':'" not in spot.broken.reason or since is None or since[0] != spot.index:
        return None
    word = spot.line.strip()
    message = f"'{word[:40]}' has no ':', so it is neither a key with its value nor an item of a list"
    if re.fullmatch(r"[a-z_]+", word):
        return spot.repaired(spot.line.rstrip() + ":", error("Y006", spot.place(), message, write=f"{word}:"))
    return spot.repaired("", error("Y006", spot.place(), message, why="a text that goes on is indented further"))


_MENDERS: tuple[Callable[[_Spot], Repair | None], ...] = (
    _tab,
    _invisible,
    _starting_sign,
    _nested_dash,
    _after_quote,
    _open_quote,
    _colon,
    _missing_space,
    _open_bracket,
    _deeper_than_value,
    _misaligned,
    _no_colon,
)
"""The surest first."""
