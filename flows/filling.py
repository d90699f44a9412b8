"""A form while it is filled in: field by field, several by one message, or all of them by a card.

Which fields are done is in the cursor; the first that is not is the one that is asked for. A value is kept as soon as
it is right, so that nothing is lost when somebody leaves half-way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flows.answers import Accepted, Refused
from flows.asked import SKIP, AskedValue
from flows.card import MISSING, TOLD, FormCard
from flows.effects import Option, Say, SlotValue
from flows.fields import Fields, Filled, plain
from flows.initiative import correction_in, offered
from flows.question import Answer, Offered, Question
from flows.sentences import sentence

if TYPE_CHECKING:
    from flows.run import Run
    from flows.steps.form import FormStep


class FormQuestion(Question):
    """A question whose answer is several values."""

    def __init__(self, step: FormStep, flow: str) -> None:
        super().__init__(step, flow, slot=None, save_to="conversation", retries=step.retries)
        self._fields = Fields(step, flow)
        self.help = step.help.spoken() if step.help else None
        self._card = FormCard(step, flow, self._fields)

    def prompt(self, run: Run, n: int) -> str:
        return self._fields.asked(run).prompt(run, n)

    def takes_any_text(self, run: Run) -> bool:
        return self._fields.asked(run).takes_anything

    def may_name(self, run: Run, text: str) -> bool:
        return self._fields.asked(run).may_name(run, text)

    def again(self, run: Run, n: int) -> str:
        answer = run.answer
        if isinstance(answer, Filled) and answer.refused:
            return self._objections(run, answer)
        return self._fields.asked(run).again(run, n)

    def helped(self, run: Run, otherwise: str) -> None:
        asked = self._fields.asked(run)
        if asked.help is not None:
            self.repeat(run, before=asked.help.text(run))
        else:
            super().helped(run, otherwise)

    def shown(self, run: Run) -> tuple[Option, ...]:
        """Returns the options of the field that is asked for; each says which field it is for."""
        asked = self._fields.asked(run)
        return tuple(Option(each.label, f"{asked.name}:{each.value}") for each in asked.shown(run))

    def _put(self, run: Run, text: str) -> None:
        asked = self._fields.asked(run)
        run.effects.append(Say(text, self.step, self.flow, self.shown(run), asked.name, self._card.shown(run)))
        if self.silence:
            self.listen(run)

    def remind(self, run: Run, text: str) -> None:
        """Says something because nobody answers; the card stays there to be filled in."""
        if text:
            asked = self._fields.asked(run)
            run.effects.append(Say(text, self.step, self.flow, self.shown(run), asked.name, self._card.shown(run)))

    def _objections(self, run: Run, answer: Filled) -> str:
        """Returns what a channel without cards says: what is wrong with the field that is asked for next."""
        asked = self._fields.asked(run)
        refused = answer.refused.get(asked.name)
        if refused is None or refused.reason in (MISSING, TOLD):
            return asked.prompt(run, 0)
        return asked.objection(run, refused)

    def as_written(self, run: Run, values: Mapping[str, Any]) -> str:
        """Returns what was filled in as the thread shows it: a line for each field that holds something."""
        return self._card.as_written(run, values)

    def of_its_fields(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Returns what was filled in without what belongs to no field."""
        return {name: value for name, value in values.items() if name in self._fields}

    def kept_choices(self) -> Iterator[tuple[str, Offered]]:
        for field in self._fields:
            yield from field.kept_choices()

    def candidates(self, run: Run) -> Mapping[str, SlotValue]:
        return plain(run.answer.values) if isinstance(run.answer, Filled) else {}

    def requested(self, run: Run) -> str | None:
        return self._fields.asked(run).name

    def take_verdict(self, run: Run) -> None:
        answer, verdict = run.answer, run.verdict
        if not isinstance(answer, Filled) or verdict is None:
            return
        values, refused = dict(answer.values), dict(answer.refused)
        for name in [each for each in answer.values if each in verdict]:
            value = verdict[name]
            if value is None:
                del values[name]
                refused[name] = Refused(TOLD, {"words": run.told}) if run.told else Refused("must_not")
            elif not isinstance(value, dict):
                values[name] = Accepted(value, self._fields[name].written(run, value))
        run.answer = replace(
            self._fields.settled(run, values, answer.skipped, refused, corrected=answer.corrected),
            typed=answer.typed,
            by_card=answer.by_card,
        )

    def ask(self, e: Any) -> None:
        run = e.model
        cursor = run.cursor
        cursor.epoch += 1
        cursor.tries, cursor.open, cursor.held = 0, None, ()
        run.answer, run.refused = None, None
        if run.returning is not None:
            cursor.done, run.returning = run.returning.done, None
        else:
            self.begin(e)
        run.remember_question()
        self._put(run, self.prompt(run, 0))

    def begin(self, e: Any) -> None:
        """Takes over what is known, and what the message that began the flow says."""
        run = e.model
        known, filled = self._fields.beginning(run)
        run.text = ""
        for name in known:
            run.take_over(name)
        self._keep(run, filled)

    def count(self, e: Any) -> None:
        run = e.model
        if isinstance(run.answer, Filled):
            self._keep(run, run.answer)
        super().count(e)

    def store(self, e: Any) -> None:
        self._keep(e.model, e.model.answer)
        e.model.cursor.done = ()

    def go_on(self, e: Any) -> None:
        """Keeps what was understood and asks for what is missing."""
        run = e.model
        answer: Filled = run.answer
        before = self._fields.asked(run)
        self._keep(run, answer)
        run.cursor.tries = 0
        asked = self._fields.asked(run)
        if asked is not before and not answer.by_card:
            run.remember_question()
        if answer.refused:
            self._put(run, self._objections(run, answer))
            return
        said = self._acknowledged(run, answer)
        self._put(run, f"{said} {asked.prompt(run, 0)}" if said else asked.prompt(run, 0))

    def _acknowledged(self, run: Run, answer: Filled) -> str:
        if answer.corrected is None:
            return ""
        return sentence("corrected", run.cursor.language, value=answer.values[answer.corrected].shown)

    def _keep(self, run: Run, answer: Filled) -> None:
        changed = {
            name: accepted
            for name, accepted in answer.values.items()
            if name not in run.cursor.done or run.known(name) != accepted.value
        }
        shown = {name: field.label(run) for name in changed if (field := self._fields[name]).is_consent}
        for name, accepted in changed.items():
            self._fields[name].keep(run, accepted.value, consent_to=shown.get(name))
        run.cursor.done = answer.done

    def is_needless(self, run: Run) -> bool:
        """Says that nothing has to be asked for, because all of it is known."""
        return self._fields.beginning(run)[1].complete

    def answered(self, run: Run) -> bool:
        return isinstance(run.answer, Filled) and run.answer.complete

    def is_going_on(self, run: Run) -> bool:
        answer = run.answer
        if not isinstance(answer, Filled) or answer.complete:
            return False
        new = set(answer.done) - set(run.cursor.done)
        # What a card leaves empty is no news; *Skip*, said to one question, is.
        return bool(new - answer.skipped if answer.by_card else new) or answer.corrected is not None

    def pressed(self, run: Run, value: Any) -> Answer | None:
        name, _, option = value.partition(":") if isinstance(value, str) else ("", "", "")
        asked = self._fields.asked(run)
        return self._chosen_of(run, asked, asked.pressed(run, option)) if name == asked.name else None

    def labelled(self, run: Run, text: str) -> Answer | None:
        asked = self._fields.asked(run)
        return self._chosen_of(run, asked, asked.labelled(run, text))

    def understood(self, run: Run, text: str) -> Answer | None:
        asked = self._fields.asked(run)
        done = [each for each in self._fields if each.name in run.cursor.done and run.known(each.name) is not None]
        correction = correction_in(run, text, asked, done)
        if correction is not None:
            return self._fields.settled(run, {correction[0].name: correction[1]}, corrected=correction[0].name)
        values = offered(run, text, asked, self._fields.undone(run), self._fields)
        if asked.name in values:
            return self._fields.settled(run, values)
        found = asked.read(run, text)
        if asked.declined(run, text, found):
            return self._fields.settled(run, values, {asked.name})
        if isinstance(found, Accepted):
            return self._fields.settled(run, {**values, asked.name: found})
        if values:
            return self._fields.settled(run, values)
        run.refused = found
        return self._chosen_of(run, asked, asked.numbered(run, text)) if len(asked.offers) > 1 else None

    def submitted(self, run: Run, values: Mapping[str, Any]) -> Answer | None:
        return self._card.read(run, values)

    def _chosen_of(self, run: Run, asked: AskedValue, answer: Answer | None) -> Answer | None:
        """Returns what a pressed or typed option of a field does to the form."""
        if answer is None or answer.option is None:
            return None
        if asked.offers[answer.option].value == SKIP:
            return self._fields.settled(run, {}, {asked.name})
        value = answer.value
        assert value is not None and not isinstance(value, dict)
        return self._fields.settled(run, {asked.name: Accepted(value, asked.written(run, value))})
