"""Kinds of one plain value: words, numbers, shares, yes or no, choices, durations."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from rules import later
from rules.comparisons import percentage_meant
from rules.durations import UNITS, Duration, NotADuration, parse_duration
from rules.nodes import Node, Scalar
from rules.problems import suggestion
from rules.schema import Kind, Walker, shortened

_TRUE = frozenset({"true", "yes", "on"})
_FALSE = frozenset({"false", "no", "off"})


def written(node: Node) -> str | None:
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
        text = written(node)
        if text is None or (self.pattern and not re.fullmatch(self.pattern, text)):
            return walker.refuse(node, self, label)
        return text

    def instead(self) -> str:
        return ""


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
        if better := percentage_meant(written(node) or ""):
            message = f"{label} is {self.words}, not '{written(node)}' — did you mean '{better}'?"
            return walker.report("K006", node.place, message)
        share_of = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{1,4})?) ?%?", written(node) or "")
        share = float(share_of[1]) if share_of else 101.0
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
        word = (written(node) or "").lower()
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
        text = written(node)
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

    working: bool = False
    """Whether it may be counted in working hours."""
    usual: str = "s"
    """The unit that was likely meant where none is written."""

    @property
    def words(self) -> str:
        return f"a duration like 30s, 5m, 2h or {'2 working hours' if self.working else '3d'}"

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        text = written(node)
        if text is None:
            return walker.refuse(node, self, label)
        try:
            length = parse_duration(text, self.usual)
        except NotADuration as wrong:
            return walker.report("K006", node.place, f"{label}: {wrong}")
        if length.working and not self.working:
            return walker.report("K007", node.place, f"{label}: {later.sentence('time in working hours')}")
        return length

    def beside(self, default: Any) -> Kind:
        """Returns the same with the unit of the default: after `7d` are meant days."""
        return replace(self, usual=default[-1]) if isinstance(default, str) and default[-1:] in UNITS else self

    def instead(self) -> Duration:
        return Duration(0)

    def of_default(self, default: Any, walker: Walker) -> Any:
        return parse_duration(default)
