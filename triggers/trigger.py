"""A trigger: when to speak first, what to say, where an answer leads, and how often is enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from rules.comparisons import Unfit, Written, compared
from rules.condition_reading import parse_conditions
from rules.conditions import IR, TRUE, all_of
from rules.facts import Scope
from rules.kinds import Choice, Conditions, Id, Integer, Length, MapOf, Nested, Percent, Reference, Text, YesNo
from rules.mention import Mention
from rules.nodes import Node, Scalar
from rules.problems import Place
from rules.schema import Key, Kind, Read, Table, Walker
from rules.texts import Text as Texts
from triggers.advice import advice
from triggers.buttons import Button, Buttons
from triggers.contradictions import contradictions
from triggers.limits import LIMIT, Limits, limit
from triggers.speaker import Speaker, Speakers


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    id: str
    place: Place = field(compare=False)
    order: int
    """Its place among all triggers, in the order of the files; decides between equals."""
    title: Texts
    """For reports; the id if it was given none."""
    description: Texts
    enabled: bool = True
    condition: IR = TRUE
    """All of `when`, `unless`, `if` and `active`."""
    steady_for: int = 0
    """Seconds for which the condition has to hold without a break; `for` in the file."""
    say: Texts | None = None
    start: str | None = None
    """The flow that an answer begins; without `say` its first words are the message."""
    open: bool = False
    """Shown in the opened window, instead of beside the button."""
    badge: bool = False
    """Shown as a number on the button alone; the message is found when it is pressed."""
    buttons: tuple[Button, ...] = ()
    save_as: str | None = None
    speaker: Speaker = field(default=Speaker())
    """In whose name it speaks; `from` in the file."""
    priority: int = 50
    limit: Limits
    ignore_manners: bool = False
    if_busy: Literal["skip", "wait"] = "skip"
    """Whether it stays ready when another message goes before it."""
    holdout: float = 0
    """Percentage of visitors to whom it is not shown."""
    mentions: tuple[Mention, ...] = field(default=(), compare=False)

    @property
    def department(self) -> str | None:
        """Returns whose hours and agents count; None: those of the whole site."""
        return self.speaker.department

    def button(self, label_or_value: str) -> Button | None:
        """Returns the button that was pressed, by its value or by its label in any language."""
        for button in self.buttons:
            if label_or_value == button.value or label_or_value in button.label.values():
                return button
        return None


@dataclass(frozen=True)
class _OfFact(Kind):
    """What may be compared with a fact. Value: `IR`."""

    fact: str
    op: str

    @property
    def words(self) -> str:
        return f"a value for '{self.fact}'"

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        fact = Scope().find(self.fact)
        if fact is None or not isinstance(node, Scalar) or node.value is None:
            return walker.refuse(node, self, label)
        read = compared(fact, self.op, [Written(node.text, node.quoted)])
        if not isinstance(read, Unfit):
            return read
        message = read.message.replace(f"'{self.fact}'", label, 1)
        return walker.report("K006", node.place, message, write=read.write and f"{label[1:-1]}: {read.write}")


ACTIVE = Table(
    "active",
    {
        "from": Key(_OfFact("date", "at_least"), "the first day"),
        "until": Key(_OfFact("date", "at_most"), "the last day"),
        "hours": Key(Choice(("open", "closed", "always")), "only in opening hours, or only outside", default="always"),
        "days": Key(_OfFact("weekday", "is"), "on which days, like mon-fri"),
    },
)

TRIGGER = Table(
    "trigger",
    {
        "title": Key(Text(), "what colleagues read it was that spoke to the visitor"),
        "description": Key(Text(), "what it is for; for whoever reads the files"),
        "enabled": Key(YesNo(), "false switches it off", default=True),
        "when": Key(Conditions(), "conditions that must all hold"),
        "unless": Key(Conditions(), "exceptions, none of which may hold"),
        "if": Key(Conditions(), "conditions in one line"),
        "for": Key(Length(), "how long they must hold without a break", default="0s"),
        "say": Key(Text(), "the message"),
        "start": Key(Reference("a flow"), "the flow that an answer begins; without 'say' it says the message, too"),
        "open": Key(YesNo(), "show it in the opened window; on phones as a message beside the button", default=False),
        "badge": Key(YesNo(), "show only a number on the button; the message is in the window", default=False),
        "buttons": Key(Buttons(), "quick answers: start a flow, dismiss, or store the label", default=()),
        "save_as": Key(Id(), "the slot that keeps which button was pressed"),
        "from": Key(Speakers(), "in whose name it speaks: a department, or {department: sales, agent: Anna}"),
        "priority": Key(Integer(0, 100), "who wins when several are ready", default=50),
        "limit": Key(Nested(LIMIT), "how often it may be shown", default={}),
        "active": Key(Nested(ACTIVE), "days and hours outside of which it rests"),
        "ignore_manners": Key(YesNo(), "for service messages only: not held back by the manners", default=False),
        "if_busy": Key(Choice(("skip", "wait")), "what to do while another message is shown", default="skip"),
        "holdout": Key(Percent(), "share of visitors to whom it is not shown, for measuring", default=0),
    },
    noun="a trigger",
)


def read_triggers(node: Node | None, scope: Scope, walker: Walker) -> dict[str, Trigger]:
    """Returns the triggers of a section, in its order; what is wrong is reported, and read as well as it can be."""
    reads = walker.value(node, MapOf(Nested(TRIGGER), "trigger"), "'triggers'") if node is not None else {}
    if not isinstance(reads, Mapping):
        return {}
    return {id: _trigger(read, order, scope, walker) for order, (id, read) in enumerate(reads.items())}


def _trigger(read: Read, order: int, scope: Scope, walker: Walker) -> Trigger:
    before = len(walker.problems)
    _check(read, walker)
    id = str(read.id)
    condition = _condition(read, scope, walker)
    walker.problems.extend(advice(condition, read.map))
    if "T001" not in (problem.code for problem in walker.problems[before:]):
        walker.problems.extend(contradictions(condition, read.map, read.id_place))
    return Trigger(
        id=id,
        place=read.id_place,
        order=order,
        title=read["title"] or {walker.default_language: id},
        description=read["description"] or {},
        enabled=read["enabled"],
        condition=condition,
        steady_for=read["for"].seconds,
        say=read["say"] or None,
        start=read["start"] or None,
        open=read["open"],
        badge=read["badge"],
        buttons=tuple(read["buttons"]),
        save_as=read["save_as"] or None,
        speaker=read["from"] or Speaker(),
        priority=read["priority"],
        limit=limit(read["limit"] if isinstance(read["limit"], Read) else Walker([]).read(None, LIMIT)),
        ignore_manners=read["ignore_manners"],
        if_busy=read["if_busy"],
        holdout=read["holdout"],
        mentions=tuple(_mentions(read)),
    )


def _condition(read: Read, scope: Scope, walker: Walker) -> IR:
    parts = [] if read.map is None else [parse_conditions(read.map, scope, walker.problems)]
    active = read["active"]
    if isinstance(active, Read):
        parts += [active[key] for key in ("from", "until", "days")]
        if active["hours"] != "always":
            parts.append(("is", "opening_hours", active["hours"]))
    return all_of(part for part in parts if part is not None)


def _mentions(read: Read) -> list[Mention]:
    found: list[Mention] = []
    if read["start"]:
        found.append(Mention("flows", read["start"], read.place_of("start")))
    speaker = read["from"]
    if speaker and speaker.department:
        found.append(Mention("departments", speaker.department, speaker.place))
    for button in read["buttons"]:
        if button.then and button.then.name:
            section: Literal["flows", "departments"] = "flows" if button.then.kind == "start" else "departments"
            found.append(Mention(section, button.then.name, button.then.place))
    return found


def _check(read: Read, walker: Walker) -> None:
    """Reports what each key alone does not show."""
    if read.map is None:
        return
    if not (read.wrote("say") or read.wrote("start") or read["open"] or read["badge"]):
        message = "does nothing: it needs 'say', what it says, or one of 'start', 'open' and 'badge'"
        walker.report("K006", read.id_place, f"the trigger '{read.id}' {message}")
    elif read["buttons"] and not read.wrote("say"):
        message = "these buttons stand below nothing: a trigger with buttons needs 'say', what it says"
        walker.report("K006", read.key_place("buttons"), message)
    if not read["start"] and not read["save_as"] and read.is_sound("buttons"):
        for button in read["buttons"]:
            if button.then is None:
                label = next(iter(button.label.values()))
                message = f"the button '{label}' leads nowhere: give it a target, or the trigger a 'start' or 'save_as'"
                walker.report("F011", button.place, message, write=f"- {label}: dismiss")
    active = read["active"]
    if isinstance(active, Read) and active["from"] and active["until"] and active["from"][2] > active["until"][2]:
        message = f"it is never active: {active['until'][2]} comes before {active['from'][2]}"
        walker.report("T001", active.place_of("until"), message)
