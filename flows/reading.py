"""Reads the `flows` section of a site: every flow with its steps, the machines they are compiled to, and all problems.

    read_flows(node, walker, scope=Scope(contact=…, triggers=…), contact=…, visit=…, departments=…)

What has an error is left out of `machines`; the rest is complete, so that a site can be checked as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Protocol

from flows.answers import KINDS
from flows.checks.entries import Entry, left_out
from flows.checks.knowledge import Knowledge
from flows.checks.running import check_machines
from flows.checks.uses import Uses
from flows.checks.written import Surroundings, check_flow
from flows.compiler import CannotCompile, compile_flow
from flows.engine import FlowMachine
from flows.flow import Flow, named
from flows.steps.action import ActionStep
from flows.steps.asking import FLOW_SILENCE, levels
from flows.steps.branch import BranchStep
from flows.steps.buttons import ButtonsStep
from flows.steps.call import CallStep
from flows.steps.collect import CollectStep
from flows.steps.end import EndStep
from flows.steps.form import FormStep
from flows.steps.given import A_KIND, Given, kind_meant
from flows.steps.goto import GotoStep
from flows.steps.handoff import HIDE_WIDGET, LEAVE_MESSAGE, HandoffStep
from flows.steps.kinds import TABLES
from flows.steps.note import NoteStep
from flows.steps.say import SayStep
from flows.steps.set import SetStep
from flows.steps.start import StartStep
from flows.steps.step import Step, Then
from flows.steps.tag import TagStep
from flows.steps.take_message import TakeMessageStep
from flows.steps.wait import WaitStep
from flows.targets import END, Target
from flows.wording import Wording
from rules.condition_reading import parse_conditions, parse_when
from rules.conditions import IR
from rules.document import read as read_document
from rules.facts import TEXTUAL, Scope, fact_named, kind_of_answer
from rules.facts import Kind as FactKind
from rules.kinds import Choice, Conditions, Id, ListOf, MapOf, Nested, OneOrList, Text, Word, YesNo
from rules.nodes import List, Map, Node
from rules.problems import Place, Problem, error, has_errors
from rules.schema import Key, Read, Table, Walker
from rules.step_lists import Steps
from rules.templates import TemplateProblem

STEPS: Mapping[str, type[Step]] = {
    step.kind: step
    for step in (
        SayStep,
        CollectStep,
        FormStep,
        ButtonsStep,
        BranchStep,
        SetStep,
        TagStep,
        NoteStep,
        GotoStep,
        CallStep,
        StartStep,
        WaitStep,
        ActionStep,
        HandoffStep,
        EndStep,
    )
}
TABLES.update({kind: step.table for kind, step in STEPS.items()})

_ANSWER = Choice(KINDS, "answer type", "K004")
_SLOT_TYPES = MapOf(_ANSWER, "slot")

FLOW = Table(
    "flow",
    {
        "title": Key(Text(), "what people call it; for whoever reads the files, no screen shows it yet"),
        "description": Key(Word(), "what it is for; for whoever reads the files"),
        "start_when": Key(Conditions(), "it begins when a visitor writes, no flow runs and all of these hold"),
        "inputs": Key(_SLOT_TYPES, "slots that whoever starts or calls it gives, with their types", default={}),
        "returns": Key(ListOf(Id()), "slots a caller may rely on; all that were collected, if left out"),
        "slots": Key(_SLOT_TYPES, "types of slots that nothing else says", default={}),
        "interruptible": Key(YesNo(), "false: phrases such as 'a person, please' count as answers in it", default=True),
        "validator": Key(
            Word("the name of a validator like validate_order", r"validate_[A-Za-z0-9_]{1,90}"),
            "the form validator of rasa-sdk that looks at every answer; validate_<flow>, if there is one",
        ),
        "on_silence": Key(
            OneOrList(Nested(FLOW_SILENCE)), "what happens at every question without an 'if_silent' of its own"
        ),
        "steps": Key(Steps(TABLES), "what happens, one after the other", required=True),
    },
    "a flow",
)
NOT_FLOWS = frozenset({LEAVE_MESSAGE, HIDE_WIDGET})
"""What may be said where the id of a flow may stand, so no flow can be called so."""
FLOWS = MapOf(Nested(FLOW), "flow", reserved=NOT_FLOWS)
MOST_STEPS = 5_000
"""In all flows of a site."""


class Attribute(Protocol):
    """What the catalogue says about an attribute."""

    @property
    def type(self) -> str: ...
    @property
    def choices(self) -> tuple[str, ...]: ...
    @property
    def title(self) -> Mapping[str, str] | None: ...


@dataclass(frozen=True, slots=True)
class Flows:
    """All flows of a site as read, and the machines of those without errors, the standard ones among them."""

    flows: Mapping[str, Flow]
    machines: Mapping[str, FlowMachine]
    slots: Mapping[str, FactKind]
    """Every slot that a flow of the site may fill."""


@dataclass
class Reading:
    """What the steps of all flows are read with."""

    walker: Walker
    scope: Scope
    contact: Mapping[str, Attribute] = field(default_factory=dict)
    visit: Mapping[str, Attribute] = field(default_factory=dict)
    inputs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What each flow takes, with its types."""

    def attribute(self, name: str) -> Attribute | None:
        """Returns what the catalogue says about a slot."""
        return self.contact.get(name) or self.visit.get(name)

    def condition(self, node: Map | None) -> IR | None:
        """Returns what `when`, `unless` and `if` of a map say."""
        return parse_conditions(node, self.scope, self.walker.problems) if node is not None else None

    def wording(self, node: Node | None) -> Wording | None:
        """Returns the text of a node with its place, or None."""
        return Wording.written(node, self.walker.default_language)

    def wordings(self, node: Node | None) -> tuple[Wording, ...]:
        """Returns the texts of a node that holds one or a list of them."""
        items = node.items if isinstance(node, List) else (node,)
        return tuple(wording for item in items if (wording := self.wording(item)) is not None)

    def then(self, value: Target | list[Read] | None) -> Then:
        """Returns what follows, its steps made."""
        if isinstance(value, list):
            return tuple(self.step(read) for read in value)
        return value or END

    def step(self, read: Read) -> Step:
        """Returns the step of a Read."""
        return _STEPS[str(read.kind)].of(read, self)

    def check_slot(self, name: str, place: Place) -> None:
        """Reports a slot with the name of a fact, for then nobody could tell which of them is meant."""
        if fact_named(name) is not None:
            self.walker.report("K006", place, f"'{name}' is a fact already and cannot be a slot; give it another name")


def read_flows(
    node: Node | None,
    walker: Walker,
    *,
    scope: Scope,
    contact: Mapping[str, Attribute],
    visit: Mapping[str, Attribute],
    departments: Collection[str],
    translated: Callable[[Flow], Flow] = lambda flow: flow,
    entries: Collection[Entry] = (),
) -> Flows:
    """Returns the flows of a site after reporting everything that is wrong with them.

    `translated` adds to a flow, whose steps have their ids, the texts that are written elsewhere; `entries` are the
    ways into flows from outside.
    """
    read = walker.value(node, FLOWS, "'flows'") if node is not None else {}
    reads: dict[str, Read] = read if isinstance(read, dict) else {}
    standard = standard_machines()
    reading = Reading(walker, scope, contact, visit)
    made, complete = _made(reads, reading)
    flows = {id: translated(flow) for id, flow in made.items()}
    sound = set(complete)
    written = walker.ids.get("departments", departments)
    around = Surroundings(flows, tuple(standard), departments, reading.scope, written)
    machines = dict(standard)
    for id, flow in flows.items():
        found = check_flow(flow, around)
        walker.problems += found
        sound -= {id} if has_errors(found) else set()
        if id in complete and (machine := _compiled(flow)) is not None:
            machines[id] = machine
    # A gap that nothing fills is not said to be empty as well, and what an unreadable flow fills nobody knows.
    told = {problem.place for problem in walker.problems if problem.code == "F007"}
    unsure = _callers_of(flows.keys() - machines.keys(), flows)
    knowledge = Knowledge(machines, left_out(flows, entries))
    found = check_machines(machines, [id for id in machines if id in flows], knowledge, unsure, scope.contact)
    walker.problems += [problem for problem in found if problem.place not in told]
    uses = Uses(machines)
    labels = {key: label for machine in machines.values() for key, label in machine.labels.items()}
    for id in flows.keys() & machines.keys():
        machines[id].sure, machines[id].uses = knowledge.sure_in(id), uses.of(id)
        # What this flow collects itself is said as it was answered here, whatever others offer under that name.
        others = {key: label for key, label in labels.items() if key[0] not in machines[id].collects}
        machines[id].labels = {**others, **machines[id].labels}
    complete_machines = {id: machine for id, machine in machines.items() if id in sound or id in standard}
    return Flows(flows, complete_machines, reading.scope.slots)


def _callers_of(wanted: Collection[str], flows: Mapping[str, Flow]) -> set[str]:
    """Returns the flows that call one of these, or call one that does."""
    found = set(wanted)
    while more := {id for id, flow in flows.items() if id not in found and _calls(flow) & found}:
        found |= more
    return found - set(wanted)


def _calls(flow: Flow) -> set[str]:
    return {str(target.name) for step in flow.every_step() for target in step.targets() if target.kind == "call"}


def _compiled(flow: Flow) -> FlowMachine | None:
    """Returns the machine of a flow that may have errors, for the checks; None if it cannot be built at all."""
    try:
        return compile_flow(flow)
    except (CannotCompile, TemplateProblem):
        return None


def _made(reads: Mapping[str, Read], reading: Reading) -> tuple[dict[str, Flow], set[str]]:
    """Returns the flows, and the ids of those that have no error so far."""
    problems = reading.walker.problems
    slots = _slots_of(reads, reading)
    reading.scope = reading.scope.with_slots(slots)
    reading.inputs = {id: read["inputs"] for id, read in reads.items()}
    flows: dict[str, Flow] = {}
    sound: set[str] = set()
    for id, read in reads.items():
        before = len(problems)
        flows[id] = _flow(id, read, reading)
        if read.sound and not has_errors(problems[before:]):
            sound.add(id)
    if sum(1 for flow in flows.values() for _ in flow.every_step()) > MOST_STEPS:
        place = next(iter(reads.values())).id_place
        problems.append(error("K006", place, f"all flows together have more than {MOST_STEPS:,} steps"))
        sound.clear()
    return flows, sound


def _flow(id: str, read: Read, reading: Reading) -> Flow:
    return named(
        Flow(
            id=id,
            title=read["title"] or {},
            description=read["description"],
            start_when=_condition(read.node("start_when"), reading),
            inputs=read["inputs"],
            returns=tuple(read["returns"]) if read.wrote("returns") else None,
            slots=read["slots"],
            interruptible=read["interruptible"],
            validator=read["validator"],
            on_silence=levels(read["on_silence"] or (), reading),
            steps=tuple(reading.step(step) for step in read["steps"] or ()),
            place=read.id_place,
        )
    )


def _condition(node: Node | None, reading: Reading) -> IR | None:
    return parse_when(node, reading.scope, reading.walker.problems) if node is not None else None


def _slots_of(reads: Mapping[str, Read], reading: Reading) -> dict[str, FactKind]:
    """Returns every slot of the site with its kind, after reporting those that are of two."""
    slots: dict[str, FactKind] = {}
    places: dict[str, Place] = {}
    later: list[tuple[str, Given, Place]] = []
    for read in reads.values():
        for key in ("inputs", "slots"):
            for name, type in read[key].items():
                reading.check_slot(name, read.place_of(key))
                _declare(name, kind_of_answer(type), read.place_of(key), slots, places, reading)
        for step in _every_read(read["steps"] or ()):
            for name, kind in _STEPS[str(step.kind)].declares(step, reading).items():
                _declare(name, kind, step.place, slots, places, reading)
            later += [(*each, step.place) for each in _STEPS[str(step.kind)].declares_later(step).items()]
    _declare_later(later, slots, places, reading)
    return slots


def _declare_later(
    later: list[tuple[str, Given, Place]], slots: dict[str, FactKind], places: dict[str, Place], reading: Reading
) -> None:
    """Notes the slots that are filled with what others hold, in the order in which it is known what that is."""
    while later:
        waiting = []
        for name, value, place in later:
            kind = kind_meant(value, reading.scope.with_slots(slots))
            if kind is None:
                waiting.append((name, value, place))
                continue
            attribute = reading.contact.get(name)
            holds = slots.get(name) or (kind_of_answer(attribute.type) if attribute else kind)
            # Whatever is written into a text or a choice is a text.
            _declare(name, FactKind("text") if holds.type in TEXTUAL else kind, place, slots, places, reading)
        if len(waiting) == len(later):
            for name, _, place in waiting:
                _declare(name, FactKind("text"), place, slots, places, reading)
            return
        later = waiting


def _declare(
    name: str,
    kind: FactKind,
    place: Place,
    slots: dict[str, FactKind],
    places: dict[str, Place],
    reading: Reading,
) -> None:
    """Notes a slot; where several steps fill it with texts, it holds whatever one of them may give it."""
    known = slots.get(name)
    if known is None:
        slots[name], places[name] = kind, place
    elif known.type == kind.type == "choice":
        slots[name] = FactKind("choice", tuple(dict.fromkeys((*known.choices, *kind.choices))))
    elif {known.type, kind.type} == {"choice", "text"}:
        slots[name] = FactKind("text")
    elif known.type != kind.type:
        first = places[name]
        message = f"'{name}' is {A_KIND[known.type]} in {first.file}:{first.line} and {A_KIND[kind.type]} here"
        reading.walker.report("F008", place, message)


def _every_read(reads: Iterable[Read]) -> Iterator[Read]:
    for read in reads:
        yield read
        yield from _every_read(_reads_within(read))


def _reads_within(read: Read) -> Iterator[Read]:
    """Yields the steps written inside a step."""
    for inner in (*(read.get("options") or ()), *(read.get("branch") or ()), *(read.get("if_silent") or ())):
        for key in ("then", "else"):
            if isinstance(inner.get(key), list):
                yield from inner[key]


_STEPS: Mapping[str, type[Step]] = {**STEPS, TakeMessageStep.kind: TakeMessageStep}
_OUR_FLOW = Table(
    "flow", {**FLOW.keys, "steps": Key(Steps({kind: step.table for kind, step in _STEPS.items()}), "", required=True)}
)


@cache
def standard_machines() -> Mapping[str, FlowMachine]:
    """Returns the machines of the flows that every site has, such as the one that takes a message."""
    problems: list[Problem] = []
    source = files("flows").joinpath("standard", "leave_message.yaml").read_bytes()
    document = read_document(source, "flows/standard/leave_message.yaml", problems)
    walker = Walker(problems)
    if not isinstance(document, Map):
        raise RuntimeError(f"the flows of the product cannot be read: {problems}")
    reads = walker.value(document.entries[0][1], MapOf(Nested(_OUR_FLOW), "flow"), "'flows'")
    flows, _ = _made(reads, Reading(walker, Scope()))
    if problems:
        raise RuntimeError(f"the flows of the product cannot be read: {problems}")
    return {id: compile_flow(flow) for id, flow in flows.items()}
