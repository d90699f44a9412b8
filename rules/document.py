"""Reads YAML as people mean it: by YAML 1.2, with the place of every value, going on after known mistakes."""

from __future__ import annotations

import re

from rules.nodes import List, Map, Node, Scalar, Unreadable, plain
from rules.parsing import Broken, Refused, parse
from rules.problems import Place, Problem, error
from rules.repairs import left_out, repair, unexplained

__all__ = ["List", "Map", "Node", "Scalar", "Unreadable", "plain", "read"]

MOST_BYTES = 1_000_000
MOST_READINGS = 100
_MOST_REREAD = 4_000_000
"""Bytes that are read again after repairs: a hundred times a file of usual size, a few times the largest."""

MOST_TOLD = 200
"""Problems that are told of one file; nobody reads more."""

_NOT_TEXT = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LINE_END = re.compile(r"\r\n|\r|\n")
# YAML 1.1 broke lines at these and 1.2 does not; editors do not count them as lines.
_NO_LINE_ENDS = str.maketrans({"\x85": " ", "\u2028": " ", "\u2029": " "})


def read(text: str | bytes, file: str, problems: list[Problem]) -> Node | None:
    """Returns what a file holds, or None with at least one problem added; a map at the top, always."""
    source = _source(text, file, problems)
    if source is None:
        return None
    root = _parsed(source, file, problems)
    if root is None or isinstance(root, Map):
        return root
    if isinstance(root, Unreadable):
        return None
    what = "a list" if isinstance(root, List) else "a text"
    message = f"this file holds {what}, not sections like 'flows:' or 'triggers:' with their content below"
    problems.append(error("Y009", root.place, message))
    return None


def too_big(size: int, file: str) -> Problem | None:
    """Returns the problem of a file of this many bytes; so that its size can be looked at before it is read."""
    if size <= MOST_BYTES:
        return None
    return error("Y007", Place(file, 1, 1), f"this file is {size / 1_000_000:.1f} MB; 1 MB at most, so split it up")


def _source(text: str | bytes, file: str, problems: list[Problem]) -> str | None:
    """Returns the text of a file that is small enough and made of letters."""
    try:
        raw = text if isinstance(text, bytes) else text[: MOST_BYTES + 1].encode()
        problem = too_big(max(len(text), len(raw)), file)
        if problem:
            problems.append(problem)
            return None
        source = raw.decode().removeprefix("\ufeff")
    except UnicodeError as failure:
        problems.append(_not_utf8(text, failure, file))
        return None
    strange = _NOT_TEXT.search(source)
    if strange:
        sign = f"U+{ord(strange.group()):04X}"
        message = f"a control character ({sign}) stands here, which no text may hold; delete it"
        problems.append(error("Y008", _place_in(source, strange.start(), file), message))
        return None
    if not source.strip():
        problems.append(error("Y009", Place(file, 1, 1), "this file is empty; delete it or write a section into it"))
        return None
    return source.translate(_NO_LINE_ENDS)


def _not_utf8(text: str | bytes, failure: UnicodeError, file: str) -> Problem:
    if isinstance(text, bytes) and text[:2] in (b"\xff\xfe", b"\xfe\xff"):
        message = "this file is saved as UTF-16; save it as UTF-8 (in the 'save as' window of your editor)"
        return error("Y008", Place(file, 1, 1), message)
    start = failure.start if isinstance(failure, UnicodeDecodeError | UnicodeEncodeError) else 0
    before = text[:start].decode() if isinstance(text, bytes) else text[:start]
    message = "this letter is not in UTF-8; save the file as UTF-8 (in the 'save as' window of your editor)"
    return error("Y008", _place_in(before, len(before), file), message)


def _place_in(source: str, offset: int, file: str) -> Place:
    lines = _LINE_END.split(source[:offset])
    return Place(file, len(lines), len(lines[-1]) + 1)


def _parsed(source: str, file: str, problems: list[Problem]) -> Node | None:
    """Returns the document, after repairing or leaving out in memory what keeps it from being read."""
    lines = _LINE_END.split(source)
    readings = min(MOST_READINGS, _MOST_REREAD // len(source))
    told: list[Problem] = []
    tried: set[tuple[str, int]] = set()
    unreadable: set[int] = set()
    while True:
        met: list[Problem] = []
        try:
            root = parse("\n".join(lines), lines, file, met, unreadable)
        except Refused:
            root = None
        except Broken as broken:
            readings -= 1
            mended = repair(lines, broken, file, tried) if readings >= 0 else None
            if mended:
                lines[mended.line : mended.line + len(mended.texts)] = mended.texts
                told += [mended.problem, *mended.further]
                continue
            told.append(unexplained(lines, broken, file))
            passed = left_out(lines, broken, tried) if readings >= 0 else None
            if passed:
                lines[passed.line : passed.line + len(passed.texts)] = passed.texts
                unreadable.add(passed.line)
                continue
            root = None
        problems += (told + met)[:MOST_TOLD]
        if root is None and not told and not met:
            nothing = "this file holds comments only, so nothing of it is used"
            problems.append(Problem("Y009", "info", Place(file, 1, 1), nothing))
        return root
