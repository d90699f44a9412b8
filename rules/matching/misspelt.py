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
        self._shortest: dict[int, int] = {}
        """How many letters the shortest word has that may have so many typos."""

    def add(self, word: str, typos: int) -> None:
        """Makes a word known."""
        if typos <= self._typos.get(word, -1):
            return
        self._typos[word] = typos
        self._shortest[typos] = min(len(word), self._shortest.get(typos, len(word)))
        for rest in _rests(word[:COMPARED], typos):
            self._by_rest[rest].add(word)

    def near(self, said: str) -> Iterator[str]:
        """Yields the known words that this may be, itself among them."""
        found: set[str] = set()
        most = max((typos for typos, length in self._shortest.items() if length - typos <= len(said)), default=-1)
        for rest in _rests(said[:COMPARED], most) if most >= 0 else ():
            if rest in self._by_rest:
                found |= self._by_rest[rest]
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
