"""A question for one value: how it is put, what is an answer, and whether it is right what was understood."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from flows.answers import Accepted, Context, Recognised, Refused, Value, recognise, typed, within, written
from flows.effects import Consented, Option, SlotValue
from flows.finding import FINDABLE
from flows.question import Answer, Offered, Question
from flows.sentences import languages, question_for, sentence
from flows.steps.kinds import RELATIVE_DAYS
from flows.yes_no import declines
from rules.conditions import compile_condition, facts_in

if TYPE_CHECKING:
    from flows.run import Run
    from flows.steps.collect import CollectStep
    from flows.steps.step import Step

SKIP = "__skip"
"""What the option *Skip* comes back as."""


class AskedValue(Question):
    """A question for a value of some type. While one is held, the question is whether it is right."""

    def __init__(self, step: CollectStep, flow: str, *, within: str | None = None) -> None:
        super().__init__(step, flow, slot=step.slot, save_to=step.save_to, retries=step.retries, offers=_offers(step))
        # A field of a form tells of itself by the step of the form.
        self.step = within or step.id
        self.name = step.slot
        self.type = step.type
        self.takes_anything = step.type in ("text", "name")
        self.choices = step.choices
        self.optional = step.optional
        self.condition = compile_condition(step.condition) if step.condition is not None else None
        self.help = step.help.spoken() if step.help else None
        self.must_about = (
            frozenset(_bare(name) for name in facts_in(step.must)) if step.must is not None else frozenset()
        )
        """Slots that decide, together with this one, whether an answer is right."""
        self._must = compile_condition(step.must) if step.must is not None else None
        self._min, self._max = step.min, step.max
        self.is_consent = step.type == "consent"
        self._varies_by_day = step.type == "date" or bool(RELATIVE_DAYS.keys() & {step.min, step.max})
        self._contexts: dict[tuple[str, str | None, str], Context] = {}
        self._confirms_known = step.if_known == "confirm"
        self._right = RightOrNot(step, flow)
        self._prompts = tuple(wording.spoken() for wording in step.ask)
        self._invalid = step.invalid.spoken() if step.invalid else None
        self._title = step.title.spoken() if step.title else None

    def prompt(self, run: Run, n: int) -> str:
        if run.cursor.held:
            return self._is_it_right(run)
        if self._prompts:
            return self._prompts[min(n, len(self._prompts) - 1)].text(run)
        title = self._title.text(run) if self._title else None
        return question_for(self.name, self.type, run.cursor.language, title)

    def label(self, run: Run) -> str:
        """Returns what a card writes above the field."""
        if not self._prompts and self._title is not None:
            return self._title.text(run)
        return self.prompt(run, 0)

    def again(self, run: Run, n: int) -> str:
        if run.cursor.held:
            return f"{sentence('yes_no_unclear', run.cursor.language)} {self.prompt(run, n)}"
        if run.refused is None:
            return self.prompt(run, n)
        if self._invalid is not None:
            return f"{self._invalid.text(run)} {self.prompt(run, n)}"
        said = self.objection(run, run.refused)
        # What the type says asks again by itself; only words that were kept for this time are added.
        return f"{said} {self.prompt(run, n)}" if n < len(self._prompts) else said

    def objection(self, run: Run, refused: Refused) -> str:
        """Returns what is wrong with an answer."""
        if self._invalid is not None:
            return self._invalid.text(run)
        return sentence(refused.reason, run.cursor.language, **refused.values)

    def shown(self, run: Run) -> tuple[Option, ...]:
        return self._right.shown(run) if run.cursor.held else super().shown(run)

    def written(self, run: Run, value: Value) -> str:
        """Returns a value as people read it."""
        return written(self.type, value, self.context(run))

    def held_by_field(self, run: Run) -> Value | None:
        """Returns what is known as its field in a card holds it; the field comes back with the same, and means it."""
        value = run.known(self.name)
        if value is None or isinstance(value, dict):
            return None
        if self.is_consent:
            return value
        offered = next((each.value for each in self.offers if each.stored == value), None)
        return typed(self.type, value, self.context(run)) if offered is None else offered

    def candidates(self, run: Run) -> Mapping[str, SlotValue]:
        answer = run.answer
        if answer is None or answer.confirms is not None or self.skipped(run):
            return {}
        return {self.name: answer.value}

    def take_verdict(self, run: Run) -> None:
        answer = run.answer
        if answer is None or run.verdict is None or self.name not in run.verdict:
            return
        value = run.verdict[self.name]
        if value is None:
            run.answer, run.refused = None, None if run.told else Refused("must_not")
        elif value != answer.value:
            run.answer = Answer(value)

    def held_at_first(self, run: Run) -> tuple[SlotValue, ...]:
        known = run.known(self.name) if self._confirms_known else None
        return (known,) if known is not None else ()

    def hold(self, e: Any) -> None:
        """Asks whether it is right what was understood."""
        run = e.model
        run.cursor.held, run.cursor.tries = (run.answer.value,), 0
        self._put(run, self._is_it_right(run))

    def ask_anew(self, e: Any) -> None:
        """Puts the question itself, because what was held is not right."""
        run = e.model
        run.cursor.held, run.cursor.tries = (), 0
        self._put(run, self.prompt(run, 0))

    def skip(self, e: Any) -> None:
        e.model.cursor.held = ()

    def store(self, e: Any) -> None:
        run = e.model
        held, run.cursor.held = run.cursor.held, ()
        value = held[0] if run.answer.confirms else run.answer.value
        if run.answer.confirms and value == run.known(self.name):
            run.take_over(self.name)
        else:
            asked = self.prompt(run, run.cursor.tries) if self.is_consent else None
            self.keep(run, value, consent_to=asked)

    def keep(self, run: Run, value: SlotValue, *, consent_to: str | None = None) -> None:
        """Writes a value into the slot; a consent together with what was shown for it."""
        run.put(self.name, value, self.step, self.save_to)
        if consent_to is not None:
            language = run.cursor.language
            run.effects.append(Consented(self.name, bool(value), consent_to, language, self.step, self.flow))

    def skipped(self, run: Run) -> bool:
        answer = run.answer
        if answer is None or answer.option is None or answer.confirms is not None:
            return False
        return self._is_skip(answer.option)

    def pressed(self, run: Run, value: Any) -> Answer | None:
        return _as_confirming(self._right.pressed(run, value)) if run.cursor.held else super().pressed(run, value)

    def labelled(self, run: Run, text: str) -> Answer | None:
        return _as_confirming(self._right.labelled(run, text)) if run.cursor.held else super().labelled(run, text)

    def may_name(self, run: Run, text: str) -> bool:
        # "Eine Person" is how many come.
        return self.type == "number" or super().may_name(run, text)

    def understood(self, run: Run, text: str) -> Answer | None:
        found = self.recognised(run, text)
        if run.cursor.held and not (isinstance(found, Accepted) and self.type in FINDABLE):
            # "No, it is ann@x.io" is an address; "no" is no name, whoever is called like that.
            said = recognise("yes_no", text, Context(run.cursor.language))
            if isinstance(said, Accepted):
                return Answer(None, confirms=bool(said.value))
        if self.declined(run, text, found):
            return super().pressed(run, SKIP)
        if isinstance(found, Accepted):
            return Answer(found.value)
        run.refused = found
        return self.numbered(run, text) if len(self.offers) > 1 else None

    def declined(self, run: Run, text: str, found: Recognised) -> bool:
        """Says whether a text skips a question that may be skipped: a clear no, where no is no answer to it."""
        is_answer = isinstance(found, Accepted) and self.type not in ("name", "number")
        return self.optional and not run.cursor.held and not is_answer and declines(text)

    def recognised(self, run: Run, text: str, given: Mapping[str, Any] | None = None) -> Recognised:
        """Returns the value in a text, or what is wrong with it; `given` is what else is known by now."""
        found = self.read(run, text)
        return self._as_it_must_be(run, found, given or {}) if isinstance(found, Accepted) else found

    def read(self, run: Run, text: str) -> Recognised:
        """Returns the value in a text if it is within its limits, whatever else must hold of it."""
        return recognise(self.type, text, self.context(run))

    def judged(self, run: Run, found: Accepted, given: Mapping[str, Any]) -> Recognised:
        """Returns the value if it is within its limits and `must` holds of it."""
        found_within = within(self.type, found, self.context(run))
        return self._as_it_must_be(run, found, given) if isinstance(found_within, Accepted) else found_within

    def _as_it_must_be(self, run: Run, found: Accepted, given: Mapping[str, Any]) -> Recognised:
        if self._must is None:
            return found
        candidate = {**given, self.name: found.value, "value": found.value}
        return found if self._must(Together(run.view(), candidate)) is True else Refused("must_not")

    def limit(self, run: Run, which: str) -> Value | None:
        """Returns `min` or `max` as it is today."""
        limit = self._min if which == "min" else self._max
        if isinstance(limit, str) and limit in RELATIVE_DAYS:
            return (_today(run) + timedelta(days=RELATIVE_DAYS[limit])).isoformat()
        return limit

    def context(self, run: Run) -> Context:
        """Returns what an answer is read by: made once, where it does not change from day to day."""
        if self._varies_by_day:
            return self._context(run)
        settings = run.settings
        ways = run.cursor.language, settings.country, settings.currency
        context = self._contexts.get(ways)
        if context is None:
            context = self._contexts[ways] = self._context(run)
        return context

    def _context(self, run: Run) -> Context:
        settings, most = run.settings, self.limit(run, "max")
        today = _today(run) if self.type == "date" else date.min
        return Context(
            language=run.cursor.language,
            country=settings.country,
            choices=self.choices,
            today=today,
            currency=settings.currency,
            least=self.limit(run, "min"),
            most=most,
            past=isinstance(most, str) and most <= today.isoformat(),
        )

    def _is_skip(self, place: int) -> bool:
        return self.offers[place].value == SKIP

    def _is_it_right(self, run: Run) -> str:
        value: Any = run.cursor.held[0]
        key = "still_right" if value == run.known(self.name) else "is_it_right"
        return sentence(key, run.cursor.language, value=self.written(run, value))


class RightOrNot(Question):
    """Whether the value that is held is right: yes or no."""

    def __init__(self, step: Step, flow: str) -> None:
        super().__init__(step, flow, slot=None, save_to="conversation", retries=0, offers=_YES_OR_NO)

    def prompt(self, run: Run, n: int) -> str:
        return ""

    def again(self, run: Run, n: int) -> str:
        return ""


class Together(Mapping[str, Any]):
    """Facts with some values on top that are not kept yet."""

    __slots__ = ("_facts", "_on_top")

    def __init__(self, facts: Mapping[str, Any], on_top: Mapping[str, Any]) -> None:
        self._facts = facts
        self._on_top = on_top

    def __getitem__(self, name: str) -> Any:
        bare = _bare(name)
        return self._on_top[bare] if bare in self._on_top else self._facts[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._facts, **self._on_top})

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _bare(name: str) -> str:
    return name.removeprefix("slot.")


def _as_confirming(answer: Answer | None) -> Answer | None:
    return Answer(None, answer.option, confirms=bool(answer.value)) if answer is not None else None


def _today(run: Run) -> date:
    return run.now.astimezone(ZoneInfo(run.settings.timezone)).date()


def _offers(step: CollectStep) -> tuple[Offered, ...]:
    offers = _offered_values(step)
    return (*offers, Offered(SKIP, None, _in_all_languages("skip"))) if step.optional else offers


def _offered_values(step: CollectStep) -> tuple[Offered, ...]:
    if step.type == "yes_no":
        return _YES_OR_NO
    if step.type == "consent":
        return (_offered_word("yes", "agree", stored=True), _offered_word("no", "disagree", stored=False))
    return tuple(Offered(choice.value, choice.value, choice.labels) for choice in step.choices)


def _offered_word(value: str, word: str, *, stored: bool) -> Offered:
    return Offered(value, stored, _in_all_languages(word))


def _in_all_languages(word: str) -> dict[str, str]:
    return {language: sentence(word, language) for language in languages()}


_YES_OR_NO = (_offered_word("yes", "yes", stored=True), _offered_word("no", "no", stored=False))
