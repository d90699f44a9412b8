"""`attributes:` — what may be known about contacts and visits, and of which type it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from rules.facts import Kind, Scope, kind_of_answer
from rules.kinds import Choice, ListOf, MapOf, Nested, Text, Word, YesNo
from rules.schema import Key, Read, Table
from rules.texts import Text as Texts

TYPES = ("text", "name", "email", "phone", "choice", "yes_no", "number", "money", "date", "url", "consent")


@dataclass(frozen=True, slots=True)
class Attribute:
    name: str
    type: str
    title: Texts | None = None
    choices: tuple[str, ...] = ()
    personal: bool = False

    @property
    def kind(self) -> Kind:
        """What conditions may ask of it."""
        return kind_of_answer(self.type, self.choices)


STANDARD: Mapping[str, Attribute] = {
    "name": Attribute("name", "name", {"en": "Name", "de": "Name"}, personal=True),
    "email": Attribute("email", "email", {"en": "E-mail", "de": "E-Mail"}, personal=True),
    "phone": Attribute("phone", "phone", {"en": "Phone", "de": "Telefon"}, personal=True),
}
"""Attributes of contacts that every site has, unless it says otherwise about them."""


@dataclass(frozen=True, slots=True)
class Attributes:
    contact: Mapping[str, Attribute] = field(default_factory=lambda: dict(STANDARD))
    visit: Mapping[str, Attribute] = field(default_factory=dict)

    def scope(
        self, inside: Literal["trigger", "flow", "rule"], *, triggers: frozenset[str] | None, languages: tuple[str, ...]
    ) -> Scope:
        """Returns what conditions in such a place may ask about."""
        return Scope(
            inside=inside,
            contact={name: attribute.kind for name, attribute in self.contact.items()},
            visit={name: attribute.kind for name, attribute in self.visit.items()},
            triggers=triggers,
            languages=languages,
        )


ATTRIBUTE = Table(
    "attribute",
    {
        "type": Key(Choice(TYPES, noun="answer type", code="K004"), "what sort of value it is", required=True),
        "title": Key(Text(), "what people call it"),
        "choices": Key(ListOf(Word("a word"), at_least=1), "the values of a choice"),
        "personal": Key(YesNo(), "whether it says something about a person", default=False),
        "example": Key(Word(), "what such a value looks like"),
    },
    noun="an attribute",
)
_ATTRIBUTES = MapOf(Nested(ATTRIBUTE), "attribute", reserved=frozenset({"known"}))

ATTRIBUTES = Table(
    "attributes",
    {
        "contact": Key(_ATTRIBUTES, "what is known about a person and stays known", default={}),
        "visit": Key(_ATTRIBUTES, "what belongs to one visit", default={}),
    },
)


def attributes(read: Read) -> Attributes:
    contact = {name: _attribute(each) for name, each in read["contact"].items()}
    visit = {name: _attribute(each) for name, each in read["visit"].items()}
    return Attributes({**STANDARD, **contact}, visit)


def _attribute(read: Read) -> Attribute:
    return Attribute(str(read.id), read["type"], read["title"], tuple(read["choices"] or ()), read["personal"])
