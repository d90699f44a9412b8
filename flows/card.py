"""A form as a card: every field at once, as it is shown, and what was filled in as it comes back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from flows.answers import Accepted, Recognised, Refused, within
from flows.asked import SKIP, AskedValue
from flows.effects import Card, Field
from flows.fields import Fields, Filled, plain
from flows.sentences import sentence

if TYPE_CHECKING:
    from flows.run import Run
    from flows.steps.form import FormStep

MISSING = "still_needed"
TOLD = "told"
"""A validator has said what is wrong, in its own words."""
_ENDS = ("?", "!", ".", ":")


class FormCard:
    """The card of one form."""

    def __init__(self, step: FormStep, flow: str, fields: Fields) -> None:
        self._step = f"{flow}.{step.id}"
        self._fields = fields
        self._title = step.title.spoken() if step.title else None
        self._submit = step.submit.spoken() if step.submit else None

    def shown(self, run: Run) -> Card:
        """Returns the card as it is now: with what is known, and what is wrong with what was filled in."""
        answer = run.answer if isinstance(run.answer, Filled) else Filled(None)
        language = run.cursor.language
        return Card(
            step=self._step,
            title=self._title.text(run) if self._title else None,
            submit=self._submit.text(run) if self._submit else sentence("submit", language),
            fields=tuple(self._field(run, each, answer) for each in self._fields.there(run, {})),
            errors={name: self._objection(run, name, each) for name, each in self._refused(run, answer).items()},
        )

    def _refused(self, run: Run, answer: Filled) -> Mapping[str, Refused]:
        """Returns what cannot be used: of a card, or of a text that was meant for the field that is asked for."""
        if answer.refused or run.refused is None:
            return answer.refused
        return {self._fields.asked(run).name: run.refused}

    def _objection(self, run: Run, name: str, refused: Refused) -> str:
        if refused.reason == MISSING:
            return sentence(MISSING, run.cursor.language)
        if refused.reason == TOLD:
            return str(refused.values["words"])
        return self._fields[name].objection(run, refused)

    def _field(self, run: Run, asked: AskedValue, answer: Filled) -> Field:
        kept_as_typed = asked.name in answer.refused and not _is_blank(answer.typed.get(asked.name))
        options = tuple(option for option in asked.shown(run) if option.value != SKIP)
        return Field(
            name=asked.name,
            type=asked.type,
            label=asked.label(run),
            value=answer.typed[asked.name] if kept_as_typed else asked.held_by_field(run),
            optional=asked.optional,
            choices=options or None,
            min=asked.limit(run, "min"),
            max=asked.limit(run, "max"),
            help=asked.help.text(run) if asked.help else None,
        )

    def read(self, run: Run, values: Mapping[str, Any]) -> Filled:
        """Returns what a card holds. What it does not hold is missing; what belongs to no field is passed over."""
        run.text = " · ".join(str(each) for each in values.values())
        accepted: dict[str, Accepted] = {}
        refused: dict[str, Refused] = {}
        skipped: set[str] = set()
        for asked in self._fields:
            if not self._fields.is_there(run, asked, plain(accepted)):
                continue
            typed = values.get(asked.name)
            if _is_blank(typed):
                if asked.optional:
                    skipped.add(asked.name)
                else:
                    refused[asked.name] = Refused(MISSING)
                continue
            found = _of_card(run, asked, typed)
            if isinstance(found, Accepted):
                accepted[asked.name] = found
            else:
                refused[asked.name] = found
        answer = self._fields.settled(run, accepted, skipped, refused)
        done = tuple(name for name in answer.done if name not in refused)
        return Filled(
            None,
            values=answer.values,
            skipped=answer.skipped,
            refused=answer.refused,
            typed=values,
            by_card=True,
            done=done,
            complete=answer.complete and not answer.refused,
        )

    def as_written(self, run: Run, values: Mapping[str, Any]) -> str:
        """Returns what was filled in as the thread shows it: a line for each field that holds something."""
        lines = [(asked.label(run), self._in_words(run, asked, values.get(asked.name))) for asked in self._fields]
        return "\n".join(told(label, words) for label, words in lines if words)

    @staticmethod
    def _in_words(run: Run, asked: AskedValue, value: Any) -> str:
        if isinstance(value, bool):
            return sentence("yes" if value else "no", run.cursor.language)
        chosen = (option.label for option in asked.shown(run) if option.value == value)
        typed = str(value or "").strip()
        found = asked.read(run, typed) if typed else None
        refused = asked.written(run, typed) if asked.type == "date" and _is_day(typed) else typed
        return next(chosen, found.shown if isinstance(found, Accepted) else refused)


def told(label: str, words: str) -> str:
    """Returns a field as the thread shows it; the twin of `told` in `widget/forms.js`."""
    return f"{label} {words}" if label.endswith(_ENDS) else f"{label}: {words}"


def _is_day(typed: str) -> bool:
    """Says whether a text is a day as a field for dates sends it, be it one that cannot be taken."""
    try:
        return date.fromisoformat(typed).isoformat() == typed
    except ValueError:
        return False


def _is_blank(typed: Any) -> bool:
    return typed is None or (isinstance(typed, str) and not typed.strip())


def _of_card(run: Run, asked: AskedValue, typed: Any) -> Recognised:
    """Returns the value a field of a card holds: a box is ticked or not, all else is read like something written."""
    if isinstance(typed, bool):
        is_box = asked.type in ("yes_no", "consent")
        return Accepted(typed, asked.written(run, typed)) if is_box else Refused(MISSING)
    pressed = asked.pressed(run, typed)
    if pressed is not None and pressed.value is not None and not isinstance(pressed.value, dict):
        return Accepted(pressed.value, asked.written(run, pressed.value))
    known = run.known(asked.name)
    if asked.type in ("number", "money") and isinstance(known, int | float) and typed == asked.held_by_field(run):
        # Nobody has touched it: it keeps digits that are too many to be read.
        return within(asked.type, Accepted(known, asked.written(run, known)), asked.context(run))
    return asked.read(run, str(typed))
