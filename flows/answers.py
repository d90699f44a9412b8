"""Is this text an answer of the kind that was asked for; and if not, what is missing.

    recognise("email", "my mail is Ann@X.io", Context(language="en"))   # Accepted("Ann@x.io", "Ann@x.io")
    recognise("email", "ann(at)x.io", Context(language="en"))           # Refused("email_no_at")

`recognise` returns one of two values and never raises for any text:

- `Accepted(value, shown)`: `value` goes into the slot, `shown` is how a person reads it. A number or an amount of money
  is a number, a date is a text like `2026-12-24`, `yes_no` and `consent` are yes or no, all else is a text.
- `Refused(reason, values)`: a key of `flows.sentences`; `sentence(refused.reason, language, **refused.values)` says it.

Names and whatever `flows.finding` can find are understood inside a sentence as well. `Context` has what a kind needs to
know: the language of the conversation, the country of a phone number without `+`, the choices of a `choice`, the day.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, Literal, NamedTuple, get_args

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

from flows.choosing import meant
from flows.dates import Calendar, dates_in
from flows.links import links_in
from flows.numbers import FoundNumber, amounts_in, numbers_in
from flows.sentences import sentence
from flows.yes_no import phrases, says_yes
from rules.phrases import normalised
from rules.readable import has_something_to_read
from rules.texts import in_language
from rules.writing import decimal_sign, written_date, written_money, written_number

LONGEST_TEXT = 2_000
LONGEST_NAME = 100
_THOUSAND = 3
"""So many digits after a sign that is not the language's own are read as thousands."""

AnswerKind = Literal["text", "name", "email", "phone", "choice", "yes_no", "number", "money", "date", "url", "consent"]
Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the answers to choose from: what is stored, and what it is called in each language."""

    value: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Context:
    language: str = "en"
    country: str | None = None
    """Of a phone number that does not say its own: `DE`."""
    choices: Sequence[Choice] = ()
    today: date = date.min
    currency: str = "EUR"
    least: Value | None = None
    """The smallest number or amount, the first day, the fewest characters."""
    most: Value | None = None
    past: bool = False
    """A day without a year is the last one and not the next one."""


class Accepted(NamedTuple):
    value: Value
    shown: str


@dataclass(frozen=True, slots=True)
class Refused:
    reason: str
    values: Mapping[str, Any] = field(default_factory=dict)


Recognised = Accepted | Refused


_ENGLISH = Context()


def recognise(kind: str, text: str, context: Context = _ENGLISH) -> Recognised:
    """Returns the value in this text, or the key of the sentence that says why there is none.

    Raises KeyError for a kind that is not in `KINDS`.
    """
    shown = _seen(text)
    found = _RECOGNISERS[kind](shown, context) if has_something_to_read(shown) else Refused("text_empty")
    return within(kind, found, context) if isinstance(found, Accepted) else found


def within(kind: str, found: Accepted, context: Context) -> Recognised:
    """Returns the value if it is neither less nor more than it may be."""
    least, most = context.least, context.most
    if least is None and most is None:
        return found
    measured: Any = len(str(found.value)) if kind == "text" else found.value
    noun = "number" if kind == "money" else kind
    if least is not None and measured < least:
        return Refused(f"{noun}_too_small", {"least": written(kind, least, context)})
    if most is not None and measured > most:
        return Refused(f"{noun}_too_large", {"most": written(kind, most, context)})
    return found


def written(kind: str, value: Value, context: Context) -> str:
    """Returns a value of this kind as people read it."""
    language = context.language
    if isinstance(value, bool):
        return sentence("yes" if value else "no", language)
    if isinstance(value, int | float):
        return written_money(value, language, context.currency) if kind == "money" else written_number(value, language)
    if kind == "date":
        return written_date(date.fromisoformat(value), language)
    chosen = next((each for each in context.choices if each.value == value), None)
    return _chosen(chosen, context).shown if chosen is not None else value


def typed(kind: str, value: Value, context: Context) -> Value:
    """Returns a value as somebody may have typed it who means exactly this one: a field holds it, and is read again.

    Between thousands stands nothing. A day stays as it is, for that is how fields for days hold it.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    whole, _, decimals = f"{Decimal(str(value)):f}".partition(".")
    if kind == "money" and len(decimals) == 1:
        decimals += "0"
    own = decimal_sign(context.language)
    sign = own if own in ".," else "."
    if sign != own and len(decimals) == _THOUSAND:
        decimals += "0"
    return f"{whole}{sign}{decimals}" if decimals.strip("0") else whole


_DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_UNSEEN = ("Cc", "Cs", "Co")


def _seen(text: str) -> str:
    """Returns the text without what cannot be seen: control characters, marks that turn the direction of writing."""
    if text.isprintable():
        return text.strip()
    kept = (letter if letter in "\n\t" or unicodedata.category(letter) not in _UNSEEN else " " for letter in text)
    return _DIRECTIONS.sub("", "".join(kept)).strip()


# Text


def _text(text: str, _: Context) -> Recognised:
    if len(text) > LONGEST_TEXT:
        return Refused("text_too_long", {"most": LONGEST_TEXT})
    return Accepted(text, text)


# Names

_GREETING = (
    r"hi|hello|hey|hallo|moin|servus|gr(?:üe|ü)zi|bonjour|bonsoir|hola|ciao|buongiorno|buonasera"
    r"|gr(?:ü|ue)(?:ß|ss) (?:gott|dich)"
)
_GREETING_OF_DAY = (
    r"good (?:morning|afternoon|evening|day)|(?:(?:einen )?schönen )?guten (?:morgen|tag|abend)"
    r"|buen(?:os|as) (?:días|tardes|noches)"
)
_INTRODUCTION = re.compile(
    rf"(?:(?:{_GREETING}|{_GREETING_OF_DAY})(?: there| all| zusammen)?(?=[\s,.!;–]|$)[\s,.!;–-]*)*"
    r"(?:(?:my |the |mein )?name(?: is| ist)?\s?[:=]\s?"
    r"|(?:it is|it's|its|this is|i am|i'm|im|(?:(?:my|the) )?(?:first )?name(?: is|'s)"
    r"|(?:(?:you (?:can|may)|just|please) )*call me"
    r"|(?:ich bin|hier ist|hier spricht|hier schreibt)(?: der| die)?|ich heiße|ich heisse"
    r"|(?:mein )?(?:vor)?name (?:ist|lautet)"
    r"|je m'appelle|je suis|mon nom est|c'est|me llamo|soy|mi nombre es|mi chiamo|sono|il mio nome è)\s+)?",
    re.IGNORECASE,
)
_GREETING_BEHIND = re.compile(
    rf"(?:[\s,.!;]+(?:{_GREETING_OF_DAY})|\s*[,.!;]\s*(?:{_GREETING}))[\s.!]*$", re.IGNORECASE
)


def _name(text: str, _: Context) -> Recognised:
    if "@" in text or "://" in text:
        return Refused("name_is_address")
    if text.endswith("?"):
        return Refused("name_is_question")
    if len(text) > LONGEST_NAME:
        return Refused("name_too_long")
    name = " ".join(text.replace("’", "'").split())
    introduced = _INTRODUCTION.match(name)
    name = _bare_name(_GREETING_BEHIND.sub("", name[introduced.end() if introduced else 0 :]))
    return Accepted(name, name) if _has_letter(name) else Refused("name_no_letters")


def _bare_name(name: str) -> str:
    """Returns the name without signs around it; a bracket in it keeps its other half: `Ann (Berg)`."""
    bare = name.strip(" ,.!;:-–—\"'()")
    opened, closed = bare.count("("), bare.count(")")
    return f"{'(' * (closed > opened)}{bare}{')' * (opened > closed)}"


def _has_letter(text: str) -> bool:
    return any(unicodedata.category(letter)[0] == "L" for letter in text)


# E-mail addresses

_AROUND_ADDRESS = "<>()[]{}\"'`,;:!?.…«»“”„‘’*_/"
_BEFORE_ADDRESS = re.compile(r"(?:mailto|(?:e-?)?mail(?:-?address|-?adresse)?|address|adresse)[:=]", re.IGNORECASE)


def _email(text: str, _: Context) -> Recognised:
    words = [_bare(word) for word in _without_joints(text).replace("＠", "@").split()]
    candidates = list(dict.fromkeys(word for word in words if "@" in word))
    if not candidates:
        return Refused("email_no_at" if _looks_like_an_address(words) else "email_missing")
    found = [_address(candidate) for candidate in candidates]
    accepted = {each.shown.lower(): each for each in found if isinstance(each, Accepted)}
    if len(accepted) > 1:
        return Refused("email_several")
    return next(iter(accepted.values()), found[0])


def _bare(word: str) -> str:
    bare = word.strip(_AROUND_ADDRESS)
    label = _BEFORE_ADDRESS.match(bare)
    return bare[label.end() :].strip(_AROUND_ADDRESS) if label else bare


def _without_joints(text: str) -> str:
    """Returns the text without what has no width, such as the places where a copied address may be broken."""
    return "".join(letter for letter in text if unicodedata.category(letter) != "Cf")


def _address(candidate: str) -> Recognised:
    name, _, domain = candidate.rpartition("@")
    if not name:
        return Refused("email_no_name")
    if not domain:
        return Refused("email_no_domain")
    if "." not in domain:
        return Refused("email_no_dot")
    try:
        # Whether mail arrives is not asked of the network, so names kept for trying things out are as good as others.
        address = validate_email(
            candidate, check_deliverability=False, globally_deliverable=False, test_environment=True
        ).normalized
    except EmailNotValidError:
        return Refused("email_unusual")
    return Accepted(address, address)


def _looks_like_an_address(words: list[str]) -> bool:
    return any(
        re.fullmatch(r"[^\s.]+(?:\.[^\s.]+)+", word) or re.search(r"\((?:at|ät)\)|\[at\]", word) for word in words
    )


# Phone numbers


def _phone(text: str, context: Context) -> Recognised:
    if sum(letter.isdigit() for letter in text) < 3:
        return Refused("phone_no_digits")
    text, country = _with_plus(text), context.country
    matches = phonenumbers.PhoneNumberMatcher(text[:LONGEST_TEXT], country, max_tries=20)
    found = dict.fromkeys(_e164(_without_plus(match.raw_string, country) or match.number) for match in matches)
    if len(found) > 1:
        return Refused("phone_several")
    dialled = next(iter(found), None) or _only_the_number(text)
    number = _without_plus(dialled, country) or _parsed(dialled, country)
    if not isinstance(number, phonenumbers.PhoneNumber):
        return number
    return _callable(number, explicit="+" in text)


def _with_plus(text: str) -> str:
    """Returns the text with `+49` for `0049`, which means the same wherever the visitor is from."""
    return re.sub(r"(?<![0-9+])00(?=[1-9])", "+", text.replace("＋", "+"))


def _without_plus(text: str, country: str | None) -> phonenumbers.PhoneNumber | None:
    """Returns the number if it begins with its country's code and only the `+` is missing: `49 171 …` in Germany.

    Where a 0 stands before all numbers at home, that is the likelier reading.
    """
    if country is None or "+" in text or phonenumbers.ndd_prefix_for_region(country, True) != "0":
        return None
    digits = "".join(letter for letter in text if letter.isdigit())
    code = str(phonenumbers.country_code_for_region(country))
    number = _parsed("+" + text.lstrip(" ("), None) if digits.startswith(code) else None
    if not isinstance(number, phonenumbers.PhoneNumber) or not phonenumbers.is_valid_number(number):
        return None
    return number


def _only_the_number(text: str) -> str:
    """Returns the part from the first digit or + to the last digit, at most as long as a number can be."""
    first = next(place for place, letter in enumerate(text) if letter.isdigit() or letter == "+")
    last = max(place for place, letter in enumerate(text) if letter.isdigit())
    return text[first : last + 1]


def _parsed(text: str, country: str | None) -> phonenumbers.PhoneNumber | Refused:
    try:
        return phonenumbers.parse(text, country)
    except NumberParseException as problem:
        return Refused(_PARSE_REASONS.get(problem.error_type, "phone_no_digits"))


_PARSE_REASONS = {
    NumberParseException.INVALID_COUNTRY_CODE: "phone_no_country",
    NumberParseException.TOO_SHORT_AFTER_IDD: "phone_too_short",
    NumberParseException.TOO_SHORT_NSN: "phone_too_short",
    NumberParseException.TOO_LONG: "phone_too_long",
}
_LENGTH_REASONS = {
    ValidationResult.INVALID_COUNTRY_CODE: "phone_no_country",
    ValidationResult.TOO_SHORT: "phone_too_short",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "phone_too_short",
    ValidationResult.TOO_LONG: "phone_too_long",
}


def _callable(number: phonenumbers.PhoneNumber, *, explicit: bool) -> Recognised:
    """Refuses what nobody could dial. A number with its country is believed, for numbering plans change."""
    length = phonenumbers.is_possible_number_with_reason(number)
    if not phonenumbers.is_valid_number(number) and not (explicit and length == ValidationResult.IS_POSSIBLE):
        return Refused(_LENGTH_REASONS.get(length, "phone_unusual"))
    return Accepted(_e164(number), phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL))


def _e164(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


# One of several


def _choice(text: str, context: Context) -> Recognised:
    places = meant(text, [(each.value, *each.labels.values()) for each in context.choices])
    if len(places) == 1:
        return _chosen(context.choices[places[0]], context)
    return Refused("choice_ambiguous" if places else "choice_unknown")


def _chosen(choice: Choice, context: Context) -> Accepted:
    return Accepted(choice.value, in_language(choice.labels, context.language, context.language) or choice.value)


# Yes or no


def _yes_no(text: str, context: Context) -> Recognised:
    yes = says_yes(text)
    return Refused("yes_no_unclear") if yes is None else _said(yes=yes, context=context)


def _said(*, yes: bool, context: Context) -> Accepted:
    return Accepted(yes, sentence("yes" if yes else "no", context.language))


_AGREES = phrases(
    "i agree, agree, agreed, i accept, accept, i consent, ich stimme zu, stimme zu, einverstanden, akzeptiert",
    "ich akzeptiere, ich willige ein, ich bin einverstanden",
)
_DISAGREES = phrases(
    "i disagree, disagree, i do not agree, i don't agree, i decline, decline, ich stimme nicht zu, nicht einverstanden",
    "ich lehne ab, ablehnen, ich bin nicht einverstanden",
)


def _consent(text: str, context: Context) -> Recognised:
    said = normalised(text)
    if said in _AGREES | _DISAGREES:
        return _said(yes=said in _AGREES, context=context)
    found = _yes_no(text, context)
    return Refused("consent_unclear") if isinstance(found, Refused) else found


# Numbers, money


def _number(text: str, context: Context) -> Recognised:
    return _one_number("number", numbers_in(text[:LONGEST_TEXT], context.language), context)


def _money(text: str, context: Context) -> Recognised:
    found = amounts_in(text[:LONGEST_TEXT], context.language, context.currency)
    if any(each.currency not in (None, context.currency) for each in found):
        return Refused("money_currency", {"currency": context.currency})
    rounded = [replace(each, value=_whole(round(each.value, 2))) for each in found]
    return _one_number("money", rounded, context)


def _one_number(kind: str, found: list[FoundNumber], context: Context) -> Recognised:
    values = list(dict.fromkeys(each.value for each in found))
    if len(values) > 1:
        return Refused(f"{kind}_several")
    return Accepted(values[0], written(kind, values[0], context)) if values else Refused(f"{kind}_missing")


def _whole(number: int | float) -> int | float:
    return int(number) if number == int(number) else number


# Days


def _date(text: str, context: Context) -> Recognised:
    found = dates_in(text[:LONGEST_TEXT], calendar(context))
    if any(not each.days for each in found):
        return Refused("date_not_in_calendar")
    days = list(dict.fromkeys(day for each in found for day in each.days))
    if len(days) > 1 and len(found) == 1:
        first, second = (written_date(day, context.language) for day in days[:2])
        return Refused("date_ambiguous", {"first": first, "second": second})
    if len(days) > 1:
        return Refused("date_several")
    return Accepted(days[0].isoformat(), written_date(days[0], context.language)) if days else Refused("date_missing")


def calendar(context: Context) -> Calendar:
    """Returns what days are reckoned from."""
    return Calendar(context.language, context.today, context.past)


# Web addresses


def _url(text: str, _: Context) -> Recognised:
    addresses = list(dict.fromkeys(each.address for each in links_in(text)))
    if len(addresses) > 1:
        return Refused("url_several")
    return Accepted(addresses[0], addresses[0]) if addresses else Refused("url_missing")


_RECOGNISERS: Mapping[str, Callable[[str, Context], Recognised]] = {
    "text": _text,
    "name": _name,
    "email": _email,
    "phone": _phone,
    "choice": _choice,
    "yes_no": _yes_no,
    "number": _number,
    "money": _money,
    "date": _date,
    "url": _url,
    "consent": _consent,
}
KINDS: tuple[AnswerKind, ...] = get_args(AnswerKind)
"""The kinds of answer this version knows."""
