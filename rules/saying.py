"""A text that is said as it stands in a file: in the reader's language, its gaps filled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from rules.templates import Template, parse_template
from rules.texts import Text, in_language


@dataclass(frozen=True, slots=True)
class Manner:
    """How a site says things to somebody."""

    language: str
    default_language: str
    currency: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Saying:
    """A text in the languages of a site."""

    texts: Text
    _parsed: dict[str, Template] = field(default_factory=dict, compare=False, repr=False)

    def said(self, values: Mapping[str, Any], manner: Manner) -> str:
        """Returns the text as this reader gets it."""
        text = in_language(self.texts, manner.language, manner.default_language)
        if "{{" not in text:
            return text
        template = self._parsed.get(text)
        if template is None:
            template = self._parsed[text] = parse_template(text)
        return template.render(values, manner.language, manner.currency, manner.zone)
