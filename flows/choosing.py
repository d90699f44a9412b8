"""Which of several options does a typed text mean: by its label, its number, its beginning, yes or no."""

import re
from collections.abc import Callable, Iterable, Sequence

from flows.numbers import numbers_in
from flows.yes_no import says_yes
from rules.phrases import normalised
from rules.wishes import asked_for, wanted, without_courtesy

Names = Sequence[str]
"""All that one option is called."""

_NUMBER = re.compile(r"([0-9]{1,9})[.)]?")
_ARTICLES = ("a", "an", "ein", "eine", "einen", "einem", "einer")
_PEOPLE = re.compile(
    r"(?:(?:we are|wir sind) )?(?P<number>[0-9]{1,9})"
    r" (?:people|persons?|guests?|adults?|employees|users|of us|personen?|leute|gäste|mitarbeiter(?:innen)?)"
)
_CLEAR_LETTERS = 3
"""Letters that mean a label of which they are the beginning, where more was said than the label."""
_RANGE = re.compile(r"([0-9]+)\s*(?:[-–—]|to|bis)\s*([0-9]+)(?![0-9]|[.,:][0-9])", re.IGNORECASE)
_AMOUNT = re.compile(r"([0-9]+)(?![0-9]|[.,][0-9])")
_ORDINALS = {
    word: place
    for place, words in enumerate(
        (
            "first 1st erste ersten erster erstes",
            "second 2nd zweite zweiten zweiter zweites",
            "third 3rd dritte dritten dritter drittes",
            "fourth 4th vierte vierten vierter viertes",
            "fifth 5th fünfte fünften fünfter fünftes",
        ),
        start=1,
    )
    for word in words.split()
}
_LAST = frozenset(("last", "letzte", "letzten", "letzter", "letztes"))
_POINTING = re.compile(
    r"(?:(?:the|die|der|das|den) )?(?:"
    r"(?:option|choice|answer|button|möglichkeit|antwort|auswahl) (?P<place>[0-9]{1,3})"
    r"|(?:number|nr|nummer|numéro|número|numero) (?P<number>[0-9]{1,9})"
    rf"|(?P<ordinal>{'|'.join((*_ORDINALS, *sorted(_LAST)))})"
    r"(?: (?:one|option|choice|answer|button|möglichkeit|antwort))?)"
)


def meant(text: str, options: Sequence[Names], *, letters: int = 1) -> list[int]:
    """Returns the place of the option a text means; none if it means none, several if it cannot be told which.

    A beginning counts by whole words, or by so many letters at least.
    """
    for exact in (_called(text, options, _as_written), _called(text, options, normalised)):
        if len(exact) == 1:
            return exact
    wordings = _wordings(text)
    for said in (*wordings, asked_for(wordings[0])):
        exact = _named(said, options)
        if len(exact) == 1:
            return exact
    figures = _NUMBER.fullmatch(without_courtesy(text.strip().casefold()))
    if figures:
        return _numbered(int(figures[1]), options)
    return (
        _beginning(wordings[0], options)
        or _by_number_word(wordings, options)
        or _yes_or_no(text, options)
        or _pointed_at(wanted(wordings[0]), options)
        or _measured(text, options)
        or _first(_beginning(said, options) for said in wordings[1:] if len(said) >= _CLEAR_LETTERS)
        or _beginning_by_letters(wordings[0], options, letters)
        or _first(_beginning_by_letters(said, options, _CLEAR_LETTERS) for said in wordings[1:])
    )


def _wordings(text: str) -> list[str]:
    """Returns the text and what is left of it without what makes it polite: "the red one, please" is also "red"."""
    said = normalised(text)
    bare = wanted(said)
    if _POINTING.fullmatch(bare):
        return [said]
    return list(dict.fromkeys((said, without_courtesy(said), bare, bare.removesuffix(" one"))))


def _named(said: str, options: Sequence[Names]) -> list[int]:
    return _places(options, lambda name: said in (normalised(name), wanted(normalised(name))))


def _beginning(said: str, options: Sequence[Names]) -> list[int]:
    return _places(options, lambda name: f"{normalised(name)} ".startswith(f"{said} "))


def _beginning_by_letters(said: str, options: Sequence[Names], letters: int) -> list[int]:
    # "More than 5" is no beginning of "More than 50".
    if len(said) < letters or said[-1:].isdigit():
        return []
    return _places(options, lambda name: normalised(name).startswith(said))


def _first(found: Iterable[list[int]]) -> list[int]:
    return next((places for places in found if places), [])


def begins_one(text: str, options: Sequence[Names]) -> bool:
    """Says whether the words of a text, polite or not, are those that some option begins with."""
    return any(_beginning(said, options) for said in _wordings(text))


def have_numbers(options: Sequence[Names]) -> bool:
    """Says whether a number may be one that stands in a label, so that it does not count the options."""
    return bool(_places(options, lambda name: any(letter.isdigit() for letter in name)))


def _called(text: str, options: Sequence[Names], written: Callable[[str], str]) -> list[int]:
    said = written(text)
    return _places(options, lambda name: written(name) == said)


def _yes_or_no(text: str, options: Sequence[Names]) -> list[int]:
    """Returns the options that say the same as the text, where they can be told apart by yes and no."""
    said = says_yes(text)
    yes, no = (
        _places(options, lambda name: says_yes(name) is True),
        _places(options, lambda name: says_yes(name) is False),
    )
    if said is None or not yes or not no:
        return []
    return yes if said else no


def _by_number_word(wordings: Sequence[str], options: Sequence[Names]) -> list[int]:
    """Returns the option whose number was said in words. "Eine" is an article; and what is left of "I have one", or "zu
    zweit", counts something, but not the options."""
    counts = not have_numbers(options)
    for said in (without_courtesy(wordings[0]),) if counts else wordings:
        found = numbers_in(said, "en")
        is_word = said not in _ARTICLES and not (counts and " " in said) and not any(map(str.isdigit, said))
        if is_word and len(found) == 1 and found[0].end - found[0].start == len(said):
            return _numbered(int(found[0].value), options)
    return []


def _measured(text: str, options: Sequence[Names]) -> list[int]:
    """Returns the option whose range is the one in a text, or has the number of people in it."""
    asked = _stretch(without_courtesy(_as_written(text)))
    if asked is not None:
        return _places(options, lambda name: _is_that(_stretch(name), *asked))
    people = _PEOPLE.fullmatch(without_courtesy(normalised(text)))
    return _places(options, lambda name: int(people["number"]) in _range(name)) if people else []


def _is_that(stretch: tuple[range, str] | None, numbers: range, unit: str) -> bool:
    """Says whether a range is the one that was said, with its unit or without any."""
    return stretch is not None and stretch[0] == numbers and unit in ("", stretch[1])


def _pointed_at(said: str, options: Sequence[Names]) -> list[int]:
    """Returns the option that "option 2" or "the second one" counts to."""
    pointing = _POINTING.fullmatch(said)
    if not pointing:
        return []
    if pointing["number"]:
        return _numbered(int(pointing["number"]), options)
    ordinal = pointing["ordinal"]
    # "The first" of "Second class" and "First class" is not the upper one, nor "the last" of weeks that of the list.
    alike = _ORDINALS.keys() if ordinal in _ORDINALS else _LAST
    if ordinal and _places(options, lambda name: not alike.isdisjoint(normalised(name).split())):
        return []
    place = _ORDINALS.get(ordinal, len(options)) if ordinal else int(pointing["place"])
    return [place - 1] if 0 < place <= len(options) else []


def _numbered(number: int, options: Sequence[Names]) -> list[int]:
    if not have_numbers(options):
        return [number - 1] if 0 < number <= len(options) else []
    return _places(options, lambda name: _amount(name) == number) or _places(
        options, lambda name: number in _range(name)
    )


def _amount(name: str) -> int | None:
    """Returns the number a label begins with, unless it is the lower end of a range."""
    found = None if _RANGE.match(name.strip()) else _AMOUNT.match(name.strip())
    return int(found[1]) if found else None


def _range(name: str) -> range:
    found = _RANGE.match(name.strip())
    return range(int(found[1]), int(found[2]) + 1) if found else range(0)


def _stretch(words: str) -> tuple[range, str] | None:
    """Returns the range that words begin with, and of what it is one."""
    found = _RANGE.match(words.strip())
    return (_range(words), normalised(words.strip()[found.end() :])) if found else None


def _places(options: Sequence[Names], fits: Callable[[str], bool]) -> list[int]:
    return [place for place, names in enumerate(options) if any(fits(name) for name in names)]


def _as_written(text: str) -> str:
    """Returns the text with its signs, for `< 50` and `> 50` differ in nothing else."""
    return " ".join(text.casefold().split())
