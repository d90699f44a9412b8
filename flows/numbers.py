"""Which numbers and amounts of money stand in a text: `1.234,50 €`, `five thousand`, `zu zweit`, `20k`.

In one language the dot of 1.234 stands before decimals, in another between thousands; which of them is meant follows
from how many digits come after it, and else from the language.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain

from flows.found import Found, by_folded, folded, in_order
from rules.writing import decimal_sign

MOST_DIGITS = 15
"""More of them would not be kept exactly."""


@dataclass(frozen=True, slots=True)
class FoundNumber(Found):
    value: int | float
    currency: str | None = None
    """The code of the money it is an amount of, where that is said."""


def numbers_in(text: str, language: str) -> list[FoundNumber]:
    """Returns the numbers of a text, in figures or in English and German words."""
    text = _latin(text)
    return in_order(chain(_in_figures(text, language), _in_words(text)))


def amounts_in(text: str, language: str, currency: str) -> list[FoundNumber]:
    """Returns the amounts of a text. Where some of its numbers have a currency, the others are no amounts."""
    text = _latin(text)
    found = [_with_currency(text, each, currency) for each in numbers_in(text, language)]
    return [each for each in found if each.currency is not None] or found


def _latin(text: str) -> str:
    """Returns the text with all digits as 0 to 9, letter by letter."""
    return "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in text)


# In figures

_GROUP = "['’ \u00a0\u202f]"
_FIGURES = re.compile(
    rf"""(?<![\w.,])(?P<sign>[-−+]?)
    (?P<figures>[0-9]{{1,3}}(?:(?:[.,]|{_GROUP})[0-9]{{3}})+(?:[.,][0-9]+)?|[0-9]+(?:[.,][0-9]+)?)
    (?![.,]?[0-9])(?:[.,][-–—]+)?""",
    re.VERBOSE,
)
_TIMES = re.compile(
    r"\s?(?P<word>k|tsd\.?|thousand|tausend|hundred|hundert|dozen|dutzend|mio\.?|million(?:en)?)(?!\w)", re.IGNORECASE
)
_FACTORS: Mapping[str, int] = by_folded(
    {
        "k": 1_000,
        "tsd": 1_000,
        "thousand": 1_000,
        "tausend": 1_000,
        "hundred": 100,
        "hundert": 100,
        "dozen": 12,
        "dutzend": 12,
        "mio": 1_000_000,
        "million": 1_000_000,
        "millionen": 1_000_000,
    }
)


def _in_figures(text: str, language: str) -> Iterator[FoundNumber]:
    for match in _FIGURES.finditer(text):
        number = _number(match["figures"], language)
        if number is None or sum(sign.isdigit() for sign in match["figures"]) > MOST_DIGITS:
            continue
        yield _multiplied(
            text, match.start(), match.end(), -number if match["sign"] in "-−" and match["sign"] else number
        )


def _number(figures: str, language: str) -> Decimal | None:
    figures = re.sub(_GROUP, "", figures)
    signs = [sign for sign in figures if sign in ".,"]
    if not signs:
        return Decimal(figures)
    last = signs[-1]
    whole, _, rest = figures.rpartition(last)
    if len(signs) > 1 and len(set(signs)) == 1:
        return Decimal(figures.replace(last, ""))
    if len(signs) == 1 and len(rest) == 3 and len(whole) <= 3 and whole != "0" and last != decimal_sign(language):
        return Decimal(whole + rest)
    return Decimal(f"{whole.replace('.', '').replace(',', '')}.{rest}")


def _multiplied(text: str, start: int, end: int, number: Decimal) -> FoundNumber:
    times = _TIMES.match(text, end)
    factor = _FACTORS.get(folded(times["word"]).rstrip(".")) if times else None
    if times and factor:
        number, end = number * factor, times.end()
    return FoundNumber(start, end, _plain(number))


def _plain(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)


# In words

_ONES: Mapping[str, str] = {
    "en": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    " seventeen eighteen nineteen",
    "de": "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn"
    " siebzehn achtzehn neunzehn",
}
_TENS: Mapping[str, str] = {
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
    "de": "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
}
_PHRASES: Mapping[str, int] = {
    "no one": 0,
    "nobody": 0,
    "niemand": 0,
    "just me": 1,
    "only me": 1,
    "nur ich": 1,
    "a couple": 2,
    "zu zweit": 2,
    "zu dritt": 3,
    "zu viert": 4,
    "zu fünft": 5,
    "zu sechst": 6,
    "a dozen": 12,
    "ein dutzend": 12,
    "a hundred": 100,
    "hundert": 100,
    "a thousand": 1_000,
    "tausend": 1_000,
}
_ALONE: Mapping[str, int] = by_folded(dict.fromkeys(("a", "an", "ein", "eine", "einen", "einer", "einem"), 1))
"""Only as the whole text: within a sentence they are articles."""


def _words() -> dict[str, int]:
    words = {word: number for names in _ONES.values() for number, word in enumerate(names.split())}
    english_ones, german_ones = (_ONES[language].split() for language in ("en", "de"))
    for ten, (english, german) in enumerate(zip(_TENS["en"].split(), _TENS["de"].split(), strict=True), start=2):
        words |= {english: ten * 10, german: ten * 10, german.replace("ß", "ss"): ten * 10}
        for one in range(1, 10):
            part = "ein" if one == 1 else german_ones[one]
            words |= {f"{english}{mark}{english_ones[one]}": ten * 10 + one for mark in "- "}
            words[f"{part}und{german}"] = ten * 10 + one
    return {**words, **_PHRASES}


_WORDS = _words()
_NUMBERS = by_folded(_WORDS)
_IN_WORDS = re.compile(
    rf"(?<!\w)(?:{'|'.join(re.escape(word) for word in sorted(_WORDS, key=len, reverse=True))})(?!\w)", re.IGNORECASE
)


def _in_words(text: str) -> Iterator[FoundNumber]:
    alone = _ALONE.get(folded(text.strip(" .!")))
    if alone is not None:
        yield FoundNumber(0, len(text), alone)
    for match in _IN_WORDS.finditer(text):
        number = _NUMBERS.get(folded(match[0]))
        if number is not None:
            yield _multiplied(text, match.start(), match.end(), Decimal(number))


# Money

_CURRENCIES: Mapping[str, str] = {
    "€": "EUR",
    "eur": "EUR",
    "euro": "EUR",
    "euros": "EUR",
    "$": "USD",
    "usd": "USD",
    "us$": "USD",
    "dollar": "USD",
    "dollars": "USD",
    "£": "GBP",
    "gbp": "GBP",
    "pound": "GBP",
    "pounds": "GBP",
    "pfund": "GBP",
    "chf": "CHF",
    "sfr": "CHF",
    "fr": "CHF",
    "franken": "CHF",
    "francs": "CHF",
    "¥": "JPY",
    "jpy": "JPY",
    "yen": "JPY",
    "pln": "PLN",
    "zł": "PLN",
    "sek": "SEK",
    "nok": "NOK",
    "dkk": "DKK",
    "kr": "SEK",
    "kronen": "SEK",
    "cad": "CAD",
    "aud": "AUD",
}
_SHARED: Mapping[str, frozenset[str]] = {
    "$": frozenset({"CAD", "AUD", "NZD", "SGD", "HKD", "MXN"}),
    "dollar": frozenset({"CAD", "AUD", "NZD", "SGD", "HKD"}),
    "dollars": frozenset({"CAD", "AUD", "NZD", "SGD", "HKD"}),
    "kr": frozenset({"NOK", "DKK", "ISK"}),
    "kronen": frozenset({"NOK", "DKK", "ISK"}),
}
"""Words for the money of several countries: on a site of one of them, they mean that one's."""
_CENTS = ("cents", "cent", "ct", "pence", "rappen")
_BEHIND = re.compile(r"\s?(?P<thousands>[kK](?=[€$£]))?(?P<unit>[€$£¥]|us\$|[^\W\d_]+\$?)", re.IGNORECASE)
_BEFORE = re.compile(r"(?P<unit>[€$£¥]|us\$|[^\W\d_]+)\.?\s?$", re.IGNORECASE)


def _with_currency(text: str, number: FoundNumber, currency: str) -> FoundNumber:
    behind = _BEHIND.match(text, number.end)
    if behind and behind["unit"].lower() in _CENTS:
        return FoundNumber(number.start, behind.end(), _plain(Decimal(str(number.value)) / 100), currency)
    if behind and (code := _code(behind["unit"], currency)):
        value = number.value * 1_000 if behind["thousands"] else number.value
        return FoundNumber(number.start, behind.end(), value, code)
    before = _BEFORE.search(text, max(0, number.start - 10), number.start)
    if before and (code := _code(before["unit"], currency)):
        return FoundNumber(before.start(), number.end, number.value, code)
    return number


def _code(unit: str, currency: str) -> str | None:
    unit = unit.lower()
    return currency if currency in _SHARED.get(unit, ()) or unit == currency.lower() else _CURRENCIES.get(unit)
