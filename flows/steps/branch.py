"""`branch`: the first case that is definitely true decides how the conversation goes on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from flows.knowing import known_where
from flows.steps.kinds import Follows
from flows.steps.step import Step, Then, common, step_table
from rules.conditions import FALSE, IR
from rules.kinds import Conditions
from rules.nodes import List, Map, Node
from rules.problems import NOWHERE, Place, did_you_mean
from rules.schema import Key, Kind, Read, Table, Walker

if TYPE_CHECKING:
    from flows.compiler import Build
    from flows.reading import Reading


@dataclass(frozen=True, slots=True)
class Case:
    """One way on; without a condition it is the `else`."""

    condition: IR | None
    then: Then
    place: Place = field(default=NOWHERE, compare=False)


CASE = Table(
    "case",
    {
        "when": Key(Conditions(), "this way is taken if all of these hold"),
        "unless": Key(Conditions(), "this way is not taken if one of these holds"),
        "if": Key(Conditions(), "the same in one line"),
        "then": Key(Follows(), "a step, or a list of steps, after which it goes on behind the branch", required=True),
    },
    "a case of 'branch'",
)
ELSE = Table(
    "else", {"else": Key(Follows(), "where to go on if nothing else holds", required=True)}, "a case of 'branch'"
)


@dataclass(frozen=True)
class Cases(Kind):
    """The ways on. Value: list of `Read`, by `CASE` or `ELSE`."""

    @property
    def words(self) -> str:
        return "a list of cases, each with 'when' (or 'if') and 'then'"

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        if not isinstance(node, List) or not node.items:
            return walker.refuse(node, self, label)
        cases = [self._case(item, walker) for item in node.items]
        for case in cases[:-1]:
            if case.table is ELSE:
                walker.report(
                    "K006", case.place, "'else' is the last case of a branch; nothing after it is ever reached"
                )
        return cases

    def instead(self) -> list[Read]:
        return []

    def _case(self, item: Node, walker: Walker) -> Read:
        if isinstance(item, Map) and (item.get("else") is not None or _means_else(item)):
            return walker.read(item, ELSE)
        case = walker.read(item, CASE)
        if case.map is not None and not any(case.wrote(key) for key in ("when", "unless", "if")):
            walker.report("K006", case.place, "a case needs 'when' or 'if'; the one for all that is left is 'else'")
        return case


def _means_else(item: Map) -> bool:
    """Says whether the only key of a case is a misspelt `else`."""
    keys = [key.text for key, _ in item.entries]
    return len(keys) == 1 and keys[0] not in CASE.keys and did_you_mean(keys[0], ("else", *CASE.keys)) == "else"


def _case(read: Read, reading: Reading) -> Case:
    if read.table is ELSE:
        return Case(None, reading.then(read["else"]), read.place)
    return Case(reading.condition(read.map) or FALSE, reading.then(read["then"]), read.place)


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchStep(Step):
    kind: ClassVar[str] = "branch"
    table: ClassVar[Table] = step_table(
        "branch", {"branch": Key(Cases(), "the ways on; the first that holds is taken, 'else' if none", required=True)}
    )

    cases: tuple[Case, ...]

    @classmethod
    def of(cls, read: Read, reading: Reading) -> Self:
        return cls(cases=tuple(_case(case, reading) for case in read["branch"] or ()), **common(read, reading))

    def inner(self) -> tuple[Then, ...]:
        return tuple(case.then for case in self.cases)

    def with_inner(self, thens: tuple[Then, ...]) -> Self:
        cases = (replace(case, then=then) for case, then in zip(self.cases, thens, strict=True))
        return replace(self, cases=tuple(cases))

    def compile(self, build: Build, after: str) -> None:
        state = build.state(self, "pass", words="chooses")
        missed = frozenset[str]()
        for case in self.cases:
            dest = build.lead(case.then, self, after)
            if case.condition is None:
                build.move("next", state, dest, implies=missed)
                return
            build.move("next", state, dest, build.condition(self, case.condition, place=case.place), implies=missed)
            missed |= known_where(case.condition, holds=False)
        build.move("next", state, after, implies=missed)
