"""Whether what an attribute is set to is of the type that the catalogue gives it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from flows.answers import Refused, recognise
from flows.steps.given import Add, Copied, Given, fitted, misfits
from flows.wording import Wording
from rules.facts import Scope, kind_of_answer
from rules.kinds import Choice
from rules.nodes import Node, Scalar, in_quotes
from rules.problems import Place, Problem, error, suggestion
from rules.schema import shortened

_A: Mapping[str, str] = {
    "number": "a number",
    "money": "an amount",
    "date": "a day like 2026-12-24",
    "yes_no": "yes or no",
    "consent": "yes or no",
    "email": "an e-mail address",
    "url": "a web address",
    "phone": "a phone number",
}


class Typed(Protocol):
    """What the catalogue says about an attribute."""

    @property
    def type(self) -> str: ...
    @property
    def choices(self) -> Sequence[str]: ...


def wrong_values(slot: str, value: Given, attribute: Typed, node: Node, scope: Scope) -> Iterator[Problem]:
    """Yields an error if a value is surely none that the attribute can hold; what a gap will hold is not known."""
    kind = kind_of_answer(attribute.type, attribute.choices)
    given = fitted(value, kind, scope)
    is_one = f"'{slot}' is {Choice(kind.choices).words if kind.choices else _A.get(attribute.type, 'a text')}"
    if isinstance(given, Copied) or (isinstance(given, Add) and attribute.type in ("number", "money")):
        return
    if isinstance(given, Add):
        yield error("K006", node.place, f"{is_one}, and nothing can be added to it")
    elif not isinstance(given, Wording):
        if misfits(given, kind) or kind.type in ("text", "choice"):
            text = node.text if isinstance(node, Scalar) else str(given)
            quoted = f"{slot}: {in_quotes(text)}" if kind.type == "text" or text in kind.choices else None
            yield error("K006", node.place, f"{is_one}, not {shortened(text)}", write=quoted)
    else:
        written = next((code for code, text in given.texts.items() if not _may_be(text, attribute, given)), None)
        if written is not None:
            yield _no_value(slot, is_one, given.texts[written], attribute, given.place_at(written, 0))


def _no_value(slot: str, is_one: str, text: str, attribute: Typed, place: Place) -> Problem:
    if "{{" in text:
        return error("K006", place, f"{is_one}, and a text with a gap in it is kept as text")
    if attribute.type in ("number", "yes_no") and not isinstance(recognise(attribute.type, text), Refused):
        return error("K006", place, f"{is_one}, and what stands in quotes is a text", write=f"{slot}: {text}")
    return error("K006", place, f"{is_one}, not {shortened(text)}{suggestion(text, attribute.choices)}")


def _may_be(text: str, attribute: Typed, given: Wording) -> bool:
    """Says whether a text may be a value of the attribute."""
    kind = kind_of_answer(attribute.type, attribute.choices)
    if kind.type not in ("text", "choice"):
        return not misfits(given, kind)
    if "{{" in text:
        return True
    if kind.choices:
        return text.strip() in kind.choices
    if attribute.type == "phone":
        return any(sign.isdigit() for sign in text)  # Its country is not known here.
    return attribute.type not in ("email", "url") or not isinstance(recognise(attribute.type, text), Refused)
