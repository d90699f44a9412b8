"""Puts other words in the place of what rules have found."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from rules.matching.match import Match, Stretch
from rules.matching.numbers import numbers_in
from rules.matching.patterns import compiled
from rules.matching.words import Message, Wanted, spans_of


def stretches_of(message: Message, match: Match | None) -> list[Stretch]:
    """Returns where everything stands that a match finds in a message.

    It is all of it where there is no match, where it is a whole phrase, and where it cannot be told what to spare.
    """
    everything = [(0, len(message.text))]
    if match is None or any(message.is_wholly(words) for words in match.phrases):
        return everything
    found = _of_words(message, (*match.words, *match.all_words))
    if match.pattern:
        found += [_without_space(message.text, *each.span()) for each in _machine(match.pattern).finditer(message.text)]
    if match.number:
        found += numbers_in(message.text, match.number)
    return found or everything


def masked(text: str, masks: Iterable[tuple[Stretch, str]]) -> str:
    """Returns the text with each stretch replaced by its words; what lies side by side is replaced once."""
    parts: list[str] = []
    at = 0
    for (start, end), instead in sorted(masks):
        if end <= at:
            continue
        between = text[at : max(at, start)]
        if between.strip() or not parts or parts[-1] != instead:
            parts += [between, instead]
        at = end
    return "".join([*parts, text[at:]])


def _without_space(text: str, start: int, end: int) -> Stretch:
    inside = text[start:end]
    return start + len(inside) - len(inside.lstrip()), end - len(inside) + len(inside.rstrip())


@lru_cache(maxsize=1000)
def _machine(pattern: str) -> Any:
    return compiled(pattern)


def _of_words(message: Message, wanted: tuple[Wanted, ...]) -> list[Stretch]:
    places = [(start, len(words)) for words in wanted for start in message.places_of(words)]
    if not places:
        return []
    spans = spans_of(message.text)
    if spans is None:
        return [(0, len(message.text))]
    return [(spans[start][0], spans[start + length - 1][1]) for start, length in places]
