"""Gaps in texts that no flow says: `{{ contact.name }}` in a prepared answer, `{{ site.name }}` in the greeting."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from bot.site.reading import Reading
from flows.checks.written import SITE_NAMES
from rules.facts import Scope
from rules.nodes import List, Map, Node, Scalar
from rules.problems import did_you_mean
from rules.templates import Name, read_template

DESK_NAMES = ("agent.name", *SITE_NAMES)
RULE_TEXTS = ("answer", "warn", "note")


def check_gaps(node: Node | None, contact: Collection[str] | None, reading: Reading) -> None:
    """Reports gaps of a prepared answer that nothing would ever fill; without `contact`, anything may."""
    known = [*(f"contact.{name}" for name in contact), *DESK_NAMES] if contact is not None else None
    _check(node, known, reading)


def check_site_gaps(node: Node | None, reading: Reading) -> None:
    """Reports gaps of a text that is the same for everybody."""
    _check(node, ["site.name"], reading)


def refuse_gaps_of_triggers(section: Node | None, reading: Reading) -> None:
    """Reports gaps in what triggers say, for that is said as it is written."""
    triggers = [node for _, node in section.entries if isinstance(node, Map)] if isinstance(section, Map) else []
    for scalar in (scalar for node in triggers for key in ("say", "buttons") for scalar in _scalars(node.get(key))):
        at = scalar.text.find("{{")
        if at >= 0:
            message = "a gap in the message of a trigger is not yet in this version"
            reading.walker.report("K007", scalar.place_at(at), message)


def check_rule_gaps(section: Node | None, scope: Scope, reading: Reading) -> None:
    """Reports gaps in what rules say that nothing would fill, or that may be empty when it is said."""
    rules = [node for _, node in section.entries if isinstance(node, Map)] if isinstance(section, Map) else []
    names = [*scope.names(), *SITE_NAMES]
    for scalar in (scalar for node in rules for key in RULE_TEXTS for scalar in _values(node.get(key))):
        for used in _check(scalar, names, reading, scope):
            if not used.has_default and used.name not in SITE_NAMES:
                default = f'{{{{ {used.name} | default: "…" }}}}'
                message = f"{{{{ {used.name} }}}} may be empty when a rule says it. Use {default}"
                reading.walker.report("F006", scalar.place_at(used.offset), message)


def _check(
    node: Node | None, known: Collection[str] | None, reading: Reading, scope: Scope | None = None
) -> Iterable[Name]:
    """Reports gaps that nothing fills, and returns the others."""
    filled: list[Name] = []
    for scalar in _scalars(node):
        template, problems = read_template(scalar.text)
        for problem in problems:
            reading.walker.report("F007", scalar.place_at(problem.offset), problem.message, write=problem.write)
        for used in template.names:
            if known is None or used.name in known or (scope and scope.find(used.name)):
                filled.append(used)
            else:
                meant = did_you_mean(used.name, known)
                hint = f" — did you mean '{meant}'?" if meant else _only(known) if scope is None else ""
                if used.in_quotes:
                    hint = f"; a text behind '{used.behind}' is put in quotes"
                message = f"nothing fills the gap '{used.name}' here{hint}"
                reading.walker.report("F007", scalar.place_at(used.offset), message, write=used.in_quotes)
    return filled


def _only(known: Collection[str]) -> str:
    return f"; only {', '.join(known)} can stand here"


def _scalars(node: Node | None) -> Iterable[Scalar]:
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, List):
        for item in node.items:
            yield from _scalars(item)
    elif isinstance(node, Map):
        for key, value in node.entries:
            yield key
            yield from _scalars(value)


def _values(node: Node | None) -> Iterable[Scalar]:
    """Yields the texts of a node, which has one or one for each language."""
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Map):
        yield from (value for _, value in node.entries if isinstance(value, Scalar))
