"""What every step has in common, and what a list of steps can stand for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

from flows.targets import RESERVED, Target
from rules.conditions import IR
from rules.facts import Kind as FactKind
from rules.kinds import Conditions, Id, Word
from rules.problems import NOWHERE, Place
from rules.schema import Key, Read, Table

if TYPE_CHECKING:
    from flows.compiler import Build
    from flows.reading import Reading
    from flows.steps.given import Given
    from flows.wording import Wording

COMMON_KEYS: Mapping[str, Key] = {
    "id": Key(Id(RESERVED), "the name of the step; without it, its kind with a slot or a number"),
    "when": Key(Conditions(), "the step is skipped unless all of these hold"),
    "unless": Key(Conditions(), "the step is skipped if one of these holds"),
    "if": Key(Conditions(), "the same in one line"),
    "was": Key(Id(), "the name the step had before, so that conversations inside of it move along"),
    "note_to_self": Key(Word(), "a remark for whoever reads the file"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(ABC):
    """One item of a flow. `id` is empty until the flow names it."""

    kind: ClassVar[str]
    table: ClassVar[Table]

    id: str = ""
    place: Place = field(default=NOWHERE, compare=False)
    condition: IR | None = None
    """The step is skipped unless this is definitely true; None means never skipped."""
    was: str | None = None
    """The id this step had before, so that a conversation inside of it can move along."""
    interruptible: bool | None = None
    """Whether phrases such as "a person, please" work here; None means as the flow says."""

    @classmethod
    @abstractmethod
    def of(cls, read: Read, reading: Reading) -> Self:
        """Returns the step that was read by its table."""

    @classmethod
    def declares(cls, read: Read, reading: Reading) -> dict[str, FactKind]:
        """Returns the slots the step that was read may fill, before conditions about them can be read."""
        return {}

    @classmethod
    def declares_later(cls, read: Read) -> dict[str, Given]:
        """Returns slots the step may fill with what is of a kind only once all other slots are known."""
        return {}

    def slot_of_id(self) -> str | None:
        """Returns the slot this step is named after, if it is named after one."""
        return None

    def inner(self) -> tuple[Then, ...]:
        """Returns what may follow from within this step, in the order of the file."""
        return ()

    def with_inner(self, thens: tuple[Then, ...]) -> Self:
        """Returns this step with other steps inside, as many as `inner` gave."""
        return self

    def skips_known(self) -> bool:
        """Says whether this step is passed over when its answer is known already."""
        return False

    def compile_gate(self, build: Build, gate: str, after: str) -> None:  # noqa: B027 - most steps have nothing to add
        """Adds what leads past this step when its answer is known."""

    def wordings(self) -> tuple[Wording, ...]:
        """Returns every text this step says, for the checks."""
        return ()

    def targets(self) -> tuple[Target, ...]:
        """Returns every target written in this step, not those of the steps inside it."""
        return tuple(then for then in self.inner() if isinstance(then, Target))

    def writes(self) -> dict[str, str]:
        """Returns the slots this step may fill, with their types."""
        return {}

    def asks_for(self) -> tuple[str, ...]:
        """Returns the slots this step asks the visitor for."""
        return ()

    def saves_to_contact(self) -> frozenset[str]:
        """Returns those of its slots that become attributes of the contact."""
        return frozenset()

    @abstractmethod
    def compile(self, build: Build, after: str) -> None:
        """Adds the states and transitions of this step; `after` is the state that follows it."""


_ELSEWHERE = {"then": "what follows is the next step, written below this one, like  - goto: menu"}


def step_table(kind: str, keys: Mapping[str, Key], elsewhere: Mapping[str, str] | None = None) -> Table:
    """Returns the table of a kind of step: its own keys and those every step takes."""
    return Table(kind, {**keys, **COMMON_KEYS}, f"a '{kind}' step", {**_ELSEWHERE, **(elsewhere or {})})


def common(read: Read, reading: Reading) -> dict[str, Any]:
    """Returns what every step takes, as arguments for making it."""
    return {
        "id": read["id"] or "",
        "place": read.place,
        "condition": reading.condition(read.map),
        "was": read["was"],
    }


Then = Target | tuple[Step, ...]
"""What follows: a target, or a list of steps after which the conversation goes on behind the outer step."""


def steps_within(step: Step) -> tuple[Step, ...]:
    """Returns the steps directly inside this one."""
    return tuple(inner for then in step.inner() if isinstance(then, tuple) for inner in then)
