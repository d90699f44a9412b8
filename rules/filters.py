"""The closed list of filters a template may use, and how each kind of value is shown in a language."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from babel.dates import format_date, get_timezone_location
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal

from rules.hours import OpeningHours
from rules.texts import base_of, locale_of
from rules.zones import agree

LONGEST_VALUE = 2_000
"""Characters of one value; what a visitor wrote never fills a message of ours."""
LONGEST_LIST = 100
LARGEST_NUMBER = 10**18
"""Larger ones are not written out: formatting is exact to 28 digits, and nobody reads them."""

DATE_FORMATS = ("short", "medium", "long", "full", "weekday", "time", "weekday time", "date time")

_UTC = ZoneInfo("UTC")
_YES_NO = {
    "en": ("no", "yes"),
    "de": ("nein", "ja"),
    "fr": ("non", "oui"),
    "es": ("no", "sí"),
    "it": ("no", "sì"),
}
_O_CLOCK = {"de": " Uhr"}
_TITLES = re.compile(r"(?:(?:dr|prof|mr|mrs|ms|herr|frau|mme|sr|sra)\b\.?\s+)+", re.IGNORECASE)
_NUMERAL = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,9})?")


class Manner(NamedTuple):
    """For whom something is shown: the language they read, the money of the site, and their zone."""

    language: str = "en"
    currency: str | None = None
    zone: ZoneInfo = _UTC


Argument = str | int | float | None


@dataclass(frozen=True, slots=True)
class Filter:
    apply: Callable[[object, Argument, Manner], object]
    takes: Literal["nothing", "text", "number", "value"] = "nothing"
    needs_it: bool = False
    at_most: int = 0
    choices: tuple[str, ...] = ()
    example: str = ""


def as_text(value: object, manner: Manner) -> str:
    """Returns a value as a person reads it; nothing for what is absent and for what is no value at all."""
    match value:
        case None:
            text = ""
        case str():
            text = value
        case bool():
            text = _YES_NO.get(base_of(manner.language), _YES_NO["en"])[value]
        case int() | float() | Decimal():
            number = _as_number(value)
            text = (
                ""
                if number is None
                else format_decimal(number, locale=locale_of(manner.language), group_separator=False)
            )
        case datetime() | date() | time():
            text = _date(value, None, manner)
        case OpeningHours():
            text = value.summary(manner.language)
            if not agree(manner.zone, value.zone):
                text += f" ({_place_of(value.zone, manner.language)})"
        case list() | tuple() | set() | frozenset():
            items = list(value if isinstance(value, list | tuple) else sorted(value, key=str))[:LONGEST_LIST]
            shown = [as_text(item, manner) for item in items]
            text = format_list(shown, locale=locale_of(manner.language)) if shown else ""
        case _:
            text = ""
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _place_of(zone: ZoneInfo, language: str) -> str:
    return "UTC" if zone.key == "UTC" else get_timezone_location(zone, locale=locale_of(language), return_city=True)


def is_absent(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip()) or value in ([], (), set(), {})


def _on_text(change: Callable[[str], str]) -> Callable[[object, Argument, Manner], object]:
    return lambda value, _, manner: None if is_absent(value) else change(as_text(value, manner))


def _default(value: object, otherwise: Argument, _: Manner) -> object:
    return otherwise if is_absent(value) else value


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]


def _first_name(text: str) -> str:
    """Returns `Anna` for `Anna Berg`, `Dr. Anna Berg` and `Berg, Anna`."""
    family, comma, given = text.partition(",")
    words = (given if comma and given.strip() else family).strip()
    without_title = _TITLES.sub("", words, count=1)
    return (without_title or words).split()[0] if words else ""


def _truncate(value: object, length: Argument, manner: Manner) -> object:
    if is_absent(value):
        return None
    text, longest = as_text(value, manner), int(length) if isinstance(length, int | float) else 50
    if len(text) <= longest:
        return text
    cut = text[: max(longest - 1, 0)]
    at_a_word = cut.rsplit(None, 1)[0] if " " in cut and not text[len(cut)].isspace() else cut
    return at_a_word.rstrip(" ,;:.-–") + "…"


def _number(value: object, decimals: Argument, manner: Manner) -> object:
    number = _as_number(value)
    if number is None:
        return value
    pattern = None if decimals is None else "#,##0" + ("." + "0" * int(decimals) if int(decimals) else "")
    return format_decimal(number, format=pattern, locale=locale_of(manner.language))


def _money(value: object, currency: Argument, manner: Manner) -> object:
    number, code = _as_number(value), currency or manner.currency
    if number is None:
        return value
    if not code:
        return _number(value, 2, manner)
    return format_currency(number, str(code), locale=locale_of(manner.language))


def _as_number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    if isinstance(value, str) and not _NUMERAL.fullmatch(value.strip()):
        return None
    if isinstance(value, int) and abs(value) >= LARGEST_NUMBER:
        return None
    number = Decimal(str(value).strip())
    return number if number.is_finite() and abs(number) < LARGEST_NUMBER else None


def _date(value: object, wanted: Argument, manner: Manner) -> str:
    moment = _as_moment(value, manner)
    if moment is None:
        return as_text(value, manner) if isinstance(value, str) else ""
    return " ".join(part for part in _parts(moment, str(wanted or "medium"), manner) if part)


def _parts(moment: datetime | date | time, wanted: str, manner: Manner) -> list[str]:
    """Returns what of the wanted words this value can tell: a day has no time, a time no day."""
    if isinstance(moment, time):
        return [_clock(moment, manner)]
    locale = locale_of(manner.language)
    if wanted in ("time", "weekday time", "date time"):
        clock = _clock(moment.time(), manner) if isinstance(moment, datetime) else ""
        day = {"weekday time": "weekday", "date time": "medium"}.get(wanted, "" if clock else "medium")
        return [*(_parts(moment, day, manner) if day else []), clock]
    if wanted == "weekday":
        return [format_date(moment, "EEEE", locale=locale)]
    return [format_date(moment, format=wanted, locale=locale)]


def _clock(moment: time, manner: Manner) -> str:
    return f"{moment.hour:02d}:{moment.minute:02d}{_O_CLOCK.get(base_of(manner.language), '')}"


def _as_moment(value: object, manner: Manner) -> datetime | date | time | None:
    """Returns the moment by the reader's clock; texts are read as ISO writes them."""
    if isinstance(value, str):
        value = _from_iso(value.strip())
    if isinstance(value, datetime) and value.tzinfo is not None:
        try:
            return value.astimezone(manner.zone)
        except OverflowError:  # There it is the day before the first one, or after the last.
            return None
    return value if isinstance(value, datetime | date | time) else None


def _from_iso(text: str) -> datetime | date | time | None:
    for read in (date.fromisoformat, datetime.fromisoformat, time.fromisoformat):
        # Without a hyphen or a colon it is a number that only happens to look like a date: 20261224.
        if "-" not in text and ":" not in text:
            return None
        try:
            return read(text)
        except ValueError:
            continue
    return None


def _summary(value: object, _: Argument, manner: Manner) -> object:
    return None if is_absent(value) else as_text(value, manner)


FILTERS: Mapping[str, Filter] = {
    "default": Filter(_default, takes="value", needs_it=True, example='default: "there"'),
    "upper": Filter(_on_text(str.upper)),
    "lower": Filter(_on_text(str.lower)),
    "capitalize": Filter(_on_text(_capitalized)),
    "date": Filter(_date, takes="text", choices=DATE_FORMATS, example='date: "weekday time"'),
    "money": Filter(_money, takes="text", example='money: "EUR"'),
    "number": Filter(_number, takes="number", at_most=6, example="number: 2"),
    "truncate": Filter(_truncate, takes="number", at_most=1_000, example="truncate: 80"),
    "first_name": Filter(_on_text(_first_name)),
    "summary": Filter(_summary),
}

OTHER_WORDS: Mapping[str, tuple[str, ...]] = {
    "upcase": ("upper",),
    "downcase": ("lower",),
    "title": ("capitalize",),
    "currency": ("money",),
    "price": ("money",),
    "strftime": ("date",),
    "time": ("date",),
    "round": ("number",),
    "firstname": ("first_name",),
    "or": ("default",),
    "else": ("default",),
    "fallback": ("default",),
}
"""What people know these filters by elsewhere."""
