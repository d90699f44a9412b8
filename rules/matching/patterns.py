"""Patterns, run by RE2 alone: its time grows with the message, never with what the two make of one another."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from string import ascii_lowercase
from typing import Any

import re2

LONGEST_PATTERN = 1_000
LARGEST_PROGRAM = 20_000
"""Of a single pattern, in steps of the machine it becomes."""
MOST_MEMORY = 64 * 2**20
"""For all patterns of a site together; one that needs more is looked for by itself."""


class PatternProblem(ValueError):
    """A pattern that cannot be used: R002 when it cannot be run, R003 when it would fit all or nothing."""

    def __init__(self, code: str, message: str, offset: int = 0, write: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.offset = offset
        self.write = write
        """The corrected pattern, where one can be given."""


def compiled(pattern: str) -> Any:
    """Returns the pattern, in which capitals and small letters are the same; raises PatternProblem."""
    _check_known(pattern)
    if len(pattern) > LONGEST_PATTERN:
        raise PatternProblem("R002", f"this pattern has {len(pattern):,} characters, {LONGEST_PATTERN:,} at most")
    try:
        machine = re2.compile(pattern, _options())
    except re2.error as problem:
        raise _unreadable(pattern, problem) from problem
    if machine.programsize > LARGEST_PROGRAM:
        raise PatternProblem("R002", "this pattern is too large: {…} repeats too much; use smaller numbers in it")
    if machine.search("") is not None or sum(machine.search(each) is not None for each in ascii_lowercase) > 20:
        raise PatternProblem("R003", "this pattern fits every message there could be")
    if _fits_nothing(pattern, machine):
        raise PatternProblem("R003", "this pattern fits no message there could be")
    return machine


def _options() -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    return options


_LOOKS = {"(?=": "look-ahead", "(?!": "look-ahead", "(?<=": "look-behind", "(?<!": "look-behind"}
_PIECE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?(?:<?[=!]|>|P=)|[*+?}]\+|.", re.DOTALL)


def _check_known(pattern: str) -> None:
    for piece in _PIECE.finditer(pattern):
        found, at = piece.group(), piece.start()
        if found in _LOOKS:
            message = f"this pattern uses a {_LOOKS[found]}, which is not supported (it could freeze the chat)"
            raise PatternProblem("R002", message, at, _without_looks(pattern))
        if re.fullmatch(r"\\[1-9]", found) or found == "(?P=":
            message = "this pattern refers back to what it has found, which is not supported (it could freeze the chat)"
            raise PatternProblem("R002", message, at)
        if found == "(?>" or re.fullmatch(r"[*+?}]\+", found):
            message = "this pattern forbids going back, which is not needed here: patterns never do"
            raise PatternProblem("R002", message, at, re.sub(r"([*+?}])\+", r"\1", pattern.replace("(?>", "(?:")))


def _without_looks(pattern: str) -> str | None:
    """Returns the pattern with the edges of words in place of a look at what stands there, if that is what it did."""
    edges = re.sub(r"\(\?<?!(?:\\d|\\w|\[0-9\]|\[a-zA-Z0-9_?\]|\[A-Za-z0-9_?\])\)", r"\\b", pattern)
    return edges if not any(look in edges for look in _LOOKS) else None


_SENTENCES: Sequence[tuple[str, str]] = (
    ("missing )", "a ( in this pattern is not closed with )"),
    ("unexpected )", "there is a ) in this pattern without its ("),
    ("missing ]", "a [ in this pattern is not closed with ]"),
    ("no argument for repetition", "there is nothing before a *, + or ? that it could repeat"),
    ("bad repetition", "two of *, +, ? and {…} stand side by side in this pattern"),
    ("invalid repetition size", "{…} repeats too much in this pattern, 1,000 times at most"),
    ("invalid escape", "there is a \\ in this pattern before a letter for which it has no meaning"),
    ("trailing \\", "this pattern ends with a \\, after which something must follow"),
    ("invalid character class range", "the range in a […] of this pattern runs backwards"),
    ("invalid named capture", "the name of a (?P<…>) in this pattern cannot be read"),
    ("pattern too large", "this pattern is too large: {…} repeats too much; use smaller numbers in it"),
)


def _unreadable(pattern: str, problem: Exception) -> PatternProblem:
    reason = problem.args[0].decode(errors="replace") if isinstance(problem.args[0], bytes) else str(problem)
    message = next((words for part, words in _SENTENCES if part in reason), "this pattern cannot be read")
    return PatternProblem("R002", message)


def _fits_nothing(pattern: str, machine: Any) -> bool:
    """Says that no message can be found by this pattern, where that can be told."""
    # A letter before the beginning, or after the end, is nowhere; and RE2 knows of no letters for a class without any.
    outside = re.search(r"^\w+\^|\$\w+$", pattern) is not None and "|" not in pattern
    return outside or (machine.possiblematchrange(10) == (b"", b"") and not re.search(r"\\[bB]", pattern))


class Patterns:
    """Many patterns, looked for at once."""

    def __init__(self, patterns: Mapping[int, str]) -> None:
        self._numbers = tuple(patterns)
        self._machines = tuple(compiled(pattern) for pattern in patterns.values())
        self._together = _joined(patterns.values())

    def found_in(self, text: str) -> Iterator[int]:
        """Yields the numbers of the patterns that are in the text."""
        said = text.encode(errors="replace")
        found = self._together.Match(said) or () if self._together else ()
        if len(self._machines) in found:
            yield from (self._numbers[place] for place in found if place < len(self._machines))
        else:
            for number, machine in zip(self._numbers, self._machines, strict=True):
                if machine.search(said) is not None:
                    yield number


def _joined(patterns: Iterable[str]) -> Any:
    """Returns the patterns as one machine, or None if they are too large for one.

    What fits everything comes last: when that is not found, memory ran out on the way.
    """
    options = _options()
    options.max_mem = MOST_MEMORY
    options.never_capture = True
    together = re2.Set.SearchSet(options)
    for pattern in patterns:
        together.Add(pattern)
    together.Add("")
    try:
        together.Compile()
    except re2.error:
        return None
    return together
