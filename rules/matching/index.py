"""All that rules look for, by its words: a message is looked up word by word, however many rules there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from rules.matching.match import Entry, Found, Match, entries_of
from rules.matching.misspelt import MisspeltWords
from rules.matching.numbers import numbers_in
from rules.matching.patterns import Patterns
from rules.matching.words import Message, Wanted, WantedWord


class Index:
    """Finds the rules whose match is in a message, by their numbers."""

    def __init__(self, matches: Sequence[Match | None]) -> None:
        self._exact: dict[str, list[Entry]] = defaultdict(list)
        self._beginning: dict[str, list[Entry]] = defaultdict(list)
        self._misspelt: dict[str, list[Entry]] = defaultdict(list)
        self._near = MisspeltWords()
        for number, match in enumerate(matches):
            for entry in entries_of(number, match) if match else ():
                self._add(entry)
        self._lengths = sorted({len(beginning) for beginning in self._beginning})
        self._patterns = Patterns(
            {number: match.pattern for number, match in enumerate(matches) if match and match.pattern}
        )
        self._numbers = {number: match.number for number, match in enumerate(matches) if match and match.number}

    def find(self, message: Message) -> dict[int, Found]:
        """Returns how each rule was found whose match is in the message; by the whole of it rather than by a part."""
        found: dict[int, Found] = {}
        for word in dict.fromkeys(message.words):
            _take(self._exact.get(word, ()), message, found)
            for length in self._lengths:
                if length > len(word):
                    break
                _take(self._beginning.get(word[:length], ()), message, found)
            if self._near:
                for known in self._near.near(word):
                    _take(self._misspelt[known], message, found)
        for number in self._patterns.found_in(message.text):
            found.setdefault(number, Found("pattern"))
        for number, kind in self._numbers.items():
            if number not in found and numbers_in(message.text, kind):
                found[number] = Found("number")
        return found

    def _add(self, entry: Entry) -> None:
        word = _rarest(entry.needs)
        if word.begins:
            self._beginning[word.text].append(entry)
        elif word.typos:
            self._near.add(word.text, word.typos)
            self._misspelt[word.text].append(entry)
        else:
            self._exact[word.text].append(entry)


def _take(entries: Iterable[Entry], message: Message, found: dict[int, Found]) -> None:
    for entry in entries:
        before = found.get(entry.number)
        if (before is None or (entry.found.whole and not before.whole)) and entry.is_in(message):
            found[entry.number] = entry.found


def _rarest(needs: Iterable[Wanted]) -> WantedWord:
    """Returns the word that has to be met; the longest is likely to be in the fewest messages."""
    return max((word for words in needs for word in words), key=lambda word: (not word.begins, len(word.text)))
