"""Something that was found inside a text, and where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar


@dataclass(frozen=True, slots=True)
class Found:
    """Where in a text something stands."""

    start: int
    end: int

    def overlaps(self, other: Found) -> bool:
        return self.start < other.end and other.start < self.end


Some = TypeVar("Some", bound=Found)
Meaning = TypeVar("Meaning")
MOST_FOUND = 100
"""Nobody answers with more; further ones are not looked for."""


def folded(word: str) -> str:
    """Returns the word as a pattern that ignores case compares it: `ſıx` and `SİX` are `six` to it."""
    return "".join(letter.lower()[:1] for letter in word).upper()


def by_folded(words: Mapping[str, Meaning]) -> dict[str, Meaning]:
    """Returns the words by what `folded` makes of what a pattern found."""
    return {folded(word): meaning for word, meaning in words.items()}


def in_order(found: Iterable[Some]) -> list[Some]:
    """Returns what was found in the order of the text; of two at one place, the one that was found first."""
    kept: list[Some] = []
    for each in islice(found, MOST_FOUND):
        if not any(each.overlaps(other) for other in kept):
            kept.append(each)
    return sorted(kept, key=lambda each: each.start)
