"""`collect`: the bot asks for one value and keeps it in a slot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from flows import answers
from flows.answers import KINDS, AnswerKind, Context, Refused, recognise
from flows.question import Answer, Offered, Question, compile_question
from flows.sentences import languages, question_for, sentence
from flows.steps.kinds import IfKnown
from flows.steps.step import RETRIES, Step, asked_again, common, step_table
from flows.targets import HANDOFF, Target
from flows.wording import Wording
from rules.facts import Kind as FactKind
from rules.facts import kind_of_answer
from rules.kinds import Choice, Id, ListOf, Text, Texts
from rules.schema import Key, Read, Table
from rules.texts import in_language

if TYPE_CHECKING:
    from flows.compiler import Build
    from flows.reading import Reading
    from flows.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectStep(Step):
    kind: ClassVar[str] = "collect"
    table: ClassVar[Table] = step_table(
        "collect",
        {
            "collect": Key(Id(), "the slot that keeps the answer", required=True),
            "ask": Key(Texts(), "the question; of a list, the second is how it is put the second time, and so on"),
            "type": Key(Choice(KINDS, "answer type", "K004"), "what is asked for; else as attributes say, else text"),
            "choices": Key(ListOf(Text(), at_least=1), "the answers there are, shown as buttons"),
            "invalid": Key(Text(), "what is said about an answer that is none; each type has its own words for it"),
            "if_known": Key(IfKnown(), "ask: even when the answer is known already", default="skip"),
            "save_to": Key(Choice(("conversation", "contact")), "contact, if attributes have it; else conversation"),
            **RETRIES,
        },
    )

    slot: str
    type: AnswerKind = "text"
    ask: tuple[Wording, ...] = ()
    """How it is put the first, second, third time; without any, politely by what is asked for."""
    choices: tuple[answers.Choice, ...] = ()
    invalid: Wording | None = None
    """What is said about an answer that is none; without it, what the type says."""
    retries: int = 2
    give_up: Target = HANDOFF
    if_known: Literal["skip", "ask"] = "skip"
    save_to: Literal["conversation", "contact"] = "conversation"
    title: Wording | None = None
    """What the catalogue calls it."""

    @classmethod
    def of(cls, read: Read, reading: Reading) -> Self:
        slot = read["collect"]
        attribute = reading.attribute(slot)
        kind, choices = _type_of(read, reading)
        if kind == "choice" and not choices and not read.wrote("choices"):
            reading.walker.report("K006", read.place_of("type"), "a 'choice' needs 'choices': the answers there are")
        return cls(
            slot=slot,
            type=kind,
            ask=reading.wordings(read.node("ask")),
            choices=choices,
            invalid=reading.wording(read.node("invalid")),
            if_known=read["if_known"],
            save_to=read["save_to"] or ("contact" if slot in reading.contact else "conversation"),
            title=Wording(attribute.title) if attribute is not None and attribute.title else None,
            **asked_again(read),
            **common(read, reading),
        )

    @classmethod
    def declares(cls, read: Read, reading: Reading) -> dict[str, FactKind]:
        slot = read["collect"]
        if not slot:
            return {}
        reading.check_slot(slot, read.place_of("collect"))
        kind, choices = _type_of(read, reading)
        return {slot: kind_of_answer(kind, (choice.value for choice in choices))}

    def slot_of_id(self) -> str | None:
        return self.slot

    def wordings(self) -> tuple[Wording, ...]:
        return (*self.ask, *((self.invalid,) if self.invalid else ()))

    def targets(self) -> tuple[Target, ...]:
        return (self.give_up,)

    def writes(self) -> dict[str, str]:
        return {self.slot: self.type}

    def saves_to_contact(self) -> frozenset[str]:
        return frozenset({self.slot}) if self.save_to == "contact" else frozenset()

    def skips_known(self) -> bool:
        return self.if_known == "skip"

    def compile(self, build: Build, after: str) -> None:
        question = CollectQuestion(self, build.flow.id)
        give_up = build.leave(self.give_up, self, question, after, "give_up")
        compile_question(build, self, question, after=after, exits={}, give_up=give_up)

    def compile_gate(self, build: Build, gate: str, after: str) -> None:
        build.skip_known(self, gate, after, self.slot)


def _type_of(read: Read, reading: Reading) -> tuple[AnswerKind, tuple[answers.Choice, ...]]:
    """Returns the type a question has by what is written, else by the catalogue, and its choices."""
    attribute = reading.attribute(read["collect"])
    choices = tuple(_choice(labels, reading) for labels in read["choices"] or ())
    if not read.wrote("choices") and attribute is not None:
        choices = tuple(answers.Choice(value, {reading.walker.default_language: value}) for value in attribute.choices)
    if read.wrote("type"):
        return read["type"], choices
    if read.wrote("choices"):
        return "choice", choices
    known = attribute.type if attribute is not None else "text"
    return next((kind for kind in _KINDS if kind == known), "text"), choices


_KINDS: tuple[AnswerKind, ...] = ("text", "name", "email", "phone", "choice", "yes_no")


def _choice(labels: dict[str, str], reading: Reading) -> answers.Choice:
    language = reading.walker.default_language
    return answers.Choice(in_language(labels, language, language), labels)


class CollectQuestion(Question):
    """A question for a value of some type."""

    def __init__(self, step: CollectStep, flow: str) -> None:
        super().__init__(step, flow, slot=step.slot, save_to=step.save_to, retries=step.retries, offers=_offers(step))
        self.takes_anything = step.type in ("text", "name")
        self._slot = step.slot
        self._type = step.type
        self._choices = step.choices
        self._prompts = tuple(wording.spoken() for wording in step.ask)
        self._invalid = step.invalid.spoken() if step.invalid else None
        self._title = step.title.spoken() if step.title else None

    def prompt(self, run: Run, n: int) -> str:
        if self._prompts:
            return self._prompts[min(n, len(self._prompts) - 1)].text(run)
        title = self._title.text(run) if self._title else None
        return question_for(self._slot, self._type, run.cursor.language, title)

    def again(self, run: Run, n: int) -> str:
        if self._invalid is not None:
            return f"{self._invalid.text(run)} {self.prompt(run, n)}"
        if run.refused is None:
            return self.prompt(run, n)
        said = sentence(run.refused.reason, run.cursor.language, **run.refused.values)
        # What the type says asks again by itself; only words that were kept for this time are added.
        return f"{said} {self.prompt(run, n)}" if n < len(self._prompts) else said

    def understood(self, run: Run, text: str) -> Answer | None:
        context = Context(run.cursor.language, run.settings.country, self._choices)
        found = recognise(self._type, text, context)
        if isinstance(found, Refused):
            run.refused = found
            return self.numbered(run, text)
        return Answer(found.value)


def _offers(step: CollectStep) -> tuple[Offered, ...]:
    if step.type == "yes_no":
        return (_offered_word("yes", stored=True), _offered_word("no", stored=False))
    return tuple(Offered(choice.value, choice.value, choice.labels) for choice in step.choices)


def _offered_word(word: str, *, stored: bool) -> Offered:
    return Offered(word, stored, {language: sentence(word, language) for language in languages()})
