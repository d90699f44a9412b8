"""The kinds of value a table may ask for: texts, numbers, words, ids, durations, lists, maps, conditions."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from rules import later
from rules.durations import Duration, NotADuration, parse_duration
from rules.nodes import List, Map, Node, Scalar, in_quotes
from rules.problems import suggestion
from rules.schema import WRONG, Kind, Read, Table, Walker, shortened

ID_PATTERN = re.compile(r"[a-z][a-z0-9_]*")
LONGEST_ID = 64
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_TRUE = frozenset({"true", "yes", "on"})
_FALSE = frozenset({"false", "no", "off"})


def _written(node: Node) -> str | None:
    """The text of a scalar that is not empty. A number is as good as the text it was written as."""
    return node.text if isinstance(node, Scalar) and node.value is not None and node.text.strip() else None


@dataclass(frozen=True)
class Word(Kind):
    """One text that is the same in every language: a name, an address, a colour. Value: str."""

    described: str = "a text"
    pattern: str = ""

    @property
    def words(self) -> str:
        return self.described

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        text = _written(node)
        if text is None or (self.pattern and not re.fullmatch(self.pattern, text)):
            return walker.refuse(node, self, label)
        return text

    def instead(self) -> str:
        return ""


@dataclass(frozen=True)
class Text(Kind):
    """What people read, in one language or in several. Value: dict of language to text."""

    @property
    def words(self) -> str:
        return "a text, or a text for each language"

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        if isinstance(node, Map):
            return self._by_language(node, walker, label)
        text = _written(node)
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
            text = _written(value)
            if text is None:
                walker.refuse(value, Word(), f"{label} in '{key.text}'")
            else:
                texts[key.text] = text
        return texts if default_is_there(node, walker, label) else WRONG


def looks_like_languages(node: Map, walker: Walker) -> bool:
    """Says whether a map is meant as one of languages."""
    return all(key.text in walker.languages or _LANGUAGE.fullmatch(key.text) for key, _ in node.entries)


def known_languages(node: Map, walker: Walker, label: str) -> list[tuple[Scalar, Node]]:
    """Returns the entries in languages of the site, after reporting the others."""
    known = []
    for key, value in node.entries:
        if walker.languages and key.text not in walker.languages:
            hint = suggestion(key.text, walker.languages)
            where = ", ".join(walker.languages)
            walker.report("K001", key.place, f"'{key.text}' is not a language of this site ({where}){hint}")
        else:
            known.append((key, value))
    return known


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


@dataclass(frozen=True)
class Number(Kind):
    """A number with its range. Value: int or float."""

    lowest: float | None = None
    highest: float | None = None

    @property
    def words(self) -> str:
        return f"a number{self._range}"

    @property
    def _range(self) -> str:
        if self.lowest is not None and self.highest is not None:
            return f" from {self.lowest:g} to {self.highest:g}"
        if self.lowest is not None:
            return f" of at least {self.lowest:g}"
        return f" of at most {self.highest:g}" if self.highest is not None else ""

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        value = self._number(node)
        too_low = value is not None and self.lowest is not None and value < self.lowest
        too_high = value is not None and self.highest is not None and value > self.highest
        return walker.refuse(node, self, label) if value is None or too_low or too_high else value

    def instead(self) -> float:
        return self.lowest or 0

    def _number(self, node: Node) -> float | None:
        value = node.value if isinstance(node, Scalar) else None
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None


@dataclass(frozen=True)
class Integer(Number):
    """A whole number with its range. Value: int."""

    @property
    def words(self) -> str:
        return f"a whole number{self._range}"

    def instead(self) -> int:
        return int(self.lowest or 0)

    def _number(self, node: Node) -> float | None:
        value = super()._number(node)
        return value if isinstance(value, int) else None


@dataclass(frozen=True)
class Percent(Kind):
    """A share, `5%` or `5`. Value: number from 0 to 100."""

    @property
    def words(self) -> str:
        return "a percentage from 0 to 100"

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        written = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{1,4})?) ?%?", _written(node) or "")
        share = float(written[1]) if written else 101.0
        if share > 100:
            return walker.refuse(node, self, label)
        return int(share) if share.is_integer() else share

    def instead(self) -> int:
        return 0

    def of_default(self, default: Any, walker: Walker) -> Any:
        return float(default.rstrip("% ")) if isinstance(default, str) else default


@dataclass(frozen=True)
class YesNo(Kind):
    """Value: bool. Written `true` or `yes`; both are said aloud alike."""

    @property
    def words(self) -> str:
        return "true or false"

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        word = (_written(node) or "").lower()
        if word in _TRUE | _FALSE:
            return word in _TRUE
        return walker.refuse(node, self, label)

    def instead(self) -> bool:
        return False


@dataclass(frozen=True)
class Choice(Kind):
    """One of some words. Value: str. With a noun, a wrong word is an "unknown answer type 'emial'"."""

    choices: tuple[str, ...]
    noun: str = ""
    code: str = "K006"

    @property
    def words(self) -> str:
        return ", ".join(self.choices[:-1]) + f" or {self.choices[-1]}" if len(self.choices) > 1 else self.choices[0]

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        text = _written(node)
        if text in self.choices:
            return text
        if text is None:
            return walker.refuse(node, self, label)
        if text in later.words_of(self.noun):
            return walker.report("K007", node.place, later.sentence(f"the {self.noun} '{text}'"), why=later.ADVICE)
        hint = suggestion(text, self.choices)
        if self.noun:
            return walker.report(self.code, node.place, f"unknown {self.noun} {shortened(text)}{hint or self._all}")
        return walker.report(self.code, node.place, f"{label} is {self.words}, not {shortened(text)}{hint}")

    @property
    def _all(self) -> str:
        return f"; it can be {self.words}"

    def instead(self) -> str:
        return self.choices[0]


@dataclass(frozen=True)
class Length(Kind):
    """A duration. Value: `rules.durations.Duration`."""

    @property
    def words(self) -> str:
        return "a duration like 30s, 5m, 2h or 3d"

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        text = _written(node)
        if text is None:
            return walker.refuse(node, self, label)
        try:
            return parse_duration(text)
        except NotADuration as wrong:
            return walker.report("K006", node.place, f"{label}: {wrong}")

    def instead(self) -> Duration:
        return Duration(0)

    def of_default(self, default: Any, walker: Walker) -> Any:
        return parse_duration(default)


@dataclass(frozen=True)
class Id(Kind):
    """A name that is given here. Value: str."""

    reserved: frozenset[str] = frozenset()

    @property
    def words(self) -> str:
        return "an id: small letters, digits and _, beginning with a letter"

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        text = _written(node)
        if text is None:
            return walker.refuse(node, self, label)
        return text if is_new_id(node, walker, label, self.reserved) else WRONG

    def instead(self) -> str:
        return ""


def is_new_id(node: Node, walker: Walker, label: str, reserved: Collection[str] = ()) -> bool:
    """Says whether a scalar may be the id of something; reports it if not."""
    text = node.text if isinstance(node, Scalar) else ""
    if text in reserved:
        walker.report("K006", node.place, f"'{text}' has a meaning of its own and cannot be an id; choose another word")
    elif len(text) > LONGEST_ID:
        walker.report("K006", node.place, f"{shortened(text)} is too long for an id; {LONGEST_ID} letters at most")
    elif not ID_PATTERN.fullmatch(text):
        slug = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_0123456789")
        hint = f" — did you mean '{slug}'?" if slug else ""
        rule = "an id has small letters, digits and _, and begins with a letter"
        walker.report("K006", node.place, f"{shortened(text)} cannot be an id: {rule}{hint}")
    else:
        return True
    return False


@dataclass(frozen=True)
class Reference(Kind):
    """The id of something else; whether it exists is for the reader to say (K005). Value: str."""

    noun: str

    @property
    def words(self) -> str:
        return f"the id of a {self.noun}"

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        text = _written(node)
        return walker.refuse(node, self, label) if text is None else text

    def instead(self) -> str:
        return ""


@dataclass(frozen=True)
class ListOf(Kind):
    """Value: list; wrong items are left out."""

    item: Kind
    at_least: int = 0

    @property
    def words(self) -> str:
        return "a list"

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        if not isinstance(node, List) or len(node.items) < self.at_least:
            return walker.refuse(node, self, label)
        values = [walker.value(item, self.item, f"each of {label}") for item in node.items]
        return [value for value in values if value is not WRONG]

    def instead(self) -> list[Any]:
        return []


@dataclass(frozen=True)
class OneOrList(Kind):
    """Value: list, of one if only one is written."""

    item: Kind

    @property
    def words(self) -> str:
        return f"{self.item.words}, or a list"

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        if isinstance(node, List):
            return ListOf(self.item).read(node, walker, label)
        value = walker.value(node, self.item, label)
        return value if value is WRONG else [value]

    def instead(self) -> list[Any]:
        return []


@dataclass(frozen=True)
class Nested(Kind):
    """A map with a table of its own. Value: `Read`."""

    table: Table

    @property
    def words(self) -> str:
        return "a map of options"

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        return walker.read(node, self.table) if isinstance(node, Map) else walker.refuse(node, self, label)

    def instead(self) -> Any:
        return None


@dataclass(frozen=True)
class MapOf(Kind):
    """A section: things by their ids. Value: dict of id to value; a `Read` in it knows its `id` and `id_place`."""

    item: Kind
    noun: str
    reserved: frozenset[str] = frozenset()

    @property
    def words(self) -> str:
        return f"a map with an id for each {self.noun}"

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        if not isinstance(node, Map):
            return walker.refuse(node, self, label)
        values = {}
        for key, value in node.entries:
            named = is_new_id(key, walker, label, self.reserved)
            read = walker.value(value, self.item, f"{self.noun} '{key.text}'")
            if isinstance(read, Read):
                read.id, read.id_place, read.sound = key.text, key.place, read.sound and named
            if read is not WRONG:
                values[key.text] = read
        return values

    def instead(self) -> dict[str, Any]:
        return {}


@dataclass(frozen=True)
class AnyNode(Kind):
    """Whatever stands there, read by somebody else. Value: `Node`."""

    described: str = "anything"

    @property
    def words(self) -> str:
        return self.described

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        return node

    def instead(self) -> None:
        return None


@dataclass(frozen=True)
class Conditions(AnyNode):
    """Read later, with the facts that are in scope, by `rules.conditions.parse_conditions`. Value: `Node`."""

    described: str = "conditions"
