"""An open question: how it is put, what can be pressed, what is an answer, and what follows when it is none."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from flows.choosing import Names, begins_one, have_numbers, meant
from flows.effects import Misunderstood, Option, Say, SetTimer, SlotValue
from flows.wording import Spoken
from rules.durations import Duration
from rules.phrases import LONGEST_MESSAGE, normalised
from rules.wishes import without_courtesy

if TYPE_CHECKING:
    from flows.compiler import Build
    from flows.run import Run
    from flows.steps.step import Step

_CLEAR_BEGINNING = 3
"""Letters of a button's label that mean it: "hi" is a greeting and not the beginning of "Hilfe"."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer comes to. `option` is the place of the chosen option, None where the answer was typed freely."""

    value: SlotValue
    option: int | None = None
    confirms: bool | None = None
    """It says that the value which is held is right, or that it is not; None where it is a value itself."""


@dataclass(frozen=True, slots=True)
class Offered:
    """One option of a question, as it runs."""

    value: str
    stored: SlotValue
    labels: Mapping[str, str]
    shown: Callable[[Mapping[str, Any]], bool | None] | None = None
    """Whether it is offered at all; None means always."""


class Question(ABC):
    """What a wait state asks; the same object serves every conversation."""

    def __init__(
        self,
        step: Step,
        flow: str,
        *,
        slot: str | None,
        save_to: Literal["conversation", "contact"],
        retries: int,
        offers: tuple[Offered, ...] = (),
        type_ok: bool = True,
    ) -> None:
        self.step = step.id
        self.flow = flow
        self.slot = slot
        self.save_to = save_to
        self.retries = retries
        self.offers = offers
        self.silence: tuple[Duration, ...] = ()
        """After which times without an answer something happens."""
        self.help: Spoken | None = None
        self._varies = any(offer.shown is not None for offer in offers)
        self.type_ok = type_ok
        self._by_value = {offer.value: place for place, offer in enumerate(offers)}
        self._typed: dict[str, dict[str, int]] = {}
        self._options: dict[str, tuple[Option, ...]] = {}

    takes_anything = False
    """Whether any text is an answer, so that no text can be told from one."""

    def takes_any_text(self, run: Run) -> bool:
        """Says the same of what is asked right now."""
        return self.takes_anything

    @abstractmethod
    def prompt(self, run: Run, n: int) -> str:
        """Returns how the question is put the n-th time, counted from 0."""

    @abstractmethod
    def again(self, run: Run, n: int) -> str:
        """Returns what is said after an answer that was none, and how the question is put then."""

    def understood(self, run: Run, text: str) -> Answer | None:
        """Returns what a typed text means here, when it is no option."""
        return None

    def submitted(self, run: Run, values: Mapping[str, Any]) -> Answer | None:
        """Returns what a card that was filled in means here; only forms are asked by cards."""
        return None

    def kept_choices(self) -> Iterator[tuple[str, Offered]]:
        """Yields every option whose value is kept, with the slot it is kept in."""
        if self.slot is not None:
            yield from ((self.slot, offer) for offer in self.offers)

    def candidates(self, run: Run) -> Mapping[str, SlotValue]:
        """Returns the values a validator may look at before they are kept: the slots this answer fills."""
        return {}

    def requested(self, run: Run) -> str | None:
        """Returns the slot that is asked for."""
        return self.slot

    def take_verdict(self, run: Run) -> None:  # noqa: B027 - only what has candidates gets a verdict
        """Makes the answer what the validator says it is."""

    def ask(self, e: Any) -> None:
        """Puts the question for the first time: the entry of its state."""
        run = e.model
        cursor = run.cursor
        cursor.epoch += 1
        cursor.tries = 0
        cursor.done, cursor.held = (), self.held_at_first(run)
        cursor.open = self._open_now(run) if self._varies else None
        run.remember_question()
        self._put(run, self.prompt(run, 0))

    def held_at_first(self, run: Run) -> tuple[SlotValue, ...]:
        """Returns the value that is asked about instead of asked for, if there is one."""
        return ()

    def put_again(self, e: Any) -> None:
        """Puts the question once more as it was put last: an option that leads back here."""
        self.repeat(e.model)

    def repeat(self, run: Run, before: str = "") -> None:
        """Puts the question once more as it was put last, without counting it. What waited for a validator is gone."""
        run.cursor.pending = None
        prompt = self.prompt(run, run.cursor.tries)
        self._put(run, f"{before} {prompt}" if before else prompt)

    def remind(self, run: Run, text: str) -> None:
        """Says something because nobody answers; what can be pressed stays there to be pressed."""
        if text:
            run.effects.append(Say(text, self.step, self.flow, self.shown(run), self.slot))

    def helped(self, run: Run, otherwise: str) -> None:
        """Says what helps here, and puts the question once more."""
        self.repeat(run, before=(self.help.text(run) if self.help is not None else "") or otherwise)

    def count(self, e: Any) -> None:
        """Notes that an answer was not understood."""
        run = e.model
        run.cursor.tries += 1
        run.effects.append(Misunderstood(self.step, run.text, run.cursor.tries))

    def ask_again(self, e: Any) -> None:
        """Says what is wrong and puts the question again, in its next form."""
        run = e.model
        self.count(e)
        self._put(run, self.again(run, run.cursor.tries))

    def store(self, e: Any) -> None:
        """Writes the answer into the slot."""
        run = e.model
        if self.slot is not None:
            run.put(self.slot, run.answer.value, self.step, self.save_to)

    def answered(self, run: Run) -> bool:
        return run.answer is not None

    def may_try_again(self, run: Run) -> bool:
        return run.cursor.tries < self.retries

    def pressed(self, run: Run, value: Any) -> Answer | None:
        """Returns the answer a button of this question gives, None if it is not one that was shown."""
        place = self._by_value.get(value) if isinstance(value, str) else None
        return self._chosen(place) if place is not None and self._is_open(run, place) else None

    def labelled(self, run: Run, text: str) -> Answer | None:
        """Returns the answer if the text is exactly the label of an option that is open, with "please" or without."""
        if not self.offers or not self.type_ok or len(text) > LONGEST_MESSAGE:
            return None
        labels = self._labels(run)
        place = labels.get(text.strip().casefold())
        if place is None:
            said = normalised(text)
            place = labels.get(said, labels.get(without_courtesy(said)))
        return self._chosen(place) if place is not None and self._is_open(run, place) else None

    def may_name(self, run: Run, text: str) -> bool:
        """Says whether the name of somebody, such as "a person", may be an answer here: some button begins with it."""
        if not self.offers or not self.type_ok or len(text) > LONGEST_MESSAGE:
            return False
        return begins_one(text, self._names(run, self._shown_places(run)))

    def numbered(self, run: Run, text: str) -> Answer | None:
        """Returns the answer if the text is the number of an option, counted as they were shown."""
        digits = text.strip().rstrip(".)")
        if not self.offers or not self.type_ok or not (digits.isascii() and digits.isdigit()) or len(digits) > 3:
            return None
        shown = self._shown_places(run)
        number = int(digits)
        return self._chosen(shown[number - 1]) if 0 < number <= len(shown) and self.is_counted(run) else None

    def is_counted(self, run: Run) -> bool:
        """Says whether a number counts the options, for no label has one itself."""
        return not have_numbers(self._names(run, self._shown_places(run)))

    def option_meant(self, run: Run, text: str) -> Answer | None:
        """Returns the answer if the text clearly means one of the options that are shown."""
        if not self.offers or not self.type_ok or len(text) > LONGEST_MESSAGE:
            return None
        shown = self._shown_places(run)
        places = meant(text, self._names(run, shown), letters=_CLEAR_BEGINNING)
        return self._chosen(shown[places[0]]) if len(places) == 1 else None

    def _shown_places(self, run: Run) -> list[int]:
        return [place for place in range(len(self.offers)) if self._is_open(run, place)]

    def _names(self, run: Run, places: Sequence[int]) -> list[Names]:
        options = self._all_options(run)
        return [(options[place].label, *self.offers[place].labels.values()) for place in places]

    def _chosen(self, place: int) -> Answer:
        return Answer(self.offers[place].stored, place)

    def _labels(self, run: Run) -> dict[str, int]:
        language = run.cursor.language
        typed = self._typed.get(language)
        if typed is None:
            typed = self._typed[language] = self._typable(self._all_options(run))
        return typed

    def _typable(self, options: tuple[Option, ...]) -> dict[str, int]:
        """Every language's labels; the likelier reading comes last and stays: shown to this visitor, exactly alike."""
        typed: dict[str, int] = {}
        for place, offer in reversed(list(enumerate(self.offers))):
            typed.update({normalised(label): place for label in offer.labels.values()})
        for alike in (normalised, str.casefold):
            typed.update({alike(option.label.strip()): place for place, option in reversed(list(enumerate(options)))})
        return typed

    def _is_open(self, run: Run, place: int) -> bool:
        return run.cursor.open is None or self.offers[place].value in run.cursor.open

    def _open_now(self, run: Run) -> tuple[str, ...]:
        facts = run.view()
        return tuple(offer.value for offer in self.offers if offer.shown is None or offer.shown(facts) is True)

    def _put(self, run: Run, text: str) -> None:
        run.effects.append(Say(text, self.step, self.flow, self.shown(run), self.slot))
        if self.silence:
            self.listen(run)

    def listen(self, run: Run) -> None:
        """Begins to count how long nobody answers; what was counted before is over, and nothing happens twice."""
        run.cursor.epoch += 1
        for n, after in enumerate(self.silence, start=1):
            if self._silence_named(n) not in run.cursor.silent:
                run.effects.append(SetTimer(f"{self.flow}.{self.step}", run.cursor.epoch, after, n))

    def ran_out(self, run: Run, n: int) -> None:
        """Notes that the n-th time of silence has come; it comes again only after somebody has written."""
        run.cursor.silent = (*run.cursor.silent, self._silence_named(n))

    def _silence_named(self, n: int) -> str:
        return f"{self.flow}.{self.step}.{n}"

    def shown(self, run: Run) -> tuple[Option, ...]:
        """Returns the options that are there to be pressed."""
        options = self._all_options(run)
        if run.cursor.open is None:
            return options
        return tuple(option for option in options if option.value in run.cursor.open)

    def _all_options(self, run: Run) -> tuple[Option, ...]:
        language = run.cursor.language
        options = self._options.get(language)
        if options is None:
            options = tuple(Option(Spoken(offer.labels).text(run), offer.value) for offer in self.offers)
            self._options[language] = options
        return options


@dataclass(frozen=True, slots=True)
class Exit:
    """Where an answer leads: a state, or None to stay at the question, and what is done on the way."""

    dest: str | None
    before: tuple[Callable[[Any], None], ...] = ()


@dataclass(frozen=True, slots=True)
class Aside:
    """An answer that is none to be kept, such as *Skip*: how it is told, and where it leads."""

    test: Callable[[Run], bool]
    words: str
    leads: Exit


def compile_question(
    build: Build,
    step: Step,
    question: Question,
    *,
    after: str,
    exits: Mapping[int, Exit],
    give_up: Exit,
    otherwise: Exit | None = None,
    asides: Sequence[Aside] = (),
    writes: Sequence[str] | None = None,
) -> None:
    """Adds the wait state of a question; `exits` has the options that lead somewhere else than to `after`.

    `writes` are the slots that surely have a value afterwards, if they are others than the question's.
    """
    state = build.state(
        step, "wait", enter=question.ask, words=f"asks for {question.slot}" if question.slot else "asks"
    )
    if writes is None:
        writes = (question.slot,) if question.slot else ()
    for aside in asides:
        guard = build.guard(step, aside.test, aside.words)
        build.move("input", state, aside.leads.dest, guard, before=aside.leads.before)
    for place, leads in exits.items():
        chosen = build.guard(step, _chose(place), f"chose '{question.offers[place].value}'")
        build.move("input", state, leads.dest, chosen, before=[question.store, *leads.before], writes=writes)
    answered = build.guard(step, question.answered, "answered")
    build.move("input", state, after, answered, before=[question.store], writes=writes)
    if otherwise is None:
        again = build.guard(step, question.may_try_again, "may try again")
        build.move("input", state, None, again, before=[question.ask_again])
    last = otherwise or give_up
    build.move("input", state, last.dest, before=[question.count, *last.before])
    build.silence(step, question, state, after)
    build.states[state].question = question
    build.states[state].interruptible = build.interruptions(step, state)


def _chose(place: int) -> Callable[[Run], bool]:
    return lambda run: run.answer is not None and run.answer.option == place
