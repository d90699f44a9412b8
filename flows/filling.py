"""A form while it is filled in: field by field, several by one message, or all of them by a card.

Which fields are done is in the cursor; the first that is not is the one that is asked for. A value is kept as soon as
it is right, so that nothing is lost when somebody leaves half-way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from flows.answers import Accepted, Recognised, Refused
from flows.asked import SKIP, AskedValue, Together
from flows.cursor import MOST_HISTORY, Asked
from flows.effects import Card, Field, Option, Say, SlotValue
from flows.initiative import correction_in, offered
from flows.question import Answer, Question
from flows.sentences import sentence

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


class FormQuestion(Question):
    """A question whose answer is several values."""

    def __init__(self, step: FormStep, flow: str) -> None:
        super().__init__(step, flow, slot=None, save_to="conversation", retries=step.retries)
        self.fields = tuple(AskedValue(each, flow, within=step.id) for each in step.fields)
        self.help = step.help.spoken() if step.help else None
        self._conditions = tuple(each.condition for each in self.fields)
        self._named = {each.name: each for each in self.fields}
        self._title = step.title.spoken() if step.title else None
        self._submit = step.submit.spoken() if step.submit else None
        self._asks_known = frozenset(each.slot for each in step.fields if each.if_known == "ask")

    # --- how it is put

    def prompt(self, run: Run, n: int) -> str:
        return self._asked(run).prompt(run, n)

    def takes_any_text(self, run: Run) -> bool:
        return self._asked(run).takes_anything

    def again(self, run: Run, n: int) -> str:
        answer = run.answer
        if isinstance(answer, Filled) and answer.refused:
            return self._objections(run, answer)
        return self._asked(run).again(run, n)

    def helped(self, run: Run, otherwise: str) -> None:
        asked = self._asked(run)
        if asked.help is not None:
            self.repeat(run, before=asked.help.text(run))
        else:
            super().helped(run, otherwise)

    def shown(self, run: Run) -> tuple[Option, ...]:
        """Returns the options of the field that is asked for; each says which field it is for."""
        asked = self._asked(run)
        return tuple(Option(each.label, f"{asked.name}:{each.value}") for each in asked.shown(run))

    def _put(self, run: Run, text: str) -> None:
        asked = self._asked(run)
        run.effects.append(Say(text, self.step, self.flow, self.shown(run), asked.name, self._card(run)))
        if self.silence:
            self.listen(run)

    def _card(self, run: Run) -> Card:
        answer = run.answer if isinstance(run.answer, Filled) else Filled(None)
        language = run.cursor.language
        return Card(
            step=f"{self.flow}.{self.step}",
            title=self._title.text(run) if self._title else None,
            submit=self._submit.text(run) if self._submit else sentence("submit", language),
            fields=tuple(self._field(run, each, answer) for each in self._there(run, {})),
            errors={name: self._objection(run, name, each) for name, each in self._refused(run, answer).items()},
        )

    def _refused(self, run: Run, answer: Filled) -> Mapping[str, Refused]:
        """Returns what cannot be used: of a card, or of a text that was meant for the field that is asked for."""
        if answer.refused or run.refused is None:
            return answer.refused
        return {self._asked(run).name: run.refused}

    def _objection(self, run: Run, name: str, refused: Refused) -> str:
        if refused.reason == _MISSING:
            return sentence(_MISSING, run.cursor.language)
        if refused.reason == _TOLD:
            return str(refused.values["words"])
        return self._named[name].objection(run, refused)

    def _field(self, run: Run, asked: AskedValue, answer: Filled) -> Field:
        kept_as_typed = asked.name in answer.refused and not _is_blank(answer.typed.get(asked.name))
        options = tuple(option for option in asked.shown(run) if option.value != SKIP)
        return Field(
            name=asked.name,
            type=asked.type,
            label=asked.label(run),
            value=answer.typed[asked.name] if kept_as_typed else run.known(asked.name),
            optional=asked.optional,
            choices=options or None,
            min=asked.limit(run, "min"),
            max=asked.limit(run, "max"),
            help=asked.help.text(run) if asked.help else None,
        )

    def _objections(self, run: Run, answer: Filled) -> str:
        """Returns what a channel without cards says: what is wrong with the field that is asked for next."""
        asked = self._asked(run)
        refused = answer.refused.get(asked.name)
        if refused is None or refused.reason in (_MISSING, _TOLD):
            return asked.prompt(run, 0)
        return asked.objection(run, refused)

    # --- for a validator

    def as_written(self, run: Run, values: Mapping[str, Any]) -> str:
        """Returns what was filled in as the thread shows it: a line for each field that holds something."""
        lines = [(asked.label(run), self._in_words(run, asked, values.get(asked.name))) for asked in self.fields]
        return "\n".join(told(label, words) for label, words in lines if words)

    @staticmethod
    def _in_words(run: Run, asked: AskedValue, value: Any) -> str:
        if isinstance(value, bool):
            return sentence("yes" if value else "no", run.cursor.language)
        chosen = (option.label for option in asked.shown(run) if option.value == value)
        typed = str(value or "").strip()
        found = asked.read(run, typed) if typed else None
        return next(chosen, found.shown if isinstance(found, Accepted) else typed)

    def candidates(self, run: Run) -> Mapping[str, SlotValue]:
        return _plain(run.answer.values) if isinstance(run.answer, Filled) else {}

    def requested(self, run: Run) -> str | None:
        return self._asked(run).name

    def take_verdict(self, run: Run) -> None:
        answer, verdict = run.answer, run.verdict
        if not isinstance(answer, Filled) or verdict is None:
            return
        values, refused = dict(answer.values), dict(answer.refused)
        for name in answer.values.keys() & verdict.keys():
            value = verdict[name]
            if value is None:
                del values[name]
                refused[name] = Refused(_TOLD, {"words": run.told}) if run.told else Refused("must_not")
            elif not isinstance(value, dict):
                values[name] = Accepted(value, self._named[name].written(run, value))
        run.answer = replace(
            self._settled(run, values, answer.skipped, refused, corrected=answer.corrected),
            typed=answer.typed,
            by_card=answer.by_card,
        )

    # --- what a turn does with it

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
        self._remember(run)
        self._put(run, self.prompt(run, 0))

    def begin(self, e: Any) -> None:
        """Takes over what is known, and what the message that began the flow says."""
        run = e.model
        known, filled = self._beginning(run)
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
        before = self._asked(run)
        self._keep(run, answer)
        run.cursor.tries = 0
        asked = self._asked(run)
        if asked is not before and not answer.by_card:
            self._remember(run)
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
        labels = {name: self._named[name].label(run) for name in changed}
        for name, accepted in changed.items():
            self._named[name].keep(run, accepted.value, asked=labels[name])
        run.cursor.done = answer.done

    def _remember(self, run: Run) -> None:
        cursor = run.cursor
        asked = Asked(cursor.flow or "", cursor.version, run.state, cursor.stack, (), cursor.done)
        cursor.history = (*cursor.history, asked)[-MOST_HISTORY:]

    # --- guards

    def is_needless(self, run: Run) -> bool:
        """Says that nothing has to be asked for, because all of it is known."""
        return self._beginning(run)[1].complete

    def answered(self, run: Run) -> bool:
        return isinstance(run.answer, Filled) and run.answer.complete

    def is_going_on(self, run: Run) -> bool:
        answer = run.answer
        if not isinstance(answer, Filled) or answer.complete:
            return False
        new = set(answer.done) - set(run.cursor.done)
        # What a card leaves empty is no news; *Skip*, said to one question, is.
        return bool(new - answer.skipped if answer.by_card else new) or answer.corrected is not None

    # --- reading

    def pressed(self, run: Run, value: Any) -> Answer | None:
        name, _, option = value.partition(":") if isinstance(value, str) else ("", "", "")
        asked = self._asked(run)
        return self._chosen_of(run, asked, asked.pressed(run, option)) if name == asked.name else None

    def labelled(self, run: Run, text: str) -> Answer | None:
        asked = self._asked(run)
        return self._chosen_of(run, asked, asked.labelled(run, text))

    def understood(self, run: Run, text: str) -> Answer | None:
        asked = self._asked(run)
        done = [each for each in self.fields if each.name in run.cursor.done and run.known(each.name) is not None]
        correction = correction_in(run, text, asked, done)
        if correction is not None:
            return self._settled(run, {correction[0].name: correction[1]}, corrected=correction[0].name)
        values = offered(run, text, asked, self._undone(run), self.fields)
        if asked.name in values:
            return self._settled(run, values)
        found = asked.read(run, text)
        if asked.declined(run, text, found):
            return self._settled(run, values, {asked.name})
        if isinstance(found, Accepted):
            return self._settled(run, {**values, asked.name: found})
        if values:
            return self._settled(run, values)
        run.refused = found
        return self._chosen_of(run, asked, asked.numbered(run, text)) if len(asked.offers) > 1 else None

    def submitted(self, run: Run, values: Mapping[str, Any]) -> Answer | None:
        """Returns what a card holds. What it does not hold is missing; what belongs to no field is passed over."""
        run.text = " · ".join(str(each) for each in values.values())
        accepted: dict[str, Accepted] = {}
        refused: dict[str, Refused] = {}
        skipped: set[str] = set()
        for asked in self.fields:
            if not self._is_there(run, asked, _plain(accepted)):
                continue
            typed = values.get(asked.name)
            if _is_blank(typed):
                if asked.optional:
                    skipped.add(asked.name)
                else:
                    refused[asked.name] = Refused(_MISSING)
                continue
            found = _of_card(run, asked, typed)
            if isinstance(found, Accepted):
                accepted[asked.name] = found
            else:
                refused[asked.name] = found
        answer = self._settled(run, accepted, skipped, refused)
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

    def _chosen_of(self, run: Run, asked: AskedValue, answer: Answer | None) -> Answer | None:
        """Returns what a pressed or typed option of a field does to the form."""
        if answer is None or answer.option is None:
            return None
        if asked.offers[answer.option].value == SKIP:
            return self._settled(run, {}, {asked.name})
        value = answer.value
        assert value is not None and not isinstance(value, dict)
        return self._settled(run, {asked.name: Accepted(value, asked.written(run, value))})

    def _beginning(self, run: Run) -> tuple[tuple[str, ...], Filled]:
        """Returns the fields that are known when the form begins, and what the first message fills."""
        known = tuple(
            each.name for each in self.fields if each.name not in self._asks_known and run.known(each.name) is not None
        )
        undone = [each for each in self._there(run, {}) if each.name not in known]
        values: Mapping[str, Accepted] = {}
        if run.event.kind == "start" and run.text and undone and not run.cursor.history:
            values = offered(run, run.text, None, undone, self.fields)
        return known, self._settled(run, values, before=known)

    def _settled(
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
        for each in self.fields:
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
        there = self._there(run, _plain(kept))
        return Filled(
            None,
            values=kept,
            skipped=frozenset(skipped),
            refused=wrong,
            corrected=corrected if corrected in kept else None,
            done=tuple(each.name for each in self.fields if each.name in done),
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

    # --- which fields

    def _asked(self, run: Run) -> AskedValue:
        """Returns the field that is asked for: the first that is not done."""
        return next(iter(self._undone(run)), self.fields[-1])

    def _undone(self, run: Run) -> list[AskedValue]:
        return [each for each in self._there(run, {}) if each.name not in run.cursor.done]

    def _there(self, run: Run, given: Mapping[str, Any]) -> list[AskedValue]:
        return [each for each in self.fields if self._is_there(run, each, given)]

    def _is_there(self, run: Run, asked: AskedValue, given: Mapping[str, Any]) -> bool:
        return asked.condition is None or asked.condition(Together(run.view(), given)) is True


def told(label: str, words: str) -> str:
    """Returns a field as the thread shows it; the twin of `told` in `widget/forms.js`."""
    return f"{label} {words}" if label.endswith(_ENDS) else f"{label}: {words}"


_ENDS = ("?", "!", ".", ":")
_MISSING = "still_needed"
_TOLD = "told"
"""A validator has said what is wrong, in its own words."""


def _plain(accepted: Mapping[str, Accepted]) -> dict[str, Any]:
    return {name: each.value for name, each in accepted.items()}


def _is_blank(typed: Any) -> bool:
    return typed is None or (isinstance(typed, str) and not typed.strip())


def _of_card(run: Run, asked: AskedValue, typed: Any) -> Recognised:
    """Returns the value a field of a card holds: a box is ticked or not, all else is read like something written."""
    if isinstance(typed, bool):
        is_box = asked.type in ("yes_no", "consent")
        return Accepted(typed, asked.written(run, typed)) if is_box else Refused(_MISSING)
    pressed = asked.pressed(run, typed)
    if pressed is not None and pressed.value is not None and not isinstance(pressed.value, dict):
        return Accepted(pressed.value, asked.written(run, pressed.value))
    return asked.read(run, str(typed))
