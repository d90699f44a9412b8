"""One comparison of a fact with what a marketer wrote beside it: typed, or refused with what to write instead."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from rules.conditions import IR, any_of, fold, negated
from rules.durations import NotADuration, parse_duration
from rules.facts import NUMERIC, ORDERED, TEXTUAL, WEEKDAYS, Fact, Type, page_path
from rules.problems import did_you_mean

Value = str | int | float | bool

ORDER_OPS: Mapping[str, str] = {"at_least": ">=", "at_most": "<=", "more_than": ">", "less_than": "<"}
TEXT_OPS: Mapping[str, str] = {"contains": "contains", "starts": "starts", "ends": "ends", "matches": "glob"}
OPERATORS = ("is", "not", *TEXT_OPS, *ORDER_OPS, "known")
"""The words that may stand in a map below a fact."""


@dataclass(frozen=True, slots=True)
class Unfit:
    """A written value that a fact cannot have: a sentence that says why, and the value to write instead."""

    message: str
    write: str | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A value as it stands in the file."""

    text: str
    quoted: bool = False


LONGEST_WORDING = 100

_WORDING = re.compile(r"(at least|at most|more than|less than) (.+)", re.IGNORECASE)
_BETWEEN = re.compile(r"between (.+?) and (.+)", re.IGNORECASE)
_NOT = re.compile(r"not (.+)", re.IGNORECASE)
_SIGN = re.compile(r"(>=|<=|>|<|=) ?(.+)")
_SIGN_WORDS = {">=": "at least ", "<=": "at most ", ">": "more than ", "<": "less than ", "=": ""}


def bare(fact: Fact, written: Written) -> IR | Unfit:
    """Returns what a value alone means beside this fact: a literal, or a wording such as `at least 3`."""
    text = " ".join(written.text.split())
    if text.lower() == "known":
        return ("known", fact.name)
    if opposite := _NOT.fullmatch(text):
        if _NOT.fullmatch(opposite[1]):
            return Unfit(f"{_shown(text)} says 'not' twice")
        inner = bare(fact, Written(opposite[1]))
        return inner if isinstance(inner, Unfit) else negated(inner)
    if fact.type in ORDERED and len(text) <= LONGEST_WORDING and (worded := _worded(fact, text)) is not None:
        return worded
    if fact.type == "time":
        return Unfit(
            f"'{fact.name}' needs a wording, like between 09:00 and 12:00 or at least 18:00, not {_shown(text)}"
        )
    op = "at_least" if fact.type in ("clock", "percent") else "is"
    return compared(fact, op, [written])


def _worded(fact: Fact, text: str) -> IR | Unfit | None:
    """Returns what an order wording means, None if it is none; beside a value of any type, only if a number follows."""
    if between := _BETWEEN.fullmatch(text):
        return None if fact.type == "any" and not _measurable(between[1]) else _between(fact, between[1], between[2])
    if wording := _WORDING.fullmatch(text):
        if fact.type == "any" and not _measurable(wording[2]):
            return None
        return compared(fact, wording[1].lower().replace(" ", "_"), [Written(wording[2])])
    if fact.type != "any" and (sign := _SIGN.fullmatch(text)):
        better = _SIGN_WORDS[sign[1]] + sign[2]
        return Unfit(f"'{sign[1]}' is written in words here — did you mean '{better}'?", better)
    return None


def _measurable(text: str) -> bool:
    return bool(re.match(r"-?[0-9]", text))


def _between(fact: Fact, first: str, last: str) -> IR | Unfit:
    low, high = read_value(fact, Written(first)), read_value(fact, Written(last))
    if isinstance(low, Unfit):
        return low
    if isinstance(high, Unfit):
        return high
    bounds: tuple[IR, IR] = ((">=", fact.name, low), ("<=", fact.name, high))
    if type(low) is not type(high) and isinstance(low, str) != isinstance(high, str):
        return Unfit(f"between {_shown(first)} and {_shown(last)} there is nothing: they are not of one kind")
    if low <= high:  # type: ignore[operator]
        return ("all", *bounds)
    if fact.type == "time":
        # From 22:00 to 06:00 goes over midnight.
        return ("any", *bounds)
    better = f"between {last} and {first}"
    return Unfit(
        f"nothing is between {first} and {last}: the smaller one comes first — did you mean '{better}'?", better
    )


def pattern_advice(op: str, values: Sequence[Written]) -> str | None:
    """Returns what to say of a value beside `matches` that looks like a regular expression, which it is not."""
    meant = next((each for each in values if op == "matches" and _REGULAR.search(each.text)), None)
    if meant is None:
        return None
    signs = "only * stands for anything, all other signs for themselves"
    return f"in {_shown(meant.text)} {signs}: it is no regular expression"


_REGULAR = re.compile(r"[\[\]\\^$]|[.)][*+?]")
"""What patterns of pages, titles and texts hardly have."""


def compared(fact: Fact, op: str, values: Sequence[Written]) -> IR | Unfit:
    """Returns the comparison of a fact by one of `OPERATORS`, except `known`; several values mean any of them."""
    if op == "not":
        opposite = compared(fact, "is", values)
        return opposite if isinstance(opposite, Unfit) else negated(opposite)
    if op in ORDER_OPS:
        return _each(fact, values, ORDER_OPS[op]) if fact.type in ORDERED else _without_order(fact, op)
    if op in TEXT_OPS and not (fact.type == "set" and op == "contains"):
        return _text_compared(fact, op, values)
    return _each(fact, values, "has" if fact.type == "set" else "is")


def _each(fact: Fact, values: Sequence[Written], op: str) -> IR | Unfit:
    parts: list[IR] = []
    for written in values:
        read = read_values(fact, written)
        if isinstance(read, Unfit):
            return read
        parts += [_leaf(op, fact, value) for value in read]
    return one_of(fact, parts)


def _leaf(op: str, fact: Fact, value: Value) -> IR:
    if op == "is" and isinstance(value, str) and "*" in value and fact.type in ("text", "page", "any"):
        return ("glob", fact.name, value)
    return (op, fact.name, value)


def one_of(fact: Fact, parts: Sequence[IR]) -> IR:
    """Returns the condition that one of these comparisons of a fact holds; equalities become one list."""
    equal = [value for part in parts if part[0] in ("is", "in") for value in (part[2] if part[0] == "in" else part[2:])]
    if len(equal) < 2:
        return any_of(parts)
    return any_of([("in", fact.name, tuple(equal)), *(part for part in parts if part[0] not in ("is", "in"))])


def _without_order(fact: Fact, op: str) -> Unfit:
    return Unfit(f"'{fact.name}' is {words_for(fact)}, which has no more and less, so '{op}' says nothing about it")


def _text_compared(fact: Fact, op: str, values: Sequence[Written]) -> IR | Unfit:
    if fact.type not in TEXTUAL and fact.type != "any":
        return Unfit(f"'{fact.name}' is {words_for(fact)}; only texts can be compared by '{op}'")
    if any(not written.text for written in values):
        return Unfit(f"'{op}' needs a text")
    if op == "matches" and fact.type == "page":
        return _each(fact, values, "is")
    return any_of([(TEXT_OPS[op], fact.name, written.text) for written in values])


_TYPE_WORDS: Mapping[Type, str] = {
    "text": "a text",
    "page": "a page like /pricing or /shop/*",
    "number": "a number",
    "money": "an amount like 50 or 49.90",
    "clock": "a duration like 30s or 2m",
    "percent": "a percentage from 0 to 100",
    "yes_no": "true or false",
    "language": "a language like en",
    "set": "a set of words",
    "date": "a date like 2026-12-24",
    "time": "a time like 17:30",
    "weekday": "a day like mon, or days like mon-fri",
    "any": "a value",
}

_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
_MONEY = re.compile(r"(?:(?:[A-Z]{3}|[€$£]) ?)?(-?[0-9]{1,15}(?:\.[0-9]{1,15})?)(?: ?(?:[A-Z]{3}|[€$£]))?")
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])|24:00")
_YES = frozenset({"true", "yes", "on"})
_NO = frozenset({"false", "no", "off"})
_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "phone": ("mobile",),
    "smartphone": ("mobile",),
    "ipad": ("tablet",),
    "computer": ("desktop",),
    "pc": ("desktop",),
    "laptop": ("desktop",),
    "none": ("never",),
    "closed": ("minimized", "ended"),
    "weekend": ("sat-sun",),
    "weekday": ("mon-fri",),
    "weekdays": ("mon-fri",),
    "workdays": ("mon-fri",),
    "english": ("en",),
    "german": ("de",),
    "deutsch": ("de",),
    "french": ("fr",),
}


def words_for(fact: Fact) -> str:
    """Returns what a fact is, to go on after its name: "a percentage from 0 to 100"."""
    if fact.kind.choices and fact.type != "weekday":
        *others, last = fact.kind.choices
        return f"{', '.join(others)} or {last}" if others else last
    return _TYPE_WORDS.get(fact.type, "a value")


def read_values(fact: Fact, written: Written) -> tuple[Value, ...] | Unfit:
    """Returns the values a literal stands for; `mon-fri` stands for five."""
    if fact.type == "weekday" and (days := _days_between(written.text)):
        return days
    value = read_value(fact, written)
    return value if isinstance(value, Unfit) else (value,)


def read_value(fact: Fact, written: Written) -> Value | Unfit:
    """Returns the value of this fact's type that a literal stands for."""
    text = written.text.strip()
    if not text and fact.type not in ("text", "any"):
        return Unfit(f"'{fact.name}' is {words_for(fact)}, not empty")
    if fact.type == "any":
        return written.text if written.quoted else _plain(text)
    if fact.kind.choices and fact.type in ("choice", "language"):
        return _chosen(fact, text)
    return _READERS.get(fact.type, _text)(fact, text)


def _unfit(fact: Fact, text: str, better: str | None = None) -> Unfit:
    meant = f" — did you mean '{better}'?" if better else ""
    return Unfit(f"'{fact.name}' is {words_for(fact)}, not {_shown(text)}{meant}", better)


def _shown(text: str) -> str:
    line = " ".join(text.split())
    return f"'{line}'" if len(line) <= 40 else f"'{line[:39]}…'"


def _plain(text: str) -> Value:
    if text in ("true", "false"):
        return text == "true"
    return _number_of(text) if _NUMBER.fullmatch(text) else text


def _number_of(text: str) -> float:
    return float(text) if "." in text else int(text)


def _text(fact: Fact, text: str) -> Value | Unfit:
    return text


def _page(fact: Fact, text: str) -> Value | Unfit:
    if re.match(r"[a-z]+://", text, re.IGNORECASE):
        return Unfit(f"'{fact.name}' is a path, without the name of the website", page_path(text))
    if "?" in text or "#" in text:
        path = page_path(text)
        return Unfit(f"'{fact.name}' is compared without what follows '?' or '#'; for that there is page.query", path)
    if not text.startswith(("/", "*")):
        return _unfit(fact, text, f"/{text}")
    return page_path(text)


def _number(fact: Fact, text: str) -> Value | Unfit:
    return _number_of(text) if _NUMBER.fullmatch(text) else _unfit(fact, text)


def _money(fact: Fact, text: str) -> Value | Unfit:
    amount = _MONEY.fullmatch(text)
    return _number_of(amount[1]) if amount else _unfit(fact, text)


def _clock(fact: Fact, text: str) -> Value | Unfit:
    try:
        duration = parse_duration(text)
    except NotADuration as wrong:
        return Unfit(f"'{fact.name}': {wrong}", wrong.write) if wrong.write else _unfit(fact, text)
    return _unfit(fact, text) if duration.working else duration.seconds


def _percent(fact: Fact, text: str) -> Value | Unfit:
    if better := percentage_meant(text):
        return _unfit(fact, text, better)
    share = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{1,4})?) ?%?", text)
    return _number_of(share[1]) if share and float(share[1]) <= 100 else _unfit(fact, text)


def percentage_meant(text: str) -> str | None:
    """Returns `5%` for `0.05`: a fraction without a sign is a share of one, next to nothing of a hundred."""
    fraction = re.fullmatch(r"0?\.[0-9]{1,6}", text)
    return f"{float(text) * 100:g}%" if fraction and float(text) else None


def _yes_no(fact: Fact, text: str) -> Value | Unfit:
    word = text.lower()
    return word in _YES if word in _YES | _NO else _unfit(fact, text)


def _chosen(fact: Fact, text: str) -> Value | Unfit:
    for choice in fact.kind.choices:
        if fold(choice) == fold(text):
            return choice
    return _unfit(fact, text, did_you_mean(text, fact.kind.choices, _SYNONYMS))


def _language(fact: Fact, text: str) -> Value | Unfit:
    if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", text):
        return text
    return _unfit(fact, text, did_you_mean(text, ("en", "de", "fr"), _SYNONYMS))


def _date(fact: Fact, text: str) -> Value | Unfit:
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError:
            return Unfit(f"there is no {text} in the calendar")
    dotted = re.fullmatch(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})", text)
    return _unfit(fact, text, f"{dotted[3]}-{int(dotted[2]):02}-{int(dotted[1]):02}" if dotted else None)


def _time(fact: Fact, text: str) -> Value | Unfit:
    if _TIME.fullmatch(text):
        return text.zfill(5)
    dotted = re.fullmatch(r"([01]?[0-9]|2[0-3])[.h]?([0-5][0-9])", text)
    return _unfit(fact, text, f"{int(dotted[1]):02}:{dotted[2]}" if dotted else None)


def _weekday(fact: Fact, text: str) -> Value | Unfit:
    return _day(text) or _unfit(fact, text, did_you_mean(text, (*WEEKDAYS, "mon-fri", "sat-sun"), _SYNONYMS))


def _day(text: str) -> str | None:
    word = text.strip().lower()
    short = word[:3]
    full = {"mon": "monday", "tue": "tuesday", "wed": "wednesday", "thu": "thursday", "fri": "friday"}
    full |= {"sat": "saturday", "sun": "sunday"}
    return short if short in full and full[short].startswith(word) else None


def _days_between(text: str) -> tuple[str, ...]:
    """Returns the days of `mon-fri`; `sat-mon` goes over the end of the week."""
    first, dash, last = text.partition("-")
    start, end = _day(first), _day(last)
    if not dash or not start or not end:
        return ()
    at, length = WEEKDAYS.index(start), (WEEKDAYS.index(end) - WEEKDAYS.index(start)) % 7 + 1
    return tuple((WEEKDAYS * 2)[at : at + length])


_READERS = {
    "page": _page,
    "number": _number,
    "money": _money,
    "clock": _clock,
    "percent": _percent,
    "yes_no": _yes_no,
    "language": _language,
    "date": _date,
    "time": _time,
    "weekday": _weekday,
}


def comparable(one: Fact, other: Fact) -> bool:
    """Says whether the values of two facts are of one type, so that comparing them can mean something."""
    if "any" in (one.type, other.type) or one.type == other.type:
        return True
    return any({one.type, other.type} <= group for group in (NUMERIC, TEXTUAL))
