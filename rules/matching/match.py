"""What a rule looks for in a message, and how it was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from rules.matching.words import Message, Wanted

Way = Literal["phrases", "words", "all_words", "pattern", "number"]
Number = Literal["credit_card", "iban"]
"""A kind of number that is told by its check digits."""
Stretch = tuple[int, int]
"""From which letter to before which."""


@dataclass(frozen=True, slots=True)
class Match:
    """What a rule looks for; one of its lists is enough. Of `all_words` every entry has to be there."""

    words: tuple[Wanted, ...] = ()
    all_words: tuple[Wanted, ...] = ()
    phrases: tuple[Wanted, ...] = ()
    """Of these the message has to consist."""
    pattern: str | None = None
    number: Number | None = None
    language: str | None = None
    """Of the conversation; None means any."""
    written: Mapping[Wanted, str] = field(default_factory=dict, compare=False)
    """How each entry stands in the file."""


@dataclass(frozen=True, slots=True)
class Found:
    """How a rule's match was found in a message."""

    way: Way
    words: Wanted = ()

    @property
    def whole(self) -> bool:
        """Says that the message consists of nothing else."""
        return self.way == "phrases"

    def told(self, match: Match) -> str:
        """Returns it in words; never what the visitor wrote, for that may have been masked."""
        if self.way == "pattern":
            return "its pattern"
        if self.way == "number" and match.number:
            return _NUMBERS[match.number]
        if self.way == "all_words":
            return "all of its words"
        word = match.written.get(self.words, " ".join(word.text for word in self.words))
        return f"the message is '{word}'" if self.whole else f"the word '{word}'"


_NUMBERS: Mapping[Number, str] = {"credit_card": "the number of a card", "iban": "the number of an account"}


@dataclass(frozen=True, slots=True)
class Entry:
    """Words of one rule, to be looked at when their rarest word was met."""

    number: int
    """Of the rule, in the order in which rules are asked."""
    found: Found
    needs: tuple[Wanted, ...]

    def is_in(self, message: Message) -> bool:
        """Says whether all of it is there."""
        if self.found.whole:
            return message.is_wholly(self.found.words)
        return all(message.has(words) for words in self.needs)


def entries_of(number: int, match: Match) -> list[Entry]:
    """Returns everything a rule looks for, its pattern and its number apart."""
    entries = [Entry(number, Found("phrases", words), (words,)) for words in match.phrases]
    entries += [Entry(number, Found("words", words), (words,)) for words in match.words]
    if match.all_words:
        entries.append(Entry(number, Found("all_words"), match.all_words))
    return entries
