"""A text that a flow says: as written in each language, and prepared for being said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from flows.view import AsSaid
from rules.nodes import Map, Node, Scalar
from rules.problems import NOWHERE, Place
from rules.templates import Template, parse_template
from rules.texts import base_of
from rules.zones import zone_of_reader

if TYPE_CHECKING:
    from flows.run import Run

_ZoneOf = Callable[[Mapping[str, Any], str], ZoneInfo | str]
"""Finds out whose clock is meant, which only a text with gaps asks."""


@dataclass(frozen=True, slots=True)
class Wording:
    """A text by language; `nodes` says where each of them was written."""

    texts: Mapping[str, str]
    nodes: Mapping[str, Scalar] = field(default_factory=dict, compare=False)

    @classmethod
    def written(cls, node: Node | None, language: str) -> Wording | None:
        """Returns the text of a node, which has one for each language or is in the language given, or None."""
        nodes: dict[str, Scalar] = {}
        if isinstance(node, Scalar):
            nodes[language] = node
        elif isinstance(node, Map):
            nodes = {key.text: value for key, value in node.entries if isinstance(value, Scalar)}
        nodes = {code: scalar for code, scalar in nodes.items() if scalar.text.strip()}
        return cls({code: scalar.text for code, scalar in nodes.items()}, nodes) if nodes else None

    @property
    def place(self) -> Place:
        """The place where the text is written first."""
        return next((node.place for node in self.nodes.values()), NOWHERE)

    def place_at(self, language: str, offset: int) -> Place:
        """Returns the place of a character of the text in a language."""
        node = self.nodes.get(language)
        return node.place_at(offset) if node is not None else NOWHERE

    def spoken(self) -> Spoken:
        """Returns the text with its templates parsed."""
        return Spoken(self.texts)


class Spoken:
    """A text ready to be said: what does not vary is a plain string already."""

    __slots__ = ("_by_language", "_chosen")

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._by_language: dict[str, str | Template] = {code: _prepared(text) for code, text in texts.items()}
        self._chosen: dict[str, str | Template] = dict(self._by_language)

    def text(self, run: Run) -> str:
        """Returns what to say to the visitor: in their language, by their clock, chosen answers as they read them."""
        return self._filled(run, AsSaid(run), zone_of_reader)

    def as_stored(self, run: Run) -> str:
        """Returns the text for others than the visitor: by the clock of the site, chosen answers as they are kept."""
        return self._filled(run, run.view(), _zone_of_site)

    def _filled(self, run: Run, values: Mapping[str, Any], zone_of: _ZoneOf) -> str:
        language = run.cursor.language
        said = self._chosen.get(language)
        if said is None:
            said = self._fallback(language, run.settings.default_language)
        if isinstance(said, str):
            return said
        settings = run.settings
        zone = zone_of(run.facts, settings.timezone)
        return said.render(values, language=language, currency=settings.currency, timezone=zone)

    def _fallback(self, language: str, default: str) -> str | Template:
        for code in (base_of(language), default, base_of(default)):
            if code in self._by_language:
                return self._by_language[code]
        return next(iter(self._by_language.values()), "")


def _zone_of_site(_: Mapping[str, Any], site: str) -> str:
    return site


def _prepared(text: str) -> str | Template:
    return parse_template(text) if "{{" in text or "{%" in text else text
