"""Sorts what the files of a site hold into sections: any file may hold any of them, and an id exists once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import takewhile

from rules import later
from rules.nodes import Map, Node, Scalar, Unreadable
from rules.problems import Place, Problem, did_you_mean, error, suggestion

TRANSLATIONS = "translations"
SECTIONS = (
    "site",
    "opening_hours",
    "departments",
    "widget",
    "manners",
    "conversation",
    "attributes",
    "responses",
    "privacy",
    "flows",
    "triggers",
    "rules",
    TRANSLATIONS,
)
_GATHERED = tuple(name for name in SECTIONS if name != TRANSLATIONS)
_NESTED = frozenset({"attributes"})
"""Sections of sections: the ids are one level further down."""
_OPTIONS = frozenset({"site", "widget", "manners", "conversation", "privacy"})
"""Sections that hold options, and no things of which there are several."""


@dataclass
class _Gathered:
    first: Node
    entries: list[tuple[Scalar, Node]] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)


def sections_of(documents: Iterable[Map], problems: list[Problem]) -> dict[str, Node]:
    """Returns each section as one map, whichever files it is spread over; translations belong to their files."""
    gathered: dict[str, _Gathered] = {}
    for document in documents:
        for key, value in _as_meant(document, problems):
            if key.text != TRANSLATIONS and not isinstance(value, Unreadable):
                _add(gathered, key, value, problems)
    return {name: _joined(section, problems, name) for name, section in gathered.items()}


def _as_meant(document: Map, problems: list[Problem]) -> Iterator[tuple[Scalar, Node]]:
    """Yields the sections of a file: also those that are misspelt, and one whose lines are not indented.

    Each of these is told once; what is in it is read, so that nothing else seems to be missing.
    """
    entries = list(document.entries)
    while entries:
        key, value = entries.pop(0)
        meant = did_you_mean(key.text, _GATHERED) if isinstance(value, Map) else None
        if key.text in SECTIONS:
            beside = list(takewhile(lambda entry: _is_no_section(*entry), entries)) if _is_empty(value) else []
            if beside and key.text != TRANSLATIONS:
                message = f"nothing is written below '{key.text}'; begin the lines that belong to it with two spaces"
                first = beside[0][0].text
                problems.append(error("K006", key.place, message, write=f"  {first}: …"))
                value = Map(key.place, beside[-1][1].end, tuple(beside))
                del entries[: len(beside)]
            yield key, value
        else:
            problems.append(_unknown(key))
            if meant is not None:
                yield replace(key, text=meant), value


def _is_empty(value: Node) -> bool:
    return isinstance(value, Scalar) and value.value is None and not value.text


def _is_no_section(key: Scalar, value: Node) -> bool:
    return key.text not in (*SECTIONS, *later.keys_of("file")) and (
        did_you_mean(key.text, SECTIONS) is None or not isinstance(value, Map)
    )


def translations_of(documents: Iterable[Map]) -> dict[str, Map]:
    """Returns the translations of each file that has any."""
    sections = ((document.place.file, document.get(TRANSLATIONS)) for document in documents)
    return {file: section for file, section in sections if isinstance(section, Map)}


def ids_of(sections: Mapping[str, Node]) -> dict[str, tuple[str, ...]]:
    """Returns the ids that are written in each section, right or wrong as what they hold may be."""
    return {
        name: tuple(key.text for key, _ in node.entries) for name, node in sections.items() if isinstance(node, Map)
    }


def _unknown(key: Scalar) -> Problem:
    if key.text in later.keys_of("file"):
        return error("K007", key.place, later.sentence(f"the section '{key.text}'"), why=later.ADVICE)
    hint = suggestion(key.text, SECTIONS) or f"; there are {', '.join(SECTIONS)}"
    return error("K001", key.place, f"there is no section '{key.text[:40]}'{hint}")


def _add(gathered: dict[str, _Gathered], key: Scalar, value: Node, problems: list[Problem]) -> None:
    section = gathered.setdefault(key.text, _Gathered(value))
    if not isinstance(value, Map):
        empty = isinstance(value, Scalar) and value.value is None
        what = (
            f"nothing is written below '{key.text}'" if empty else f"'{key.text}' is a map with a line for each entry"
        )
        problems.append(error("K006", key.place if empty else value.place, what))
        return
    section.first = value if not section.entries else section.first
    section.entries += value.entries


def _joined(section: _Gathered, problems: list[Problem], name: str) -> Node:
    once: dict[str, tuple[Scalar, Node]] = {}
    for key, value in section.entries:
        if key.text not in once:
            once[key.text] = (key, value)
        elif name in _NESTED and isinstance(value, Map) and isinstance(once[key.text][1], Map):
            first_key, first = once[key.text]
            both = _Gathered(first, [*first.entries, *value.entries])  # type: ignore[union-attr]
            once[key.text] = (first_key, _joined(both, problems, key.text))
        elif key.place.file != once[key.text][0].place.file:
            first_place = once[key.text][0].place
            where = f"{first_place.file} line {first_place.line}"
            remedy = f"an option of '{name}' is written in one place" if name in _OPTIONS else "give it another id"
            problems.append(error("Y003", key.place, f"'{key.text[:40]}' is there already ({where}); {remedy}"))
    return Map(section.first.place, section.first.end, tuple(once.values()))
