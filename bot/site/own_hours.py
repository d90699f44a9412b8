"""Where the hours of the site itself are asked for, though none of those that are written is called `default`.

Such a site counts as open round the clock, which nobody who wrote down any hours can mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from rules.nodes import List, Map, Node, Scalar
from rules.problems import Place, Problem, warning
from triggers.trigger import Trigger

_ASKING = ("when", "unless", "if", "start_when")
_ASKED = re.compile(r"\bopening_hours\b")
_SAID = re.compile(r"\{\{\s*site\.(?:opening_hours|next_opening)\b")
_BY_A_DEPARTMENT = ", or write 'from' and a department, whose hours are meant then"
_OF_A_DEPARTMENT = ", unless some department has the conversation by then, whose hours are meant"
_TIMES = (("hours", "open"), ("hours", "closed"), ("until", "open"))
"""`active` of a trigger, and a flow that waits."""


def nameless_hours(sections: Mapping[str, Node], triggers: Mapping[str, Trigger]) -> Iterator[Problem]:
    """Yields a warning wherever the hours of the site are meant, if there are some and none is called so."""
    hours = sections.get("opening_hours")
    if not isinstance(hours, Map) or not hours.entries or hours.get("default") is not None:
        return
    none = "none of 'opening_hours' is called 'default', so"
    remedy = _remedy(hours)
    offline = _offline_of_others(sections)
    for place, who, also in _departments(sections, hours):
        yield warning("S001", place, f"{none} {who} is open round the clock; {remedy}{also}")
    for section in ("triggers", "rules", "flows", "responses"):
        also = _BY_A_DEPARTMENT if section == "triggers" else _OF_A_DEPARTMENT
        for key, node in _entries(sections.get(section)):
            if section == "flows" and key.text in offline:
                continue
            if section == "triggers" and key.text in triggers and triggers[key.text].department is not None:
                continue
            for place in _uses(node):
                yield warning("S001", place, f"{none} the site counts as open round the clock here; {remedy}{also}")


def _remedy(hours: Map) -> str:
    first = hours.entries[0][0]
    at = f"({first.place.file}:{first.place.line})"
    return f"call '{first.text}' 'default' {at}" if len(hours.entries) == 1 else f"call the site's own 'default' {at}"


def _departments(sections: Mapping[str, Node], hours: Map) -> Iterator[tuple[Place, str, str]]:
    """Yields the departments that keep the hours of the site, as each does that names no others."""
    departments = _entries(sections.get("departments"))
    for key, node in departments:
        written = node.get("opening_hours") if isinstance(node, Map) else None
        if written is None or (isinstance(written, Scalar) and written.text == "default"):
            place = written.place if written is not None else key.place
            yield place, f"department '{key.text}'", f", or write 'opening_hours: {hours.entries[0][0].text}' here"
    if not departments:
        yield hours.entries[0][0].place, "nobody keeps them and the site", ""


def _offline_of_others(sections: Mapping[str, Node]) -> frozenset[str]:
    """Returns the flows that begin where nobody of a department is there: its hours are meant there."""
    nodes = [node for _, node in _entries(sections.get("departments"))]
    offline = (node.get("offline") for node in nodes if isinstance(node, Map) and node.get("opening_hours") is not None)
    return frozenset(each.text for each in offline if isinstance(each, Scalar))


def _entries(section: Node | None) -> tuple[tuple[Scalar, Node], ...]:
    return section.entries if isinstance(section, Map) else ()


def _uses(node: Node, *, asks: bool = False) -> Iterator[Place]:
    """Yields the places where something depends on the hours; `asks` where the node is a condition."""
    if isinstance(node, Scalar):
        found = (_ASKED if asks else _SAID).search(node.text)
        if found is not None:
            yield node.place_at(found.start())
    elif isinstance(node, List):
        for item in node.items:
            yield from _uses(item, asks=asks)
    elif isinstance(node, Map):
        for key, value in node.entries:
            if asks and _ASKED.fullmatch(key.text):
                yield key.place
            elif isinstance(value, Scalar) and ((key.text, value.text) in _TIMES or _is_working_time(key, value)):
                yield value.place
            else:
                yield from _uses(value, asks=asks or key.text in _ASKING)


def _is_working_time(key: Scalar, value: Scalar) -> bool:
    return key.text in ("wait", "after") and " working " in value.text
