"""Where in a text values of a kind stand: an address, two days, a number; so one message answers several questions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import phonenumbers

from flows.answers import LONGEST_TEXT, Accepted, Context, Recognised, calendar, recognise
from flows.dates import dates_in
from flows.found import Found, in_order
from flows.links import links_in
from flows.numbers import FoundNumber, amounts_in, numbers_in

FINDABLE = ("email", "url", "date", "phone", "money", "number")
"""The kinds that can be told from the rest of a sentence, the surest first."""


@dataclass(frozen=True, slots=True)
class FoundValue(Found):
    outcome: Recognised


def values_in(kind: str, text: str, context: Context) -> list[FoundValue]:
    """Returns the values of a kind of `FINDABLE` in a text, in its order, those that are refused too."""
    return in_order(_FINDERS[kind](text[:LONGEST_TEXT], context))


def _recognised(kind: str, start: int, end: int, text: str, context: Context) -> FoundValue:
    return FoundValue(start, end, recognise(kind, text[start:end], context))


def _emails(text: str, context: Context) -> Iterator[FoundValue]:
    for match in re.finditer(r"[^\s@,;<>()]{1,64}@[^\s@,;<>()]{1,255}", text):
        yield _recognised("email", match.start(), match.end(), text, context)


def _links(text: str, context: Context) -> Iterator[FoundValue]:
    for link in links_in(text):
        yield FoundValue(link.start, link.end, Accepted(link.address, link.address))


def _days(text: str, context: Context) -> Iterator[FoundValue]:
    for found in dates_in(text, calendar(context)):
        if len(found.days) == 1:
            yield FoundValue(found.start, found.end, recognise("date", found.days[0].isoformat(), context))
        else:
            yield _recognised("date", found.start, found.end, text, context)


def _phones(text: str, context: Context) -> Iterator[FoundValue]:
    for match in phonenumbers.PhoneNumberMatcher(text, context.country, max_tries=20):
        yield _recognised("phone", match.start, match.end, text, context)


def _amounts(text: str, context: Context) -> Iterator[FoundValue]:
    for found in amounts_in(text, context.language, context.currency):
        yield _of_number("money", found, text, context)


def _numbers(text: str, context: Context) -> Iterator[FoundValue]:
    for found in numbers_in(text, context.language):
        yield _of_number("number", found, text, context)


def _of_number(kind: str, found: FoundNumber, text: str, context: Context) -> FoundValue:
    return _recognised(kind, found.start, found.end, text, context)


_FINDERS: Mapping[str, Callable[[str, Context], Iterator[FoundValue]]] = {
    "email": _emails,
    "url": _links,
    "date": _days,
    "phone": _phones,
    "money": _amounts,
    "number": _numbers,
}
