"""`form`: several values asked for together, as one card, or one after the other where there are no cards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from flows.filling import FormQuestion
from flows.question import Aside, Exit, compile_question
from flows.steps.asking import QUESTION, AskingStep, asking
from flows.steps.collect import VALUE, VALUE_ELSEWHERE, CollectStep, value_asked_for
from flows.steps.step import common, step_table
from flows.wording import Wording
from rules.facts import Kind as FactKind
from rules.kinds import Choice, Conditions, ListOf, Nested, Text
from rules.schema import Key, Read, Table

if TYPE_CHECKING:
    from flows.compiler import Build
    from flows.reading import Reading

FIELD = Table(
    "field",
    {
        **VALUE,
        "help": Key(Text(), "what is said to somebody who asks for help here; a card shows it below the field"),
        "if_known": Key(
            Choice(("skip", "ask")),
            "what happens when the value is known already: it is filled in, or asked for",
            "skip",
        ),
        "when": Key(Conditions(), "the field is there only if all of these hold"),
        "unless": Key(Conditions(), "the field is not there if one of these holds"),
        "if": Key(Conditions(), "the same in one line"),
    },
    "a field of 'form'",
    VALUE_ELSEWHERE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormStep(AskingStep):
    kind: ClassVar[str] = "form"
    table: ClassVar[Table] = step_table(
        "form",
        {
            "form": Key(ListOf(Nested(FIELD), at_least=1), "what is asked for, each like a 'collect'", required=True),
            "title": Key(Text(), "what the card says at its top"),
            "submit": Key(Text(), "what its button says"),
            **QUESTION,
        },
    )

    fields: tuple[CollectStep, ...]
    """Each as if it were a step; its id is the name of its slot."""
    title: Wording | None = None
    submit: Wording | None = None

    @classmethod
    def of(cls, read: Read, reading: Reading) -> Self:
        return cls(
            fields=tuple(_field(each, reading) for each in read["form"] or ()),
            title=reading.wording(read.node("title")),
            submit=reading.wording(read.node("submit")),
            **asking(read, reading),
            **common(read, reading),
        )

    @classmethod
    def declares(cls, read: Read, reading: Reading) -> dict[str, FactKind]:
        slots: dict[str, FactKind] = {}
        for field in read["form"] or ():
            for slot, kind in CollectStep.declares(field, reading).items():
                if slot in slots:
                    reading.walker.report("K006", field.place_of("collect"), f"two fields of this form fill '{slot}'")
                slots[slot] = kind
        return slots

    def wordings(self) -> tuple[Wording, ...]:
        own = (wording for wording in (self.title, self.submit) if wording is not None)
        return (*own, *(wording for field in self.fields for wording in field.wordings()), *self.around())

    def writes(self) -> dict[str, str]:
        return {field.slot: field.type for field in self.fields}

    def surely_writes(self) -> list[str]:
        """Returns the slots that have a value whenever the form was filled in."""
        return [field.slot for field in self.fields if not field.optional and field.condition is None]

    def asks_for(self) -> tuple[str, ...]:
        return tuple(field.slot for field in self.fields)

    def saves_to_contact(self) -> frozenset[str]:
        return frozenset(field.slot for field in self.fields if field.save_to == "contact")

    def skips_known(self) -> bool:
        return True

    def compile(self, build: Build, after: str) -> None:
        question = FormQuestion(self, build.flow.id)
        going_on = Aside(question.is_going_on, "filled in in part", Exit(None, (question.go_on,)))
        compile_question(
            build,
            self,
            question,
            after=after,
            exits={},
            give_up=build.leave(self.give_up, self, question, after, "give_up"),
            asides=[going_on],
            writes=self.surely_writes(),
        )

    def compile_gate(self, build: Build, gate: str, after: str) -> None:
        question = FormQuestion(self, build.flow.id)
        known = build.guard(self, question.is_needless, "all of it is known")
        build.move("next", gate, after, known, before=[question.begin], writes=self.surely_writes())


def _field(read: Read, reading: Reading) -> CollectStep:
    return CollectStep(
        id=read["collect"] or "",
        place=read.place,
        condition=reading.condition(read.map),
        if_known=read["if_known"],
        help=reading.wording(read.node("help")),
        **value_asked_for(read, reading),
    )
