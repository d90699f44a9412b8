"""Which known words may be meant by a misspelt one: found by what is left of both without a letter or two."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from rapidfuzz.distance import OSA

COMPARED = 7
"""Letters at the beginning of a word by which it is looked up; the rest is looked at once something was found."""


class MisspeltWords:
    """Known words, each with the typos it may have."""

    def __init__(self) -> None:
        self._typos: dict[str, int] = {}
        self._by_rest: dict[str, set[str]] = defaultdict(set)
        self._most = 0

    def add(self, word: str, typos: int) -> None:
        """Makes a word known."""
        if typos <= self._typos.get(word, -1):
            return
        self._typos[word] = typos
        self._most = max(self._most, typos)
        for rest in _rests(word[:COMPARED], typos):
            self._by_rest[rest].add(word)

    def near(self, said: str) -> Iterator[str]:
        """Yields the known words that this may be, itself among them."""
        found: set[str] = set()
        for rest in _rests(said[:COMPARED], self._most):
            found.update(self._by_rest.get(rest, ()))
        for word in found:
            typos = self._typos[word]
            if abs(len(word) - len(said)) <= typos and OSA.distance(word, said, score_cutoff=typos) <= typos:
                yield word

    def __bool__(self) -> bool:
        return bool(self._typos)


def _rests(letters: str, typos: int) -> set[str]:
    """Returns what is left of some letters without up to so many of them."""
    rests = {letters}
    last = rests
    for _ in range(typos):
        last = {rest[:place] + rest[place + 1 :] for rest in last for place in range(len(rest))}
        rests = rests | last
    return rests
