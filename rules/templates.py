"""Texts with gaps: `{{ contact.name | default: "there" }}`. Read by python-liquid, output statements only.

A template is read once, when the site is loaded; what is wrong with it is said then. What fills its gaps is data:
values are looked up by name in a mapping, never evaluated, so that nothing a visitor wrote can act as a template.
The result is plain text; who puts it into HTML escapes it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from liquid import Environment
from liquid.builtin.content import ContentNode, Literal
from liquid.builtin.expressions import Filter as LiquidFilter
from liquid.builtin.expressions import FilteredExpression, Path
from liquid.builtin.expressions.primitive import FloatLiteral, IntegerLiteral, StringLiteral
from liquid.builtin.illegal import Illegal
from liquid.builtin.output import Output, OutputNode
from liquid.exceptions import LiquidError
from liquid.expression import Expression

from rules.filters import FILTERS, OTHER_WORDS, Argument, Manner, as_text
from rules.problems import did_you_mean

LONGEST_TEMPLATE = 10_000
LONGEST_OUTPUT = 10_000
LONGEST_GAP = 400
MOST_PROBLEMS = 20
"""So many are told of one text."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)*")
_BRACES = re.compile(r"\{\{|\}\}|\{%")
_HOW = 'a gap is a name and filters: {{ contact.name | default: "there" }}'
_SHOWN = 40


class TemplateProblem(ValueError):
    """A template that cannot be used; the text is a sentence for a marketer, `offset` the character it is about."""

    def __init__(self, message: str, offset: int, write: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.write = write
        """The corrected gap, where one can be given."""


@dataclass(frozen=True, slots=True)
class Name:
    """A variable that a template uses, where, and whether something is said when it is absent."""

    name: str
    offset: int
    has_default: bool
    behind: str = ""
    """The filter that it is given to, which is likely meant to get a text then."""

    @property
    def in_quotes(self) -> str | None:
        """What to write if it is no name but a text."""
        return f'{self.behind}: "{self.name}"' if self.behind and "." not in self.name else None


@dataclass(frozen=True, slots=True)
class _Variable:
    name: str

    def value_in(self, values: Mapping[str, Any]) -> object:
        """Returns the value of `a.b`: under that key, else under `b` in the mapping under `a`. Never an attribute."""
        found: object = values
        try:
            return values[self.name]
        except KeyError:
            pass
        for part in self.name.split("."):
            if not isinstance(found, Mapping) or part not in found:
                return None
            found = found[part]
        return found


@dataclass(frozen=True, slots=True)
class _Applied:
    name: str
    argument: Argument | _Variable


@dataclass(frozen=True, slots=True)
class _Gap:
    source: Argument | _Variable
    filters: tuple[_Applied, ...]

    def shown(self, values: Mapping[str, Any], manner: Manner) -> str:
        value = _value_of(self.source, values)
        for applied in self.filters:
            argument: Any = _value_of(applied.argument, values)
            value = FILTERS[applied.name].apply(value, argument, manner)
        return as_text(value, manner)


@dataclass(frozen=True, slots=True)
class Template:
    text: str
    names: tuple[Name, ...]
    parts: tuple[str | _Gap, ...]

    @property
    def only_name(self) -> str | None:
        """The name, if the text is one gap without filters and nothing else."""
        part = self.parts[0] if len(self.parts) == 1 else None
        bare = isinstance(part, _Gap) and not part.filters and isinstance(part.source, _Variable)
        return self.names[0].name if bare else None

    def render(
        self,
        values: Mapping[str, Any],
        language: str = "en",
        currency: str | None = None,
        timezone: ZoneInfo | str = "UTC",
    ) -> str:
        """Returns the text with its gaps filled; an absent value leaves nothing, its `default` takes its place.

        Values are found under their dotted name or in nested mappings. Never raises for any value.
        """
        if len(self.parts) == 1 and isinstance(self.parts[0], str):
            return self.parts[0]
        manner = Manner(language, currency, timezone if isinstance(timezone, ZoneInfo) else ZoneInfo(timezone))
        text = "".join(part if isinstance(part, str) else part.shown(values, manner) for part in self.parts)
        return text if len(text) <= LONGEST_OUTPUT else text[: LONGEST_OUTPUT - 1] + "…"


def parse_template(text: str) -> Template:
    """Returns the template; raises `TemplateProblem` for whatever is more than names and the filters we have."""
    _check_braces(text)
    try:
        nodes = _LIQUID.from_string(text).nodes
    except LiquidError as problem:
        raise _unreadable(text, problem) from problem
    names: list[Name] = []
    parts: list[str | _Gap] = []
    for node in nodes:
        if isinstance(node, ContentNode):
            parts.append(node.text)
        elif isinstance(node, OutputNode) and isinstance(node.expression, FilteredExpression):
            parts.append(_gap(text, node.expression, names))
        else:
            raise TemplateProblem(f"this cannot stand in a text; {_HOW}", node.token.start_index)
    return Template(text, tuple(names), tuple(parts))


def read_template(text: str) -> tuple[Template, list[TemplateProblem]]:
    """Returns the template of the gaps that can be used, and what is wrong with each of the others."""
    problems: list[TemplateProblem] = []
    rest = text
    while True:
        try:
            return parse_template(rest), problems
        except TemplateProblem as problem:
            problems.append(problem)
            rest = _without_gap(rest, problem.offset) if len(problems) < MOST_PROBLEMS else ""


def _without_gap(text: str, offset: int) -> str:
    """Returns the text with spaces for the gap that this character is in; nothing of a text that has none there."""
    opened = text.rfind("{{", 0, offset + 2)
    closed = text.find("}}", max(opened, 0)) + 2
    if opened < 0 or closed <= offset:
        return ""
    return text[:opened] + " " * (closed - opened) + text[closed:]


class _OutputStatementsOnly(Environment):
    """Knows no tag and none of Liquid's filters, so there is nothing in it to escape with."""

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        for tag in (Literal, Output, Illegal):
            self.add_tag(tag)


_LIQUID = _OutputStatementsOnly()


def _check_braces(text: str) -> None:
    """Refuses tags and braces without their other half, which Liquid would pass over, or search for a long time."""
    if len(text) > LONGEST_TEMPLATE:
        raise TemplateProblem(f"this text has {len(text)} characters, {LONGEST_TEMPLATE} at most", 0)
    opened: int | None = None
    for brace in _BRACES.finditer(text):
        if brace.group() == "{%":
            message = "a text has no tags such as {% if %}; what depends on something is a 'branch' or a 'when'"
            raise TemplateProblem(message, brace.start())
        if brace.group() == "{{":
            if opened is not None:
                break
            opened = brace.start()
        elif opened is None:
            raise TemplateProblem(f"there is a }}}} without its {{{{; {_HOW}", brace.start())
        else:
            _check_gap(text[opened + 2 : brace.start()], opened)
            opened = None
    if opened is not None:
        raise TemplateProblem(f"there is a {{{{ without its }}}}; {_HOW}", opened)


def _check_gap(inside: str, opened: int) -> None:
    if not inside.strip("- \t\r\n"):
        raise TemplateProblem(f"{{{{ }}}} has no name in it; {_HOW}", opened)
    if len(inside) > LONGEST_GAP:
        raise TemplateProblem(
            f"there are {len(inside)} characters between {{{{ and }}}}, {LONGEST_GAP} at most", opened
        )


def _gap(text: str, expression: FilteredExpression, names: list[Name]) -> _Gap:
    filters = expression.filters or []
    has_default = any(found.name == "default" for found in filters)
    source = _operand(text, expression.left, names, has_default)
    return _Gap(source, tuple(_applied(text, found, names) for found in filters))


def _operand(
    text: str, node: Expression, names: list[Name], has_default: bool, behind: str = ""
) -> Argument | _Variable:
    """Returns what a gap begins with or a filter is given: a name, a text or a number."""
    if isinstance(node, StringLiteral | IntegerLiteral | FloatLiteral):
        return node.value
    if not isinstance(node, Path):
        raise TemplateProblem(f"{_found(text, node.token.start_index)} is no name; {_HOW}", node.token.start_index)
    name = ".".join(part for part in node.path if isinstance(part, str))
    if not all(isinstance(part, str) and _NAME.fullmatch(part) for part in node.path):
        message = f"{_found(text, node.token.start_index)} is no name; a name has letters, digits and dots between them"
        raise TemplateProblem(message, node.token.start_index)
    names.append(Name(name, node.token.start_index, has_default, behind))
    return _Variable(name)


def _applied(text: str, found: LiquidFilter, names: list[Name]) -> _Applied:
    offset = found.token.start_index
    known = FILTERS.get(found.name)
    if known is None:
        meant = did_you_mean(found.name, FILTERS, OTHER_WORDS)
        hint = f" — did you mean '{meant}'?" if meant else f"; there are {', '.join(FILTERS)}"
        raise TemplateProblem(f"there is no filter {_short(found.name)}{hint}", offset)
    example = f", for example {known.example}" if known.example else ""
    if len(found.args) > (known.takes != "nothing") or any(hasattr(argument, "name") for argument in found.args):
        takes = "takes nothing after it" if known.takes == "nothing" else f"takes one thing after its colon{example}"
        raise TemplateProblem(f"the filter '{found.name}' {takes}", offset)
    if not found.args:
        if known.needs_it:
            raise TemplateProblem(f"the filter '{found.name}' needs what to say instead{example}", offset)
        return _Applied(found.name, None)
    value = _operand(text, found.args[0].value, names, has_default=False, behind=found.name)
    _check_argument(found.name, value, found.args[0].token.start_index)
    return _Applied(found.name, value)


def _check_argument(name: str, value: Argument | _Variable, offset: int) -> None:
    known = FILTERS[name]
    if known.takes == "text" and not isinstance(value, str):
        raise TemplateProblem(f"the filter '{name}' takes a text in quotes, for example {known.example}", offset)
    if known.takes == "number" and (not isinstance(value, int) or not 0 <= value <= known.at_most):
        to = f"a whole number from 0 to {known.at_most}"
        raise TemplateProblem(f"the filter '{name}' takes {to}, for example {known.example}", offset)
    if known.choices and value not in known.choices:
        meant = did_you_mean(str(value), known.choices, {})
        hint = f" — did you mean '{meant}'?" if meant else f"; there are {', '.join(known.choices)}"
        raise TemplateProblem(f"the filter '{name}' does not know {_short(str(value))}{hint}", offset)


def _unreadable(text: str, problem: LiquidError) -> TemplateProblem:
    offset = problem.token.start_index if problem.token and problem.token.start_index >= 0 else 0
    opened = text.rfind("{{", 0, offset + 2)
    gap = text[opened : text.find("}}", opened) + 2] if opened >= 0 else text
    return TemplateProblem(f"{_short(gap)} cannot be read; {_HOW}", max(opened, 0))


def _found(text: str, offset: int) -> str:
    """Returns what stands at this character, up to the next filter or the end of the gap."""
    rest = re.split(r"[|}]", text[offset : offset + 200], maxsplit=1)[0]
    return _short(rest.strip())


def _short(text: str) -> str:
    line = " ".join(text.split())
    return f"'{line}'" if len(line) <= _SHOWN else f"'{line[:_SHOWN]}…'"


def _value_of(source: Argument | _Variable, values: Mapping[str, Any]) -> object:
    return source.value_in(values) if isinstance(source, _Variable) else source
