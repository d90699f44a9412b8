"""Which of several options does a typed text mean: by its label, its number, its beginning, yes or no."""

import re
from collections.abc import Callable, Sequence

from flows.yes_no import says_yes
from rules.phrases import normalised
from rules.wishes import without_courtesy

Names = Sequence[str]
"""All that one option is called."""

_NUMBER = re.compile(r"([0-9]{1,9})[.)]?")
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
_POINTING = re.compile(
    r"(?:(?:the|die|der|das|den) )?(?:"
    r"(?:option|choice|answer|button|möglichkeit|antwort|auswahl) (?P<place>[0-9]{1,3})"
    r"|(?:number|nr|nummer|numéro|número|numero) (?P<number>[0-9]{1,9})"
    rf"|(?P<ordinal>{'|'.join(_ORDINALS)})(?: (?:one|option|choice|answer|button|möglichkeit|antwort))?)"
)


def meant(text: str, options: Sequence[Names], *, letters: int = 1) -> list[int]:
    """Returns the place of the option a text means; none if it means none, several if it cannot be told which.

    A beginning counts by whole words, or by so many letters at least.
    """
    for exact in (_called(text, options, _as_written), _called(text, options, normalised)):
        if len(exact) == 1:
            return exact
    number = _NUMBER.fullmatch(text.strip())
    if number:
        return _numbered(int(number[1]), options)
    said = normalised(text)
    beginning = _places(options, lambda name: f"{normalised(name)} ".startswith(f"{said} "))
    beginning = beginning or _yes_or_no(text, options) or _pointed_at(without_courtesy(said), options)
    # "More than 5" is no beginning of "More than 50".
    if beginning or len(said) < letters or said[-1:].isdigit():
        return beginning
    return _places(options, lambda name: normalised(name).startswith(said))


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


def _pointed_at(said: str, options: Sequence[Names]) -> list[int]:
    """Returns the option that "option 2" or "the second one" counts to."""
    pointing = _POINTING.fullmatch(said)
    if not pointing:
        return []
    if pointing["number"]:
        return _numbered(int(pointing["number"]), options)
    # "The first" of "Second class" and "First class" is not the upper one.
    if pointing["ordinal"] and _places(options, lambda name: not _ORDINALS.keys().isdisjoint(normalised(name).split())):
        return []
    place = _ORDINALS[pointing["ordinal"]] if pointing["ordinal"] else int(pointing["place"])
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


def _places(options: Sequence[Names], fits: Callable[[str], bool]) -> list[int]:
    return [place for place, names in enumerate(options) if any(fits(name) for name in names)]


def _as_written(text: str) -> str:
    """Returns the text with its signs, for `< 50` and `> 50` differ in nothing else."""
    return " ".join(text.casefold().split())
