"""`buttons`: a question with quick replies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from flows.effects import SlotValue
from flows.question import Offered, Question, compile_question
from flows.sentences import sentence
from flows.steps.asking import QUESTION, AskingStep, asking
from flows.steps.kinds import Follows, LeadsTo
from flows.steps.step import Then, common, step_table
from flows.targets import BACK, STAY, Target
from flows.wording import Wording
from rules.conditions import IR, compile_condition
from rules.facts import Kind as FactKind
from rules.kinds import Choice, Conditions, Id, Text, Word, YesNo, refuse_list
from rules.nodes import List, Map, Node, Scalar
from rules.problems import NOWHERE, Place
from rules.schema import Key, Kind, Read, Table, Walker, shortened

if TYPE_CHECKING:
    from flows.compiler import Build
    from flows.question import Answer
    from flows.reading import Reading
    from flows.run import Run


@dataclass(frozen=True, slots=True)
class ButtonOption:
    """One quick reply. Without `then` the conversation goes on behind the question."""

    label: Wording
    value: str
    """What is stored."""
    then: Then | None = None
    condition: IR | None = None
    place: Place = field(default=NOWHERE, compare=False)


OPTION = Table(
    "option",
    {
        "label": Key(Text(), "what the button says", required=True),
        "value": Key(Word(), "what is stored; without it, the label in the site's first language"),
        "then": Key(Follows(), "a step, or a list of steps, after which it goes on behind the question"),
        "when": Key(Conditions(), "the button is there only if all of these hold"),
        "unless": Key(Conditions(), "the button is not there if one of these holds"),
        "if": Key(Conditions(), "the same in one line"),
    },
    "a button",
)


@dataclass(frozen=True)
class Options(Kind):
    """`Label`, `Label: target`, or a map with `label`. Value: list of `Read` with `label`, `value`, `then`."""

    @property
    def words(self) -> str:
        return "a list of buttons: 'Label', or 'Label: step'"

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        if not isinstance(node, List) or not node.items:
            return refuse_list(node, self, walker, label)
        return [option for item in node.items if (option := self._option(item, walker)) is not None]

    def instead(self) -> list[Read]:
        return []

    def _option(self, item: Node, walker: Walker) -> Read | None:
        if isinstance(item, Scalar) and item.text.strip():
            return walker.read(_as_map(item, ("label", item)), OPTION)
        if isinstance(item, Map) and len(item.entries) == 1 and item.entries[0][0].text not in OPTION.keys:
            return self._pair(*item.entries[0], walker)
        if isinstance(item, Map):
            return walker.read(item, OPTION)
        walker.value(item, Word("a button: 'Label', or 'Label: step'"), "each of 'options'")
        return None

    def _pair(self, label: Scalar, then: Node, walker: Walker) -> Read | None:
        if isinstance(then, Scalar) and then.value is None:
            walker.report(
                "F011",
                label.place,
                f"the button {shortened(label.text)} leads nowhere: the step after its ':' is missing",
                write=f"- {label.text}",
            )
            return walker.read(_as_map(label, ("label", label)), OPTION)
        return walker.read(_as_map(label, ("label", label), ("then", then)), OPTION)


def _as_map(whole: Scalar, *entries: tuple[str, Node]) -> Map:
    keys = ((Scalar(node.place, node.end, key, key), node) for key, node in entries)
    return Map(whole.place, whole.end, tuple(keys))


def _option(read: Read, reading: Reading) -> ButtonOption:
    then = read["then"]
    return ButtonOption(
        label=reading.wording(read.node("label")) or Wording({}),
        value=_option_value(read, reading),
        then=reading.then(then) if then is not None else None,
        condition=reading.condition(read.map),
        place=read.place,
    )


def _option_value(read: Read, reading: Reading) -> str:
    labels: dict[str, str] = read["label"] or {}
    label = labels.get(reading.walker.default_language) or next(iter(labels.values()), "")
    return str(read["value"] or label)


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonsStep(AskingStep):
    kind: ClassVar[str] = "buttons"
    table: ClassVar[Table] = step_table(
        "buttons",
        {
            "buttons": Key(Text(), "the question above the buttons", required=True),
            "options": Key(Options(), "what can be pressed", required=True),
            "save_as": Key(Id(), "the slot that keeps what was chosen"),
            "if_known": Key(Choice(("skip", "ask")), "skip: do not ask when the slot is filled already", default="ask"),
            "type_ok": Key(YesNo(), "whether typing the label, its beginning or its number works too", default=True),
            "otherwise": Key(LeadsTo(), "where an answer leads that is none of these; else the question is put again"),
            **QUESTION,
        },
    )

    ask: Wording
    options: tuple[ButtonOption, ...]
    save_as: str | None = None
    save_to: Literal["conversation", "contact"] = "conversation"
    if_known: Literal["skip", "ask"] = "ask"
    type_ok: bool = True
    otherwise: Target | None = None
    """Where an answer that is none of the options leads; without it the question is put again."""

    @classmethod
    def of(cls, read: Read, reading: Reading) -> Self:
        slot = read["save_as"] or None
        return cls(
            ask=reading.wording(read.node("buttons")) or Wording({}),
            options=tuple(_option(option, reading) for option in read["options"] or ()),
            save_as=slot,
            save_to="contact" if slot in reading.contact else "conversation",
            if_known=read["if_known"],
            type_ok=read["type_ok"],
            otherwise=read["otherwise"],
            **asking(read, reading),
            **common(read, reading),
        )

    @classmethod
    def declares(cls, read: Read, reading: Reading) -> dict[str, FactKind]:
        slot = read["save_as"]
        if not slot:
            return {}
        reading.check_slot(slot, read.place_of("save_as"))
        values = (_option_value(option, reading) for option in read["options"] or ())
        return {slot: FactKind("choice", tuple(dict.fromkeys(value for value in values if value)))}

    def slot_of_id(self) -> str | None:
        return self.save_as

    def own_inner(self) -> tuple[Then, ...]:
        return tuple(option.then for option in self.options if option.then is not None)

    def with_own_inner(self, thens: tuple[Then, ...]) -> Self:
        remaining = iter(thens)
        options = (option if option.then is None else replace(option, then=next(remaining)) for option in self.options)
        return replace(self, options=tuple(options))

    def wordings(self) -> tuple[Wording, ...]:
        return (self.ask, *self.around())

    def targets(self) -> tuple[Target, ...]:
        targets = AskingStep.targets(self)
        return targets if self.otherwise is None else (*targets, self.otherwise)

    def writes(self) -> dict[str, str]:
        return {self.save_as: "choice"} if self.save_as else {}

    def saves_to_contact(self) -> frozenset[str]:
        return frozenset({self.save_as}) if self.save_to == "contact" and self.save_as else frozenset()

    def skips_known(self) -> bool:
        return self.if_known == "skip" and self.save_as is not None

    def compile(self, build: Build, after: str) -> None:
        question = ButtonsQuestion(self, build.flow.id)
        exits = {
            place: build.leave(option.then, self, question, after)
            for place, option in enumerate(self.options)
            if option.then is not None
        }
        compile_question(
            build,
            self,
            question,
            after=after,
            exits=exits,
            give_up=build.leave(self.give_up, self, question, after, "give_up"),
            otherwise=build.leave(self.otherwise, self, question, after) if self.otherwise else None,
        )

    def compile_gate(self, build: Build, gate: str, after: str) -> None:
        slot = str(self.save_as)
        for option in self.options:
            if option.then is not None and option.then not in (STAY, BACK):
                chosen = build.guard(self, _has_value(slot, option.value), f"{slot} is '{option.value}' already")
                build.move("next", gate, build.lead(option.then, self, after), chosen, writes=[slot])
        build.skip_known(self, gate, after, slot)


class ButtonsQuestion(Question):
    """A question whose answers are its options."""

    def __init__(self, step: ButtonsStep, flow: str) -> None:
        super().__init__(
            step,
            flow,
            slot=step.save_as,
            save_to=step.save_to,
            retries=step.retries,
            offers=tuple(_offered(option, place) for place, option in enumerate(step.options)),
            type_ok=step.type_ok,
        )
        self.help = step.help.spoken() if step.help else None
        self._ask = step.ask.spoken()

    def prompt(self, run: Run, n: int) -> str:
        return self._ask.text(run)

    def again(self, run: Run, n: int) -> str:
        return f"{sentence(self._what_to_do(run), run.cursor.language)} {self.prompt(run, n)}"

    def _what_to_do(self, run: Run) -> str:
        if not self.type_ok:
            return "not_understood"
        return "choose_one" if self.is_counted(run) else "choice_unknown"

    def understood(self, run: Run, text: str) -> Answer | None:
        return self.option_meant(run, text)


def _offered(option: ButtonOption, place: int) -> Offered:
    shown = compile_condition(option.condition) if option.condition is not None else None
    return Offered(option.value, option.value, option.label.texts, shown)


def _has_value(slot: str, value: SlotValue) -> Callable[[Run], bool]:
    return lambda run: run.known(slot) == value
