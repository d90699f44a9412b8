"""Which days are meant in a text: `24.12.`, `3 to 7 January`, `tomorrow`, `nächsten Freitag`, `2026-12-24`.

A day without a year is the next one, or the last one where only the past can be meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from flows.found import Found, by_folded, folded, in_order
from flows.numbers import numbers_in
from rules.texts import base_of
from rules.writing import months, weekdays


@dataclass(frozen=True, slots=True)
class FoundDate(Found):
    days: tuple[date, ...]
    """The day; several where it is not clear which of them is meant, none for one that no calendar has."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """What a day is reckoned from."""

    language: str
    today: date
    past: bool = False
    """Without a year, the last such day is meant and not the next one."""


def dates_in(text: str, calendar: Calendar) -> list[FoundDate]:
    """Returns the days a text names, in its order."""
    names = _names_in(base_of(calendar.language))
    found = in_order(
        each for pattern, read in names.readers for match in pattern.finditer(text) for each in read(match, calendar)
    )
    # "Friday, 6 March" is one day, whose name is said as well.
    dated = [each for each in found if not isinstance(each, _Named)]
    return dated if dated else found


@dataclass(frozen=True, slots=True)
class _Named(FoundDate):
    """A day that is only called by its name."""


_Reader = Callable[["re.Match[str]", Calendar], Iterator[FoundDate]]


@dataclass(frozen=True, slots=True)
class _Names:
    readers: tuple[tuple[re.Pattern[str], _Reader], ...]


_RELATIVE: Mapping[str, int | None] = {
    "guten morgen": None,
    "good morning": None,
    "heute morgen": 0,
    "heute": 0,
    "today": 0,
    "tonight": 0,
    "aujourd'hui": 0,
    "hoy": 0,
    "oggi": 0,
    "day after tomorrow": 2,
    "übermorgen": 2,
    "uebermorgen": 2,
    "après-demain": 2,
    "pasado mañana": 2,
    "dopodomani": 2,
    "tomorrow": 1,
    "morgen": 1,
    "demain": 1,
    "mañana": 1,
    "domani": 1,
    "yesterday": -1,
    "vorgestern": -2,
    "gestern": -1,
    "ayer": -1,
    "ieri": -1,
}
"""How many days away; None is no day at all."""
_UNITS: Mapping[str, int] = {
    "day": 1,
    "days": 1,
    "tag": 1,
    "tage": 1,
    "tagen": 1,
    "week": 7,
    "weeks": 7,
    "woche": 7,
    "wochen": 7,
}
_AHEAD, _DAYS_OF = by_folded(_RELATIVE), by_folded(_UNITS)
_DAY = r"(?P<day>[0-9]{1,2})(?:\.|st|nd|rd|th)?"
_LAST = r"(?:the\s+)?(?P<last>[0-9]{1,2})(?:\.|st|nd|rd|th)?"
_TO = r"\s*(?:-|–|—|to|until|till|through|and|bis(?:\s+zum)?|und)\s*"
_YEAR = r"(?:,?\s*(?P<year>[0-9]{4})(?![0-9]))?"
_DOTTED_YEAR = r"(?:\s?(?P<year>[0-9]{4}|[0-9]{2})(?![0-9.]))?(?![0-9])"
_NEXT = r"(?P<next>next|nächste[rnsm]?|naechste[rnsm]?|kommende[rnsm]?)\s+"


@lru_cache(maxsize=64)
def _names_in(language: str) -> _Names:
    month_numbers = {**months(language), **months("de"), **months("en"), "sept": 9, "maerz": 3, "mrz": 3}
    day_numbers = {**weekdays(language), **weekdays("de"), **weekdays("en")}
    months_by_name, days_by_name = by_folded(month_numbers), by_folded(day_numbers)
    month = rf"(?P<month>{_one_of(month_numbers)})\.?(?!\w)"

    def named(match: re.Match[str], calendar: Calendar) -> Iterator[FoundDate]:
        number = months_by_name.get(folded(match["month"]))
        if number is not None:
            yield from _range(match, calendar, number)

    def weekday(match: re.Match[str], calendar: Calendar) -> Iterator[FoundDate]:
        number = days_by_name.get(folded(match["weekday"]))
        if number is None:
            return
        ahead = (number - calendar.today.weekday() - 1) % 7 + 1
        coming = calendar.today + timedelta(days=ahead)
        # Said on a Wednesday, "next Friday" is in two days for some and in nine for others.
        days = (coming, coming + timedelta(days=7)) if match["next"] else (coming,)
        yield _Named(match.start(), match.end(), days)

    readers: tuple[tuple[str, _Reader], ...] = (
        (r"(?<![0-9])(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})(?![0-9])", _numbered),
        (rf"(?<![\w.]){_DAY}{_TO}{_LAST}\s*(?:of\s+)?{month}{_YEAR}", named),
        (rf"(?<!\w){month}\s*{_DAY}{_TO}{_LAST}(?![\w.]){_YEAR}", named),
        (rf"(?<![\w.]){_DAY}\s*(?:of\s+)?{month}{_YEAR}", named),
        (rf"(?<!\w){month}\s*{_DAY}(?![0-9]){_YEAR}", named),
        (rf"(?<![\w.]){_DAY}{_TO}(?P<last>[0-9]{{1,2}})\.\s?(?P<month>[0-9]{{1,2}})\.{_DOTTED_YEAR}", _numbered),
        (rf"(?<![\w.])(?P<day>[0-9]{{1,2}})\.\s?(?P<month>[0-9]{{1,2}})(?:\.{_DOTTED_YEAR}|(?![\w.]))", _numbered),
        (r"(?<![\w/])(?P<one>[0-9]{1,2})/(?P<two>[0-9]{1,2})(?:/(?P<year>[0-9]{4}|[0-9]{2}))?(?![\w/])", _slashed),
        (r"(?<!\w)in\s+(?P<number>\w+)\s+(?P<unit>days?|weeks?|tag(?:en?)?|wochen?)(?!\w)", _ahead),
        (rf"(?<!\w)(?P<relative>{_one_of(_RELATIVE)})(?!\w)", _relative),
        (rf"(?<!\w)(?:{_NEXT})?(?P<weekday>{_one_of(day_numbers)})(?!\w)", weekday),
    )
    return _Names(tuple((re.compile(pattern, re.IGNORECASE), read) for pattern, read in readers))


def _one_of(words: Mapping[str, object]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def _numbered(match: re.Match[str], calendar: Calendar) -> Iterator[FoundDate]:
    yield from _range(match, calendar, int(match["month"]))


def _range(match: re.Match[str], calendar: Calendar, month: int) -> Iterator[FoundDate]:
    """Yields the day, or the first and the last one of `3 to 7 January`."""
    groups = match.groupdict()
    year = _year(groups.get("year"))
    first = _days(year, month, int(groups["day"]), calendar)
    if not groups.get("last"):
        yield FoundDate(match.start(), match.end(), first)
        return
    middle, last = match.start("last"), _days(year, month, int(groups["last"]), calendar)
    if first and last and first > last:
        # The first day has gone by this year, the last one has not.
        first = _in_year(last[0].year, month, int(groups["day"]))
    yield FoundDate(match.start(), middle, first)
    yield FoundDate(middle, match.end(), last)


def _slashed(match: re.Match[str], calendar: Calendar) -> Iterator[FoundDate]:
    """Yields the day of `24/12`; of `3/4` both that it may be, unless the language says which number comes first."""
    one, two, year = int(match["one"]), int(match["two"]), _year(match["year"])
    month_first, day_first = _days(year, one, two, calendar), _days(year, two, one, calendar)
    region = calendar.language.replace("_", "-").partition("-")[2].upper()
    if base_of(calendar.language) != "en" or region not in ("", "US"):
        days = day_first or month_first
    elif region == "US":
        days = month_first or day_first
    else:
        days = tuple(dict.fromkeys((*day_first, *month_first)))
    yield FoundDate(match.start(), match.end(), days)


def _ahead(match: re.Match[str], calendar: Calendar) -> Iterator[FoundDate]:
    counted = numbers_in(match["number"], calendar.language)
    unit = _DAYS_OF.get(folded(match["unit"]))
    if unit and len(counted) == 1 and isinstance(counted[0].value, int) and abs(counted[0].value) < 4_000:
        days = timedelta(days=counted[0].value * unit)
        yield FoundDate(match.start(), match.end(), (calendar.today + days,))


def _relative(match: re.Match[str], calendar: Calendar) -> Iterator[FoundDate]:
    ahead = _AHEAD.get(folded(match["relative"]))
    if ahead is not None:
        yield FoundDate(match.start(), match.end(), (calendar.today + timedelta(days=ahead),))


def _year(written: str | None) -> int | None:
    if written is None:
        return None
    year = int(written)
    return year if len(written) > 2 else year + (2000 if year < 70 else 1900)


def _days(year: int | None, month: int, day: int, calendar: Calendar) -> tuple[date, ...]:
    """Returns the day, or nothing when the calendar has none; without a year, the next or the last one."""
    if year is not None:
        return _in_year(year, month, day)
    # Eight years hold a 29 February, whatever century they are in.
    years = range(calendar.today.year, calendar.today.year + (-9 if calendar.past else 9), -1 if calendar.past else 1)
    for candidate in (found for each in years for found in _in_year(each, month, day)):
        if candidate == calendar.today or (candidate < calendar.today) == calendar.past:
            return (candidate,)
    return ()


def _in_year(year: int, month: int, day: int) -> tuple[date, ...]:
    try:
        return (date(year, month, day),)
    except ValueError:
        return ()
