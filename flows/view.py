"""What conditions and texts may ask in a turn: the facts, with the slots among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rules.facts import fact_named
from rules.texts import in_language

if TYPE_CHECKING:
    from flows.run import Run


class View(Mapping[str, Any]):
    """The facts of a turn with the slots among them. What costs something to know is asked for only when it is used."""

    __slots__ = ("_run",)

    def __init__(self, run: Run) -> None:
        self._run = run

    def __getitem__(self, name: str) -> Any:
        run = self._run
        head, _, rest = name.partition(".")
        if not rest:
            # A slot that nothing has filled is known to be empty; only of facts it can be unknown what they are.
            return run.facts[name] if name not in run.cursor.slots and fact_named(name) else run.known(name)
        if head == "slot":
            return run.known(rest) if "." not in rest else self[rest]
        if head == "contact" and rest in run.contact:
            return run.contact[rest]
        if isinstance(record := run.cursor.slots.get(head), dict):
            return _field_of(record, rest)
        if fact_named(name) is None and name not in run.facts:
            return None
        return run.facts[name]

    def __contains__(self, name: object) -> bool:
        try:
            self[name]  # type: ignore[index]
        except KeyError:
            return False
        return True

    def __iter__(self) -> Iterator[str]:
        run = self._run
        return iter({**run.facts, **{f"contact.{name}": None for name in run.contact}, **run.cursor.slots})

    def __len__(self) -> int:
        return sum(1 for _ in self)


class AsSaid(View):
    """The same for what the visitor is told: of an answer that was chosen, the label in their language."""

    __slots__ = ()

    def __getitem__(self, name: str) -> Any:
        value, run = super().__getitem__(name), self._run
        if not isinstance(value, str):
            return value
        head, _, rest = name.partition(".")
        slot = rest if head in ("slot", "contact") else name
        labels = run.machine.labels.get((slot, value))
        return in_language(labels, run.cursor.language, run.settings.default_language) if labels else value


def _field_of(record: Any, path: str) -> Any:
    """Returns a field of what an action gave back, None if there is none."""
    for name in path.split("."):
        record = record.get(name) if isinstance(record, dict) else None
    return record
