"""Reads `when`, `unless` and `if` of a map into one condition: checked against the facts that are in scope.

`if:` has a grammar of its own, in `rules.condition_line`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rules.comparisons import OPERATORS, Unfit, Written, bare, compared, one_of, pattern_advice
from rules.condition_line import DEEPEST, parse_if
from rules.conditions import IR, all_of, any_of, negated
from rules.facts import Fact, Scope
from rules.nodes import List, Map, Node, Scalar, Unreadable, in_quotes
from rules.problems import Place, Problem, did_you_mean, error, warning

GROUPS = ("any", "all", "not")
KEYS = ("when", "unless", "if")
"""The keys of a map that hold its conditions."""


def parse_conditions(node: Map, scope: Scope, problems: list[Problem]) -> IR | None:
    """Returns what `when`, `unless` and `if` of this map say together; None if it has none of them."""
    readers: tuple[tuple[str, Callable[[Node, Scope, list[Problem]], IR]], ...] = (
        ("when", parse_when),
        ("unless", parse_unless),
        ("if", parse_if),
    )
    parts = [read(value, scope, problems) for key, read in readers if (value := node.get(key)) is not None]
    return all_of(parts) if parts else None


def parse_when(node: Node, scope: Scope, problems: list[Problem]) -> IR:
    """Returns the condition that all entries hold; entries with a problem are left out after reporting it."""
    return all_of(_Reader(scope, problems).entries_of(node, "when"))


def parse_unless(node: Node, scope: Scope, problems: list[Problem]) -> IR:
    """Returns the condition that no entry holds; entries with a problem are left out after reporting it."""
    return all_of([negated(part) for part in _Reader(scope, problems).entries_of(node, "unless")])


@dataclass(frozen=True, slots=True)
class _Reader:
    scope: Scope
    problems: list[Problem]
    depth: int = 0

    def entries_of(self, node: Node, name: str) -> list[IR]:
        """Returns one condition for each entry of a map, or reports what stands there instead of one."""
        if isinstance(node, Map):
            parts = (self._entry(key, value) for key, value in node.entries)
            return [part for part in parts if part is not None]
        if not isinstance(node, Unreadable):
            self._not_a_map(node, name)
        return []

    def _not_a_map(self, node: Node, name: str) -> None:
        if isinstance(node, List):
            self._report(node.place, *_of_list(node, name))
        elif isinstance(node, Scalar) and node.text.strip():
            message = (
                f"'{name}' is a map like 'page: /pricing*', not a line; a condition in one line is written as 'if'"
            )
            self._report(node.place, message, write=f"if: {node.text.strip()}" if name == "when" else None)
        else:
            self._report(node.place, f"'{name}' is empty; it takes conditions like 'page: /pricing*'")

    def _entry(self, key: Scalar, value: Node) -> IR | None:
        if key.text in GROUPS:
            return self._group(key.text, value)
        if key.text in OPERATORS and self.scope.find(key.text) is None:
            self._refuse_bare_operator(key, value)
            return None
        fact = self.scope.resolve(key.text, key.place, self.problems, also=GROUPS)
        return None if fact is None or isinstance(value, Unreadable) else self._of_fact(fact, value)

    def _refuse_bare_operator(self, key: Scalar, value: Node) -> None:
        """Reports `must: {starts: AB}`, which compares nothing."""
        fact = "value" if "value" in self.scope.slots else "page"
        what = value.text if isinstance(value, Scalar) and value.text else "…"
        message = f"'{key.text}' says how to compare, and what is compared must stand in front of it"
        self.problems.append(error("K003", key.place, message, write=f"{fact}: {{{key.text}: {what}}}"))

    def _group(self, name: str, value: Node) -> IR | None:
        inside = _Reader(self.scope, self.problems, self.depth + 1)
        if inside.depth > DEEPEST:
            self._report(value.place, "there are too many conditions inside one another")
            return None
        if name == "not":
            if isinstance(value, Map):
                self._refuse_empty(value, name)
                return negated(all_of(inside.entries_of(value, "not")))
            if not isinstance(value, Unreadable):
                self._report(value.place, "'not' is a map of conditions that must not hold together")
            return None
        if not isinstance(value, List):
            if not isinstance(value, Unreadable):
                message = f"'{name}' is a list of maps, each with a dash in front, like  - page: /pricing*"
                self._report(value.place, message)
            return None
        for each in value.items if value.items else (value,):
            self._refuse_empty(each, name)
        parts = [all_of(inside.entries_of(item, name)) for item in value.items]
        return all_of(parts) if name == "all" else any_of(parts)

    def _refuse_empty(self, group: Node, name: str) -> None:
        """Reports a list or map without anything in it, which would hold always or never."""
        if (isinstance(group, Map) and not group.entries) or (isinstance(group, List) and not group.items):
            self._report(group.place, f"there is no condition below '{name}'; it takes some like 'page: /pricing*'")

    def _of_fact(self, fact: Fact, value: Node) -> IR | None:
        if isinstance(value, Map):
            return self._by_operators(fact, value)
        if isinstance(value, List):
            return self._any_of(fact, value)
        if isinstance(value, Scalar) and value.value is not None:
            return self._taken(fact, bare(fact, _written(value)), value.place)
        self._report(value.place, f"'{fact.name}' needs a value", write=fact.example)
        return None

    def _any_of(self, fact: Fact, values: List) -> IR | None:
        if not values.items:
            self._report(values.place, f"the list beside '{fact.name}' is empty, so nothing is in it")
            return None
        parts = [self._listed(fact, item) for item in values.items]
        return None if None in parts else one_of(fact, [part for part in parts if part is not None])

    def _listed(self, fact: Fact, item: Node) -> IR | None:
        if not isinstance(item, Scalar) or item.value is None:
            if not isinstance(item, Unreadable):
                self._report(item.place, f"a list beside '{fact.name}' holds single values, any of which may be")
            return None
        if item.text.lower().startswith("not "):
            message = "a 'not' in a list would let nearly everything in; write together what is not wanted"
            self._report(item.place, message, write=f"{fact.name}: {{not: [{item.text[4:].strip()}, …]}}")
            return None
        return self._taken(fact, bare(fact, _written(item)), item.place)

    def _by_operators(self, fact: Fact, operators: Map) -> IR | None:
        if not operators.entries:
            self._report(operators.place, f"'{fact.name}' needs a value", write=fact.example)
            return None
        parts = [self._operator(fact, key, value) for key, value in operators.entries]
        return None if None in parts else all_of([part for part in parts if part is not None])

    def _operator(self, fact: Fact, key: Scalar, value: Node) -> IR | None:
        if key.text not in OPERATORS:
            self._unknown_operator(fact, key)
            return None
        if key.text == "known":
            return self._known(fact, value)
        values = _scalars(value)
        if values is None:
            if not isinstance(value, Unreadable):
                self._report(value.place, f"'{key.text}' takes a value or a list of values")
            return None
        written = [_written(one) for one in values]
        if advice := pattern_advice(key.text, written):
            self.problems.append(warning("K010", value.place, advice))
        return self._taken(fact, compared(fact, key.text, written), value.place, key.text)

    def _unknown_operator(self, fact: Fact, key: Scalar) -> None:
        synonyms = {"equals": ("is",), "min": ("at_least",), "max": ("at_most",), "over": ("more_than",)}
        synonyms |= {"under": ("less_than",), "like": ("matches",), "includes": ("contains",), "in": ("is",)}
        meant = did_you_mean(key.text, OPERATORS, synonyms)
        hint = f" — did you mean '{meant}'?" if meant else f"; there are {', '.join(OPERATORS)}"
        self.problems.append(error("K001", key.place, f"'{key.text}' does not compare '{fact.name}'{hint}"))

    def _known(self, fact: Fact, value: Node) -> IR | None:
        if isinstance(value, Scalar) and isinstance(value.value, bool):
            return ("known", fact.name) if value.value else negated(("known", fact.name))
        if not isinstance(value, Unreadable):
            self._report(value.place, "'known' is true or false")
        return None

    def _taken(self, fact: Fact, read: IR | Unfit, place: Place, operator: str | None = None) -> IR | None:
        if not isinstance(read, Unfit):
            return read
        better = read.write
        if better is not None:
            better = f"{fact.name}: {{{operator}: {better}}}" if operator else f"{fact.name}: {better}"
        self._report(place, read.message, write=better)
        return None

    def _report(self, place: Place, message: str, write: str | None = None) -> None:
        self.problems.append(error("K006", place, message, write=write))


def _of_list(items: List, name: str) -> tuple[str, str | None]:
    """Returns what to say of a list of conditions, and the map to write."""
    entries = [entry for item in items.items if isinstance(item, Map) for entry in item.entries]
    together = "each of them is an exception" if name == "unless" else "all of them must hold"
    message = f"'{name}' is a map of conditions, not a list; without the dashes {together}"
    if name not in KEYS or not entries:
        return f"'{name}' is a map of conditions, not a list; write 'all:' or 'any:' above the list", None
    if name == "when":
        message += "; where one of them is enough, write 'any:' above the list"
    facts = [key.text for key, _ in entries]
    texts = [_on_one_line(value) for _, value in entries]
    if len(set(facts)) == len(facts):
        return message, f"{name}: {{{', '.join(f'{fact}: {text}' for fact, text in zip(facts, texts, strict=True))}}}"
    return message, f"{name}: {{{facts[0]}: [{', '.join(texts)}]}}" if len(set(facts)) == 1 else None


def _on_one_line(node: Node) -> str:
    if isinstance(node, List) and node.items:
        return f"[{', '.join(_on_one_line(item) for item in node.items)}]"
    if not isinstance(node, Scalar):
        return "…"
    return in_quotes(node.text) if node.quoted or re.search(r"[,:\[\]{}#]", node.text) else node.text


def _scalars(node: Node) -> Sequence[Scalar] | None:
    """Returns the single values that stand there, None if there is anything else."""
    items = node.items if isinstance(node, List) else (node,)
    scalars = [item for item in items if isinstance(item, Scalar) and item.value is not None]
    return scalars if scalars and len(scalars) == len(items) else None


def _written(node: Scalar) -> Written:
    return Written(node.text, node.quoted)
