"""`collect`: the bot asks for one value and keeps it in a slot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from flows import answers
from flows.answers import KINDS, AnswerKind
from flows.asked import AskedValue
from flows.question import Answer, Aside, Exit, compile_question
from flows.steps.asking import QUESTION, AskingStep, asking
from flows.steps.kinds import RELATIVE_DAYS, Limit
from flows.steps.step import common, step_table
from flows.wording import Wording
from rules.condition_line import parse_if
from rules.condition_reading import parse_when
from rules.conditions import IR
from rules.facts import Kind as FactKind
from rules.facts import kind_of_answer
from rules.kinds import Choice, Conditions, Id, ListOf, Text, Texts, YesNo
from rules.nodes import Map, Node
from rules.problems import NOWHERE, Place
from rules.schema import Key, Read, Table
from rules.texts import in_language

if TYPE_CHECKING:
    from flows.compiler import Build
    from flows.reading import Reading
    from flows.run import Run

VALUE: Mapping[str, Key] = {
    "collect": Key(Id(likely=KINDS), "the slot that keeps the answer", required=True),
    "ask": Key(Texts(), "the question; of a list, the second is how it is put the second time, and so on"),
    "type": Key(Choice(KINDS, "answer type", "K004"), "what is asked for; else as attributes say, else text"),
    "choices": Key(ListOf(Text(), at_least=1), "the answers there are, shown as buttons"),
    "min": Key(Limit(), "the least: a number, an amount, a day (today), how many letters of a text"),
    "max": Key(Limit(), "the most, likewise"),
    "must": Key(Conditions(), "what must hold of the answer, which is called value or like its slot"),
    "invalid": Key(Text(), "what is said about an answer that is none; each type has its own words for it"),
    "optional": Key(YesNo(), "true: the question can be skipped", default=False),
    "save_to": Key(Choice(("conversation", "contact")), "contact, if attributes have it; else conversation"),
}
"""What is asked for, alone or as a field of a form."""
VALUE_ELSEWHERE: Mapping[str, str] = {
    "validate": "what kind of answer it is, is its 'type', like  type: email",
    "required": "every answer is, unless  optional: true  is written",
}
"""What other programs call it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectStep(AskingStep):
    kind: ClassVar[str] = "collect"
    table: ClassVar[Table] = step_table(
        "collect",
        {
            **VALUE,
            "if_known": Key(
                Choice(("skip", "confirm", "ask")),
                "what happens when the answer is known already: confirm asks whether it still holds",
                default="skip",
            ),
            "confirm": Key(YesNo(), "true: before it is kept, the visitor is asked whether it is right", default=False),
            **QUESTION,
        },
        VALUE_ELSEWHERE,
    )

    slot: str
    type: AnswerKind = "text"
    ask: tuple[Wording, ...] = ()
    """How it is put the first, second, third time; without any, politely by what is asked for."""
    choices: tuple[answers.Choice, ...] = ()
    choices_written: tuple[Wording, ...] = field(default=(), compare=False)
    min: int | float | str | None = None
    max: int | float | str | None = None
    must: IR | None = None
    """What must hold of the answer, which goes by the name of `value` and by that of its slot."""
    invalid: Wording | None = None
    """What is said about an answer that is none; without it, what the type says."""
    optional: bool = False
    if_known: Literal["skip", "confirm", "ask"] = "skip"
    confirm: bool = False
    save_to: Literal["conversation", "contact"] = "conversation"
    title: Wording | None = None
    """What the catalogue calls it."""
    must_at: Place = field(default=NOWHERE, compare=False)

    @classmethod
    def of(cls, read: Read, reading: Reading) -> Self:
        return cls(
            if_known=read["if_known"],
            confirm=read["confirm"],
            **value_asked_for(read, reading),
            **asking(read, reading),
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
        return (*self.ask, *((self.invalid,) if self.invalid else ()), *self.around())

    def writes(self) -> dict[str, str]:
        return {self.slot: self.type}

    def asks_for(self) -> tuple[str, ...]:
        return (self.slot,)

    def saves_to_contact(self) -> frozenset[str]:
        return frozenset({self.slot}) if self.save_to == "contact" else frozenset()

    def skips_known(self) -> bool:
        return self.if_known == "skip"

    def compile(self, build: Build, after: str) -> None:
        question = AskedValue(self, build.flow.id)
        asides = []
        if self.confirm or self.if_known == "confirm":
            asides.append(Aside(_says_no, "not right", Exit(None, (question.ask_anew,))))
        if self.confirm:
            asides.append(Aside(_is_new, "to be confirmed", Exit(None, (question.hold,))))
        elif self.if_known == "confirm" and question.takes_anything:
            asides.append(Aside(_replaces_known, "to be confirmed", Exit(None, (question.hold,))))
        if self.optional:
            asides.insert(0, Aside(question.skipped, "skipped", Exit(after, (question.skip,))))
        give_up = build.leave(self.give_up, self, question, after, "give_up")
        compile_question(build, self, question, after=after, exits={}, give_up=give_up, asides=asides)

    def compile_gate(self, build: Build, gate: str, after: str) -> None:
        build.skip_known(self, gate, after, self.slot)


def _says_no(run: Run) -> bool:
    return isinstance(run.answer, Answer) and run.answer.confirms is False


def _is_new(run: Run) -> bool:
    return isinstance(run.answer, Answer) and run.answer.confirms is None


def _replaces_known(run: Run) -> bool:
    """Says that what was answered to "Still Ann?" would be kept instead: it may as well be meant as a no."""
    return bool(run.cursor.held) and _is_new(run)


def value_asked_for(read: Read, reading: Reading) -> dict[str, Any]:
    """Returns what is asked for by the keys of `VALUE`, as arguments for making the step."""
    slot = read["collect"]
    attribute = reading.attribute(slot)
    kind, choices = _type_of(read, reading)
    if kind == "choice" and not choices and not read.wrote("choices"):
        reading.walker.report("K006", read.place_of("type"), "a 'choice' needs 'choices': the answers there are")
    return {
        "slot": slot,
        "type": kind,
        "ask": reading.wordings(read.node("ask")),
        "choices": choices,
        "choices_written": reading.wordings(read.node("choices")),
        "must": _must(read.node("must"), slot, kind_of_answer(kind, (each.value for each in choices)), reading),
        "must_at": read.key_place("must"),
        "invalid": reading.wording(read.node("invalid")),
        "optional": read["optional"],
        "save_to": read["save_to"] or ("contact" if slot in reading.contact else "conversation"),
        "title": Wording(attribute.title) if attribute is not None and attribute.title else None,
        **_limits(read, kind, reading),
    }


def _must(node: Node | None, slot: str, kind: FactKind, reading: Reading) -> IR | None:
    if node is None:
        return None
    scope = reading.scope.with_slots({"value": kind, **({slot: kind} if slot else {})})
    parse = parse_when if isinstance(node, Map) else parse_if
    return parse(node, scope, reading.walker.problems)


_MEASURED: Mapping[str, str] = {
    "number": "a number",
    "money": "an amount like 50 or 49.90",
    "text": "a number of letters",
    "date": "a day like today, tomorrow or 2026-12-24",
}
"""What `min` and `max` are, by the type of the answer."""


def _limits(read: Read, kind: str, reading: Reading) -> dict[str, Any]:
    """Returns `min` and `max`, after reporting what does not fit the type or leaves nothing between them."""
    limits = {name: read[name] for name in ("min", "max") if read.wrote(name) and read.is_sound(name)}
    for name, value in list(limits.items()):
        place = read.place_of(name)
        if kind not in _MEASURED:
            message = f"'{name}' says nothing about '{kind}'; it works with {', '.join(_MEASURED)}"
            reading.walker.report("K006", place, message)
        elif isinstance(value, str) != (kind == "date"):
            reading.walker.report("K006", place, f"'{name}' of '{kind}' is {_MEASURED[kind]}, not '{value}'")
        elif kind == "text" and (not isinstance(value, int) or value < 0):
            reading.walker.report("K006", place, f"'{name}' of 'text' is {_MEASURED[kind]}, not '{value}'")
        else:
            continue
        del limits[name]
    least, most = (_comparable(limits.get(name)) for name in ("min", "max"))
    if least is not None and most is not None and least > most:
        message = f"nothing is between {limits['min']} and {limits['max']}: 'min' is more than 'max'"
        reading.walker.report("K006", read.place_of("max"), message)
    return limits


def _comparable(limit: Any) -> Any:
    """Returns what limits can be compared by; a day that is another one every day, only with others of its sort."""
    return None if isinstance(limit, str) and limit in RELATIVE_DAYS else limit


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
    return next((kind for kind in KINDS if kind == known), "text"), choices


def _choice(labels: dict[str, str], reading: Reading) -> answers.Choice:
    language = reading.walker.default_language
    return answers.Choice(in_language(labels, language, language), labels)
