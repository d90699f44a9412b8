"""A problem: where a marketer's file is wrong, what was found there, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from rapidfuzz import fuzz, process

NEAR_ENOUGH = 60
"""Two words less alike than this (0 to 100) are not worth suggesting for one another."""

SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "message": ("say", "text"),
    "text": ("say", "label"),
    "utter": ("say",),
    "reply": ("say", "answer"),
    "question": ("collect", "ask"),
    "input": ("collect",),
    "prompt": ("ask",),
    "condition": ("when",),
    "conditions": ("when",),
    "except": ("unless",),
    "delay": ("wait", "for"),
    "transfer": ("handoff",),
    "escalate": ("handoff",),
    "human": ("handoff",),
    "agent": ("handoff",),
    "next": ("goto", "then"),
    "jump": ("goto",),
    "goto": ("then",),
    "quick_replies": ("buttons",),
    "choices": ("options",),
    "hours": ("opening_hours",),
    "name": ("title",),
    "colour": ("color",),
    "integer": ("number",),
    "int": ("number",),
    "float": ("number",),
    "decimal": ("number",),
    "boolean": ("yes_no",),
    "bool": ("yes_no",),
    "checkbox": ("yes_no",),
    "tel": ("phone",),
    "telephone": ("phone",),
    "mail": ("email",),
    "string": ("text",),
    "textarea": ("text",),
    "select": ("choice",),
}
"""What people write from habit, and the words this language has for it, the likelier first."""

Level = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A spot in a file of the site; line and column count from 1, the path has forward slashes."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


NOWHERE = Place("", 1, 1)
"""The place of what nobody wrote."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something a check found: an error blocks a deploy, a warning asks for a reason, an info is quiet."""

    code: str
    level: Level
    place: Place
    message: str
    """A sentence without its full stop: what was found, and what was meant."""
    write: str | None = None
    """The corrected line, where one can be given."""
    why: str | None = None
    """The second half of the sentence, shown where there is room for it."""

    def __str__(self) -> str:
        hint = f" — write  {self.write}" if self.write else ""
        return f"{self.place}: {self.message}{hint}"


def error(code: str, place: Place, message: str, *, write: str | None = None, why: str | None = None) -> Problem:
    """Returns a problem that blocks a deploy."""
    return Problem(code, "error", place, message, write, why)


def warning(code: str, place: Place, message: str, *, write: str | None = None, why: str | None = None) -> Problem:
    """Returns a problem that a marketer may accept with a reason."""
    return Problem(code, "warning", place, message, write, why)


def has_errors(problems: Iterable[Problem]) -> bool:
    """Says whether any of these problems blocks a deploy."""
    return any(problem.level == "error" for problem in problems)


def in_reading_order(problems: Iterable[Problem]) -> list[Problem]:
    """Returns the problems as a reader meets them: file by file, top to bottom, each told once."""
    return sorted(dict.fromkeys(problems), key=lambda problem: (problem.place, problem.code, problem.message))


def did_you_mean(
    word: str, candidates: Iterable[str], synonyms: Mapping[str, tuple[str, ...]] = SYNONYMS
) -> str | None:
    """Returns the candidate that was probably meant, or None if nothing is near."""
    known = list(candidates)
    wanted = _normalised(word)
    for candidate in known:
        if _normalised(candidate) == wanted:
            return candidate
    for candidate in synonyms.get(wanted, ()):
        if candidate in known:
            return candidate
    found = process.extractOne(wanted, known, scorer=fuzz.ratio, processor=_normalised, score_cutoff=NEAR_ENOUGH)
    return found[0] if found else None


def suggestion(word: str, candidates: Iterable[str]) -> str:
    """Returns " — did you mean 'x'?" to end a message with, or nothing."""
    meant = did_you_mean(word, candidates)
    return f" — did you mean '{meant}'?" if meant else ""


def those_there_are(ids: Collection[str]) -> str:
    """Returns how to end a sentence about a name that nothing is near to: with the others, if they are few."""
    names = list(dict.fromkeys(ids))
    if not 0 < len(names) <= 3:
        return ""
    return f"; there {'is' if len(names) == 1 else 'are'} {' and '.join(names)}"


def shown(problem: Problem, source: str | None = None) -> str:
    """Returns the problem as a terminal shows it: code, place, the lines in question, the sentence, what to write."""
    parts = [f"  {problem.level} {problem.code}  {problem.place}"]
    if source is not None:
        parts += _excerpt(problem.place, source)
    parts.append(f"  {_sentence(problem)}")
    if problem.write:
        parts.append(f"  Write:   {problem.write}")
    return "\n".join(parts)


def as_json(problem: Problem) -> dict[str, Any]:
    """Returns the problem as `check --format json` and the editors read it."""
    return {
        "code": problem.code,
        "level": problem.level,
        "file": problem.place.file,
        "line": problem.place.line,
        "column": problem.place.column,
        "message": problem.message,
        "why": problem.why,
        "write": problem.write,
    }


def _normalised(word: str) -> str:
    return re.sub(r"[\s-]+", "_", word.strip()).lower()


def _sentence(problem: Problem) -> str:
    text = problem.message + (f", {problem.why}" if problem.why else "")
    if not re.match(r"\w+[._]\w", text):  # A name stays as it is written.
        text = text[:1].upper() + text[1:]
    return text if text.endswith(("?", ".", "!")) else text + "."


def _excerpt(place: Place, source: str) -> list[str]:
    lines = re.split(r"\r\n|\r|\n", source)
    if place.line > len(lines):
        return []
    width = max(6, len(str(place.line)) + 4)
    first = max(1, place.line - 1)
    numbered = [f"{number:>{width}} | {_printable(lines[number - 1])}" for number in range(first, place.line + 1)]
    start, length = place.column - 1, _marked(lines[place.line - 1], place.column - 1)
    return [*numbered, f"{'':>{width}} | {' ' * start}{'^' * length}"]


def _printable(line: str) -> str:
    shown_line = "".join(letter if letter.isprintable() else "·" for letter in line.replace("\t", "→"))
    return shown_line if len(shown_line) <= 200 else shown_line[:199] + "…"


def _marked(line: str, start: int) -> int:
    """How much to underline: a word or a quoted text that begins here, else the rest of the line."""
    rest = line[start:200].rstrip()
    word = re.match(r"""[\w./*-]*\w|"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'""", rest)
    return max(1, len(word.group() if word else rest))
