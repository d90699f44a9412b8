"""Numbers of cards and of bank accounts: where they stand in a text, however somebody has grouped them.

Their own check digits tell them from phone numbers, orders and dates.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

from rules.matching.match import Number, Stretch

_FEWEST_DIGITS = 12
"""Of a text that can have such a number in it."""
_LONGEST_CARD = 19
_CARD = re.compile(r"3[47]\d{13}|3[0689]\d{12,17}|(?:35|2[2-7]|4\d|5\d|6\d|8[12])\d{14,17}")
"""How the numbers of cards begin, and how long they are then."""
_LENGTHS = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 "
    "ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 "
    "LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 "
    "PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 "
    "YE30"
)
_LENGTHS_OF_ACCOUNTS: Mapping[str, int] = {each[:2]: int(each[2:]) for each in _LENGTHS.split()}
"""How long the number of an account is, by the country it begins with."""

_RUN = re.compile(r"\d(?:[ ./_-]{0,3}\d){13,}")
_GROUP = re.compile(r"\d+")
_ACCOUNT = re.compile(r"(?=([A-Z][ ./_-]{0,3}[A-Z](?:[ ./_-]{0,3}\d){2}(?:[ ./_-]{0,3}[A-Z\d]){11,29}))")


def numbers_in(text: str, number: Number) -> list[Stretch]:
    """Returns where numbers of this kind stand in a text."""
    if sum(map(str.isdecimal, text)) < _FEWEST_DIGITS:
        return []
    return list(_FINDERS[number]("".join(map(_sign, text))))


@lru_cache(maxsize=4096)
def _sign(letter: str) -> str:
    """Returns one sign for one letter: a digit, a capital, what may stand between groups, or `?` for all else."""
    if letter.isdecimal():
        return str(unicodedata.decimal(letter))
    kind = unicodedata.category(letter)
    if letter.isspace() or kind == "Cf" or kind[0] in "ZM":
        return " "
    if kind == "Pd" or letter == "−":
        return "-"
    if letter in "./_":
        return letter
    if letter in "·•":
        return "."
    plain = unicodedata.normalize("NFKC", letter).upper()
    return plain if len(plain) == 1 and "A" <= plain <= "Z" else "?"


def _cards(signs: str) -> Iterator[Stretch]:
    for run in _RUN.finditer(signs):
        groups = [group.span() for group in _GROUP.finditer(signs, *run.span())]
        first = 0
        while first < len(groups):
            last = _end_of_card(signs, groups, first)
            if last is None:
                first += 1
            else:
                yield groups[first][0], groups[last][1]
                first = last + 1


def _end_of_card(signs: str, groups: Sequence[Stretch], first: int) -> int | None:
    """Returns the last group of the longest number of a card that begins with this group, if one does."""
    digits, found = "", None
    for last in range(first, len(groups)):
        digits += signs[slice(*groups[last])]
        if len(digits) > _LONGEST_CARD:
            break
        if _CARD.fullmatch(digits) and _fits_luhn(digits) and _is_one(signs, groups[first : last + 1]):
            found = last
    return found


def _fits_luhn(digits: str) -> bool:
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(doubled) + sum(map(int, digits[::-2]))) % 10 == 0


def _is_one(signs: str, groups: Sequence[Stretch]) -> bool:
    """Says that groups are one number and not several dates or prices, between which something else stands."""
    between = {signs[end:start].replace(" ", "")[:1] for (_, end), (start, _) in pairwise(groups)}
    return len(between) <= 1 or all(end - start >= 4 for start, end in groups[:-1])


def _accounts(signs: str) -> Iterator[Stretch]:
    behind = 0
    for candidate in _ACCOUNT.finditer(signs):
        start = candidate.start()
        if start < behind:
            continue
        places = [start + at for at, sign in enumerate(candidate[1]) if sign.isalnum()]
        number = "".join(signs[at] for at in places)
        length = _LENGTHS_OF_ACCOUNTS.get(number[:2], len(number) + 1)
        if length <= len(number) and _fits_mod_97(number[:length]):
            behind = places[length - 1] + 1
            yield start, behind


def _fits_mod_97(number: str) -> bool:
    return int("".join(str(int(sign, 36)) for sign in number[4:] + number[:4])) % 97 == 1


_FINDERS: Mapping[Number, Callable[[str], Iterator[Stretch]]] = {"credit_card": _cards, "iban": _accounts}
