"""Kinds of text in the languages of a site."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from rules.kinds.collections import OneOrList
from rules.kinds.values import Word, written
from rules.nodes import List, Map, Node, Scalar, in_quotes
from rules.problems import suggestion
from rules.schema import WRONG, Kind, Walker, shortened

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True)
class Text(Kind):
    """What people read, in one language or in several. Value: dict of language to text."""

    @property
    def words(self) -> str:
        return "a text, or a text for each language"

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        if isinstance(node, Map):
            return self._by_language(node, walker, label)
        text = written(node)
        return walker.refuse(node, self, label) if text is None else {walker.default_language: text}

    def instead(self) -> dict[str, str]:
        return {}

    def of_default(self, default: Any, walker: Walker) -> Any:
        return {walker.default_language: default} if isinstance(default, str) else default

    def _by_language(self, node: Map, walker: Walker, label: str) -> Any:
        if not node.entries or not looks_like_languages(node, walker):
            return cut_at_colon(node, walker, label) or walker.refuse(node, self, label)
        texts = {}
        for key, value in known_languages(node, walker, label):
            text = written(value)
            if text is None:
                walker.refuse(value, Word(), f"{label} in '{key.text}'")
            else:
                texts[key.text] = text
        return texts if default_is_there(node, walker, label) else WRONG


@dataclass(frozen=True)
class Texts(Kind):
    """One text or a list of them. Value: list of dicts of language to text."""

    @property
    def words(self) -> str:
        return "a text or a list of texts"

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        if isinstance(node, List) and not node.items:
            return walker.refuse(node, self, label)
        return OneOrList(Text()).read(node, walker, label)

    def instead(self) -> list[dict[str, str]]:
        return []


@dataclass(frozen=True)
class Phrases(Kind):
    """Words a visitor may say, for every language or by language. Value: dict of language to tuple of str."""

    @property
    def words(self) -> str:
        return "a list of phrases, or such a list for each language"

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        kind = OneOrList(Word("a phrase"))
        if not isinstance(node, Map):
            phrases = kind.read(node, walker, label)
            return phrases if phrases is WRONG else {walker.default_language: tuple(phrases)}
        if not node.entries or not looks_like_languages(node, walker):
            return walker.refuse(node, self, label)
        read = {
            key.text: walker.value(value, kind, f"{label} in '{key.text}'")
            for key, value in known_languages(node, walker, label)
        }
        return {language: tuple(phrases) for language, phrases in read.items() if phrases is not WRONG}

    def instead(self) -> dict[str, tuple[str, ...]]:
        return {}

    def of_default(self, default: Any, walker: Walker) -> Any:
        return {language: tuple(phrases) for language, phrases in default.items()}


def looks_like_languages(node: Map, walker: Walker) -> bool:
    """Says whether a map is meant as one of languages."""
    whole = [key for key, _ in node.entries if key not in _cut_off(node)]
    return all(key.text in walker.languages or _LANGUAGE.fullmatch(key.text) for key in whole)


def _cut_off(node: Map) -> list[Scalar]:
    """Returns what YAML took off the end of a text because of a comma: `you` in `{en: Hi, you}`."""
    pairs = zip(node.entries, node.entries[1:], strict=False)
    return [
        key
        for (before, _), (key, value) in pairs
        if isinstance(value, Scalar) and value.value is None and key.place.line == before.place.line
    ]


def known_languages(node: Map, walker: Walker, label: str) -> list[tuple[Scalar, Node]]:
    """Returns the entries in languages of the site, after reporting the others."""
    known: list[tuple[Scalar, Node]] = []
    cut_off = _cut_off(node)
    for key, value in node.entries:
        if key in cut_off and key.text not in walker.languages:
            _report_cut(node, key, walker)
        elif walker.languages and key.text not in walker.languages:
            hint = suggestion(key.text, walker.languages)
            where = ", ".join(walker.languages)
            walker.report("K001", key.place, f"'{key.text}' is not a language of this site ({where}){hint}")
        else:
            known.append((key, value))
    return known


def _report_cut(node: Map, rest: Scalar, walker: Walker) -> None:
    keys = [key for key, _ in node.entries]
    place = keys.index(rest)
    language, text = node.entries[place - 1]
    better = in_quotes(f"{text.text}, {rest.text}") if isinstance(text, Scalar) and text.text else None
    walker.report(
        "Y002",
        rest.place,
        f"the text ends at the ',' in front of {shortened(rest.text)}; in {{…}} a text with ',' must be in quotes",
        write=f"{language.text}: {better}" if better else None,
    )


def default_is_there(node: Map, walker: Walker, label: str) -> bool:
    """Says whether there is something in the default language, to which every other falls back; reports it if not."""
    if not walker.languages or node.key(walker.default_language):
        return True
    walker.report("K006", node.place, f"{label} has no text in '{walker.default_language}', the site's first language")
    return False


def cut_at_colon(node: Map, walker: Walker, label: str) -> Any:
    """Reports `Please note: it closes`, which YAML reads as a map, if this is such a text."""
    if len(node.entries) != 1:
        return None
    key, value = node.entries[0]
    if not isinstance(value, Scalar) or value.value is None or key.quoted or " " not in key.text.strip():
        return None
    whole = f"{key.text}: {value.text}"
    return walker.report(
        "Y002",
        key.place,
        f"{label} is read as a map because of the ': ' in it; a text with ': ' must be in quotes",
        write=in_quotes(whole),
    )
