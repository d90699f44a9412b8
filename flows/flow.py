"""A flow as written: its steps with their names, and the version that its content makes."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass, replace
from typing import Any

from flows.steps.asking import Level
from flows.steps.step import Step, steps_within
from rules.conditions import IR
from rules.problems import NOWHERE, Place
from rules.texts import Text

_FOR_PEOPLE = ("title", "description")
"""What no conversation notices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One flow of a site. Two flows with the same content have the same version, wherever they stand."""

    id: str
    steps: tuple[Step, ...]
    title: Text = field(default_factory=dict)
    description: str | None = None
    start_when: IR | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    """Slots given by whoever starts or calls the flow, with their types."""
    returns: tuple[str, ...] | None = None
    """Slots given back to a caller; None means all that were collected."""
    slots: Mapping[str, str] = field(default_factory=dict)
    """Types of slots that no step and no catalogue declares."""
    interruptible: bool = True
    on_silence: tuple[Level, ...] = ()
    """What happens at every question that says nothing else when nobody answers it."""
    validator: str | None = None
    """The action that looks at every answer; without it, `validate_<flow>` if there is one."""
    place: Place = field(default=NOWHERE, compare=False)

    @property
    def version(self) -> str:
        """The first 16 digits of the hash of everything that makes a difference to a conversation."""
        text = json.dumps(_content(self), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def every_step(self) -> Iterator[Step]:
        """Yields all steps in the order of the file, those inside others too."""
        return _every(self.steps)

    def types(self) -> dict[str, str]:
        """Returns every slot this flow knows, with its type."""
        known = {**self.slots, **self.inputs}
        for step in self.every_step():
            known.update(step.writes())
        return known


def named(flow: Flow) -> Flow:
    """Returns the flow with an id for every step: the written one, else `<kind>_<slot or number of that kind>`."""
    taken = {step.id for step in flow.every_step() if step.id}
    return replace(flow, steps=_named(flow.steps, Counter(), taken))


def _named(steps: tuple[Step, ...], numbers: Counter[str], taken: set[str]) -> tuple[Step, ...]:
    return tuple(_with_id(step, numbers, taken) for step in steps)


def _with_id(step: Step, numbers: Counter[str], taken: set[str]) -> Step:
    numbers[step.kind] += 1
    if not step.id:
        slot = step.slot_of_id()
        step = replace(step, id=_free(f"{step.kind}_{slot or numbers[step.kind]}", taken))
        taken.add(step.id)
    inner = tuple(_named(then, numbers, taken) if isinstance(then, tuple) else then for then in step.inner())
    return step.with_inner(inner) if inner else step


def _free(wanted: str, taken: set[str]) -> str:
    number, name = 1, wanted
    while name in taken:
        number += 1
        name = f"{wanted}_{number}"
    return name


def _every(steps: tuple[Step, ...]) -> Iterator[Step]:
    for step in steps:
        yield step
        yield from _every(steps_within(step))


def _default_of(part: Field[Any]) -> Any:
    return part.default_factory() if part.default_factory is not MISSING else part.default


def _content(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        left_out = _FOR_PEOPLE if isinstance(value, Flow) else ()
        # What is as nobody wrote it makes no difference, so a key that is new to the language changes no version.
        parts = (
            part.name
            for part in fields(value)
            if part.compare and part.name not in left_out and getattr(value, part.name) != _default_of(part)
        )
        return [getattr(value, "kind", type(value).__name__), {name: _content(getattr(value, name)) for name in parts}]
    if isinstance(value, Mapping):
        return {str(key): _content(item) for key, item in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, list | tuple):
        return [_content(item) for item in value]
    return value
