"""A list of steps: which kind each one is, found by its key, and the rest checked against that kind only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rules import later
from rules.nodes import List, Map, Node, Scalar, Unreadable, in_quotes
from rules.problems import Place, did_you_mean
from rules.schema import Kind, Read, Table, Walker, found, shortened


@dataclass(frozen=True)
class Steps(Kind):
    """Value: list of `Read`, each with its `kind`; steps of unknown kind are left out after being reported.

    `tables` has one table for each kind of step, under the key that names the kind. It is read when it is needed, so a
    table may hold `Steps` of the same mapping.
    """

    tables: Mapping[str, Table]

    @property
    def words(self) -> str:
        return "a list of steps"

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        if not isinstance(node, List) or not node.items:
            return walker.refuse(node, self, label)
        return [read for item in node.items for read in self._steps_of(item, walker)]

    def instead(self) -> list[Read]:
        return []

    def _steps_of(self, item: Node, walker: Walker) -> list[Read]:
        if isinstance(item, Unreadable):
            return []
        if not isinstance(item, Map):
            walker.report(
                "K006", item.place, f"a step is a map like 'say: Hello', not {found(item)}", write=_mended(item)
            )
            return []
        kind, key = self._kind_of(item, walker)
        if kind is None:
            return []
        mine, others = self._apart(item, kind, key, walker)
        read = walker.read(mine, self.tables[kind])
        read.kind = kind
        return [read, *(step for other in others for step in self._steps_of(other, walker))]

    def _kind_of(self, item: Map, walker: Walker) -> tuple[str | None, str | None]:
        """Returns the kind of a step, the likely one if it is misspelt, and the key that stands for it."""
        kinds = [key.text for key, _ in item.entries if key.text in self.tables]
        if not kinds and (called := self._meant(item)) is not None:
            walker.report("K002", *called[:2], write=called[2])
            return None, None
        fitting = [kind for kind in kinds if all(other in self.tables[kind].keys for other in kinds)] or kinds
        misspelt = self._misspelt_kind(item, fitting[0] if fitting else None)
        if misspelt is None and fitting:
            return fitting[0], fitting[0]
        if misspelt is None:
            self._report_no_kind(item, walker)
            return None, None
        key, meant = misspelt
        walker.report("K002", key.place, f"unknown step {shortened(key.text)} — did you mean '{meant}'?")
        return meant, key.text

    def _meant(self, item: Map) -> tuple[Place, str, str] | None:
        """Returns what to say of a step that begins with what it is for, and what to write."""
        for key, value in item.entries[:1]:
            what = f"unknown step {shortened(key.text)}"
            if key.text in _QUESTIONS and "collect" in self.tables:
                if item.get("options") is not None or item.get("buttons") is not None:
                    return key.place, f"{what}; a question with options is 'buttons'", f"- buttons: {_as_text(value)}"
                return key.place, f"{what}; a question is 'collect' with its words as 'ask'", _question(value)
            if key.text in _CONDITIONS and "branch" in self.tables:
                write = f"- branch: [{{if: {_as_text(value)}, then: …}}]"
                return key.place, f"{what}; what depends on something is a 'branch'", write
        return None

    def _misspelt_kind(self, item: Map, present: str | None) -> tuple[Scalar, str] | None:
        """Returns a key that looks like the name of a kind and is likelier to be it than the one that is present."""
        for key, _ in item.entries:
            if key.text == present:
                return None
            if self._is_option(key.text) or key.text in later.keys_of("step"):
                continue
            meant = did_you_mean(key.text, self.tables)
            if meant and not (present and did_you_mean(key.text, self.tables[present].keys)):
                return key, meant
        return None

    def _is_option(self, name: str) -> bool:
        return any(name in table.keys for table in self.tables.values())

    def _report_no_kind(self, item: Map, walker: Walker) -> None:
        for key, _ in item.entries:
            if key.text in later.keys_of("step"):
                walker.report("K007", key.place, later.sentence(f"the step '{key.text}'"), why=later.ADVICE)
                return
        unknown = next((key for key, _ in item.entries if not self._is_option(key.text)), None)
        kinds = ", ".join(self.tables)
        if unknown:
            walker.report("K002", unknown.place, f"unknown step {shortened(unknown.text)}; the steps are {kinds}")
        else:
            walker.report("K002", item.place, f"this step does nothing; it needs one of {kinds}")

    def _apart(self, item: Map, kind: str, named: str | None, walker: Walker) -> tuple[Map, list[Map]]:
        """Returns the step without the other kinds of step that were written into it, and those as steps."""
        keys = self.tables[kind].keys
        mine: list[tuple[Scalar, Node]] = []
        others: list[Map] = []
        for key, value in item.entries:
            if key.text == named:
                mine.append((Scalar(key.place, key.end, kind, kind), value))
            elif key.text == "ask" and key.text not in keys and "collect" in self.tables:
                message = (
                    f"'ask' is not an option of a '{kind}' step; a question is a step of its own, with a 'collect'"
                )
                walker.report("K001", key.place, message, write=_question(value))
            elif key.text in self.tables and key.text not in keys:
                walker.report("K001", key.place, _one_thing(kind, key), write=_own_line(key, value))
                others.append(Map(key.place, value.end, ((key, value),)))
            else:
                mine.append((key, value))
        return Map(item.place, item.end, tuple(mine)), others


_QUESTIONS = ("question", "ask", "prompt", "input")
_CONDITIONS = ("condition", "conditions")


def _question(asked: Node) -> str:
    return f"- {{collect: answer, ask: {_as_text(asked)}}}"


def _as_text(node: Node) -> str:
    """Returns a text as it may stand between the signs of a map on one line."""
    text = node.text.strip() if isinstance(node, Scalar) else ""
    return (text if _PLAIN.fullmatch(text) else in_quotes(text)) if text else "…"


_PLAIN = re.compile(r"\w[\w ?!.]*")


def _one_thing(kind: str, key: Scalar) -> str:
    return f"'{key.text}' is not an option of a '{kind}' step but a step of its own; begin it with '- ' on its own line"


def _own_line(key: Scalar, value: Node) -> str | None:
    return f"- {key.text}: {value.text}" if isinstance(value, Scalar) and not value.quoted else None


def _mended(item: Node) -> str | None:
    """`say:Hello` lacks a space only."""
    if not isinstance(item, Scalar) or item.quoted:
        return None
    word, colon, rest = item.text.partition(":")
    return f"- {word}: {rest}" if colon and word.isidentifier() and rest else None
