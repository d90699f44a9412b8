"""The fields of a form: which is asked for, which are done, and whether what they hold is right together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flows.answers import Accepted, Recognised, Refused
from flows.asked import AskedValue, Together
from flows.initiative import offered
from flows.question import Answer

if TYPE_CHECKING:
    from flows.run import Run
    from flows.steps.form import FormStep


@dataclass(frozen=True, slots=True)
class Filled(Answer):
    """What an answer does to a form."""

    values: Mapping[str, Accepted] = field(default_factory=dict)
    skipped: frozenset[str] = frozenset()
    refused: Mapping[str, Refused] = field(default_factory=dict)
    """Fields whose answer cannot be used, or that must be answered once more."""
    typed: Mapping[str, Any] = field(default_factory=dict)
    """What a card held, to be shown again where it cannot be used."""
    corrected: str | None = None
    """The field that was filled already and is another one now."""
    by_card: bool = False
    done: tuple[str, ...] = ()
    """The fields that are done with this answer."""
    complete: bool = False


class Fields:
    """Iterates over the fields in their order. Which of them are done is in the cursor."""

    def __init__(self, step: FormStep, flow: str) -> None:
        self._fields = tuple(AskedValue(each, flow, within=step.id) for each in step.fields)
        self._named = {each.name: each for each in self._fields}
        self._asks_known = frozenset(each.slot for each in step.fields if each.if_known == "ask")

    def __iter__(self) -> Iterator[AskedValue]:
        return iter(self._fields)

    def __contains__(self, name: object) -> bool:
        return name in self._named

    def __getitem__(self, name: str) -> AskedValue:
        return self._named[name]

    def asked(self, run: Run) -> AskedValue:
        """Returns the field that is asked for: the first that is not done."""
        return next(iter(self.undone(run)), self._fields[-1])

    def undone(self, run: Run) -> list[AskedValue]:
        """Returns the fields that still have to be asked for."""
        return [each for each in self.there(run, {}) if each.name not in run.cursor.done]

    def there(self, run: Run, given: Mapping[str, Any]) -> list[AskedValue]:
        """Returns the fields whose condition is true, once `given` is known too."""
        return [each for each in self._fields if self.is_there(run, each, given)]

    def is_there(self, run: Run, asked: AskedValue, given: Mapping[str, Any]) -> bool:
        """Says the same of one."""
        return asked.condition is None or asked.condition(Together(run.view(), given)) is True

    def beginning(self, run: Run) -> tuple[tuple[str, ...], Filled]:
        """Returns the fields that are known when the form begins, and what the first message fills."""
        known = tuple(
            each.name for each in self._fields if each.name not in self._asks_known and run.known(each.name) is not None
        )
        undone = [each for each in self.there(run, {}) if each.name not in known]
        values: Mapping[str, Accepted] = {}
        if run.event.kind == "start" and run.text and undone and not run.cursor.history:
            values = offered(run, run.text, None, undone, self._fields)
        return known, self.settled(run, values, before=known)

    def settled(
        self,
        run: Run,
        values: Mapping[str, Accepted],
        skipped: Iterable[str] = (),
        refused: Mapping[str, Refused] | None = None,
        *,
        corrected: str | None = None,
        before: tuple[str, ...] | None = None,
    ) -> Filled:
        """Returns what these values do: those that are right, and which fields must be asked for once more.

        A field whose `must` names another one is looked at again when that one changes.
        """
        kept, wrong = dict(values), dict(refused or {})
        done = set(run.cursor.done if before is None else before)
        for each in self._fields:
            others = {name: accepted.value for name, accepted in kept.items() if name != each.name}
            if each.name in kept:
                judged = self._judged(run, each, kept[each.name], others, done)
                if isinstance(judged, Refused):
                    wrong[each.name] = judged
                    del kept[each.name]
                    done.discard(each.name)
            elif each.name in done and each.must_about & set(kept):
                value = run.known(each.name)
                if value is not None and not isinstance(value, dict):
                    judged = self._judged(run, each, Accepted(value, ""), others, done)
                    if isinstance(judged, Refused):
                        wrong[each.name] = judged
                        done.discard(each.name)
        done |= {*kept, *skipped}
        there = self.there(run, plain(kept))
        return Filled(
            None,
            values=kept,
            skipped=frozenset(skipped),
            refused=wrong,
            corrected=corrected if corrected in kept else None,
            done=tuple(each.name for each in self._fields if each.name in done),
            complete=not wrong and all(each.name in done for each in there),
        )

    def _judged(
        self, run: Run, asked: AskedValue, found: Accepted, others: Mapping[str, Any], done: set[str]
    ) -> Recognised:
        """Returns the value if it is right; what depends on a field that nobody has filled is right for now."""
        siblings = (asked.must_about & set(self._named)) - {asked.name}
        if any(name not in others and name not in done for name in siblings):
            return found
        return asked.judged(run, found, others)


def plain(accepted: Mapping[str, Accepted]) -> dict[str, Any]:
    """Returns the values alone."""
    return {name: each.value for name, each in accepted.items()}
