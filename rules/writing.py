"""How a language writes dates and numbers: what its months and days are called, which sign stands before decimals."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import Literal

from babel.dates import get_day_names, get_month_names
from babel.numbers import get_decimal_symbol

from rules.filters import FILTERS, Manner
from rules.texts import locale_of


@lru_cache(maxsize=64)
def months(language: str) -> Mapping[str, int]:
    """Returns what each month is called, in small letters and without a dot: `december`, `dec`."""
    locale = locale_of(language)
    forms = (get_month_names(width, context, locale) for width in _WIDTHS for context in _CONTEXTS)
    return _names(forms)


@lru_cache(maxsize=64)
def weekdays(language: str) -> Mapping[str, int]:
    """Returns what each day is called in full, in small letters; Monday is 0."""
    return _names([get_day_names("wide", "format", locale_of(language))])


def decimal_sign(language: str) -> str:
    """Returns `,` or `.`."""
    return str(get_decimal_symbol(locale_of(language)))


def written_date(day: date, language: str) -> str:
    """Returns a day as people read it, with its name: `Thursday, December 24, 2026`."""
    return str(FILTERS["date"].apply(day, "full", Manner(language)))


def written_number(number: float, language: str) -> str:
    return str(FILTERS["number"].apply(number, None, Manner(language)))


def written_money(amount: float, language: str, currency: str) -> str:
    return str(FILTERS["money"].apply(amount, None, Manner(language, currency)))


_WIDTHS: tuple[Literal["wide", "abbreviated"], ...] = ("wide", "abbreviated")
_CONTEXTS: tuple[Literal["format", "stand-alone"], ...] = ("format", "stand-alone")


def _names(forms: Iterable[Mapping[int, str]]) -> Mapping[str, int]:
    names: dict[str, int] = {}
    for form in forms:
        for number, name in form.items():
            names.setdefault(name.lower().rstrip("."), number)
    return names
