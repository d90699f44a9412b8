"""What else a message says: "two of us, 3 to 7 January" answers three questions, "no, my mail is …" answers an old one.

The question that is open goes first; among the others, a value goes to those of its kind, in their order, if there are
not more values than questions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from flows.answers import Accepted, recognise
from flows.finding import FINDABLE, FoundValue, values_in
from flows.found import Found
from rules.phrases import normalised

if TYPE_CHECKING:
    from flows.asked import AskedValue
    from flows.run import Run

_SURE = ("email", "phone", "url")
"""Kinds that a story may be searched for; a number in one may mean anything."""


def offered(
    run: Run, text: str, asked: AskedValue | None, undone: Sequence[AskedValue], fields: Iterable[AskedValue]
) -> dict[str, Accepted]:
    """Returns the values in a text by the names of those they answer; without `asked`, no question is open yet.

    All `fields` say what else a part of the text could be: the 7 of `7 January` is no number of guests.
    """
    values: dict[str, Accepted] = {}
    taken: list[FoundValue] = []
    for kind in _kinds(asked, undone):
        wanting = [each for each in undone if each.type == kind]
        found = _distinct(each for each in _in_text(run, wanting[0], text) if _is_free(each, taken))
        if asked is not None and kind == asked.type and len(found) > len(wanting):
            surer = [each for other in fields if _is_surer(other, kind) for each in _in_text(run, other, text)]
            found = [each for each in found if _is_free(each, surer)]
        if len(found) > len(wanting):
            continue
        for each, value in zip(wanting, found, strict=False):
            if isinstance(value.outcome, Accepted):
                values[each.name] = value.outcome
                taken.append(value)
    if asked is not None and asked.type == "name" and values:
        name = _name_beside(run, text, taken, asked)
        if name is not None:
            values[asked.name] = name
    return values


def _kinds(asked: AskedValue | None, undone: Iterable[AskedValue]) -> list[str]:
    there = {each.type for each in undone}
    searched = _SURE if asked is not None and asked.type == "text" else FINDABLE
    kinds = [kind for kind in FINDABLE if kind in there and kind in searched]
    return sorted(kinds, key=lambda kind: asked is None or kind != asked.type)


def _in_text(run: Run, asked: AskedValue, text: str) -> list[FoundValue]:
    """Returns the values of a question's kind in a text, whatever the least or the most of it may be."""
    return values_in(asked.type, text, replace(asked.context(run), least=None, most=None))


def _is_surer(asked: AskedValue, kind: str) -> bool:
    return asked.type in FINDABLE[: FINDABLE.index(kind)]


def _is_free(found: Found, taken: Iterable[Found]) -> bool:
    return not any(found.overlaps(other) for other in taken)


def _distinct(found: Iterable[FoundValue]) -> list[FoundValue]:
    """Returns what was found without what was said twice."""
    first: list[FoundValue] = []
    for each in found:
        if each.outcome not in [other.outcome for other in first]:
            first.append(each)
    return first


# Names beside addresses

_ABOUT_ADDRESSES = frozenset(
    {"mail", "email", "phone", "call", "number", "address", "at", "my", "is"}
    | {"telefon", "nummer", "adresse", "unter", "mein", "meine", "ist", "erreichen"}
)
_LONGEST_NAME = 6
"""Words, with those by which people introduce themselves."""


def _name_beside(run: Run, text: str, taken: Sequence[Found], asked: AskedValue) -> Accepted | None:
    """Returns the name in `I am Ann, ann@x.io`: what stands by itself beside what else was understood."""
    for start, end in sorted(((each.start, each.end) for each in taken), reverse=True):
        text = f"{text[:start]},{text[end:]}"
    for part in re.split(r"[,;\n]|\b(?:and|und)\b", text):
        words = normalised(part).split()
        if words and len(words) <= _LONGEST_NAME and words[-1] not in _ABOUT_ADDRESSES:
            name = recognise("name", part, asked.context(run))
            if isinstance(name, Accepted):
                return name
    return None


# Corrections

_CORRECTS = re.compile(
    r"(?<!\w)(?:no|not|sorry|actually|i meant|i mean|correction|wrong|rather|instead|change|nein|doch|nicht"
    r"|entschuldigung|ich meinte|ich meine|korrektur|falsch|eigentlich|stattdessen|ändern)(?!\w)",
    re.IGNORECASE,
)
_NAMED = re.compile(r"(?:my name is|i am|i'm|ich heiße|ich heisse|ich bin|mein name ist)\s+(?P<name>.+)", re.IGNORECASE)


def correction_in(
    run: Run, text: str, asked: AskedValue, done: Sequence[AskedValue]
) -> tuple[AskedValue, Accepted] | None:
    """Returns the question that was answered before and is answered otherwise now, with its new value."""
    if not _CORRECTS.search(text):
        return None
    words = set(normalised(text).split())
    for kind in FINDABLE:
        of_kind = [each for each in done if each.type == kind]
        named = [each for each in of_kind if words & set(each.name.split("_"))]
        # What may be meant for the open question is meant for it, unless another one is named.
        if not of_kind or (kind == asked.type and not named):
            continue
        found = _distinct(_in_text(run, of_kind[-1], text))
        if len(found) == 1 and isinstance(found[0].outcome, Accepted):
            return (named or of_kind)[-1], found[0].outcome
    return _corrected_name(run, text, asked, done)


def _corrected_name(
    run: Run, text: str, asked: AskedValue, done: Sequence[AskedValue]
) -> tuple[AskedValue, Accepted] | None:
    of_kind = [each for each in done if each.type == "name"]
    named = _NAMED.search(text)
    if not of_kind or not named or asked.type in ("name", "text"):
        return None
    found = recognise("name", named["name"], of_kind[-1].context(run))
    return (of_kind[-1], found) if isinstance(found, Accepted) else None
