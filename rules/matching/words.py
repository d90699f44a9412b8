"""Words as they are compared, in a message and in a rule: `park*` begins a word, `money back` is two in a row."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from rules.phrases import normalised

MOST_TYPOS = 2
FEWEST_LETTERS = 4
"""A shorter word is never taken for a misspelt one: "no" is not "so"."""
LONG = 8
"""Only from so many letters on may a second one be wrong."""


@dataclass(frozen=True, slots=True)
class WantedWord:
    """One word a rule looks for."""

    text: str
    begins: bool = False
    """It stands for every word that begins like this: written with a `*` at its end."""
    typos: int = 0
    """How many letters may be wrong, missing, too many or swapped with the next."""

    def fits(self, word: str) -> bool:
        """Says whether a word of a message is meant."""
        if self.begins:
            return word.startswith(self.text)
        if self.typos and word != self.text:
            return bool(OSA.distance(self.text, word, score_cutoff=self.typos) <= self.typos)
        return word == self.text


Wanted = tuple[WantedWord, ...]
"""Words that stand one after the other."""


class NotWords(ValueError):
    """What is written cannot be looked for; the text is a sentence for a marketer, `code` says what kind of mistake."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def wanted(written: str, typos: int = 0) -> Wanted:
    """Returns the words that are looked for; raises NotWords when a `*` is in a wrong place or alone."""
    if not written.replace("*", "").strip():
        raise NotWords("R003", "a * alone fits every word, so the rule would take every message")
    if re.search(r"\*(?!\s|$)", written):
        raise NotWords("K006", "a * stands at the end of a word, for whatever follows there, as in park*")
    pieces = written.split()
    spoken = [piece for piece in pieces if _is_spoken(piece)]
    words = tuple(word for piece in spoken or pieces for word in _words_of_piece(piece, typos))
    if not words:
        raise NotWords("R003", f"there is no letter in {written.strip()}, so no message has it")
    return words


def tolerated(word: str, typos: int) -> int:
    """Returns how many typos this word may have; short words and numbers may have none."""
    if len(word) < FEWEST_LETTERS or any(letter.isnumeric() for letter in word):
        return 0
    return min(typos, MOST_TYPOS if len(word) >= LONG else 1)


def _words_of_piece(piece: str, typos: int) -> Iterator[WantedWord]:
    words = normalised(piece.rstrip("*")).split()
    for place, word in enumerate(words, start=1):
        begins = piece.endswith("*") and place == len(words)
        yield WantedWord(word, begins, 0 if begins else tolerated(word, typos))


def _is_spoken(piece: str) -> bool:
    return any(unicodedata.category(letter)[0] in "LNM" for letter in piece)


class Message:
    """What somebody wrote, as it is and as its words are compared."""

    __slots__ = ("padded", "said", "text", "words")

    def __init__(self, text: str) -> None:
        self.text = text
        self.said = normalised(text)
        self.words = self.said.split()
        self.padded = f" {self.said} "
        """The words with a space on either side of each, so that whole words can be found in it as a text."""

    def has(self, words: Wanted) -> bool:
        """Says whether these words stand in it one after the other."""
        if any(word.typos for word in words) or any(word.begins for word in words[:-1]):
            return any(True for _ in self.places_of(words))
        end = "" if words[-1].begins else " "
        return f" {' '.join(word.text for word in words)}{end}" in self.padded

    def places_of(self, words: Wanted) -> Iterator[int]:
        """Yields the number of the word with which these words begin, for each time they stand here."""
        for start in range(len(self.words) - len(words) + 1):
            if all(word.fits(self.words[start + n]) for n, word in enumerate(words)):
                yield start

    def is_wholly(self, words: Wanted) -> bool:
        """Says whether it consists of these words and no other."""
        return len(words) == len(self.words) and all(
            word.fits(said) for word, said in zip(words, self.words, strict=True)
        )


def spans_of(text: str) -> Sequence[tuple[int, int]] | None:
    """Returns from where to where each word of `Message(text).words` stands in the text.

    None where that cannot be told: letters that melt into one another only in the text as a whole.
    """
    spans: list[tuple[int, int]] = []
    words: list[str] = []
    for run in re.finditer(r"\S+", text):
        for start, end in _parts(text, run.start(), run.end()):
            inside = normalised(text[start:end]).split()
            words += inside
            spans += [(start, end)] * len(inside)
    return spans if words == normalised(text).split() else None


def _parts(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yields the stretches between signs that part words; an apostrophe parts none."""
    first: int | None = None
    for at in range(start, end):
        if normalised(f"a{text[at]}a") == "a a":
            if first is not None:
                yield first, at
            first = None
        elif first is None:
            first = at
    if first is not None:
        yield first, end
