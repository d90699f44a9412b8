"""What is proved about flows before anything goes live: nothing leads nowhere, nothing goes round for ever."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from flows.cursor import MOST_CALLS
from flows.engine import START, FlowMachine, FlowState
from flows.flow import Flow
from flows.graph import Calls, Knowledge, Node, Silence, edges_of, main_states, reachable
from flows.steps.action import ActionStep
from flows.steps.asking import AskingStep
from flows.steps.buttons import ButtonsStep
from flows.steps.call import CallStep
from flows.steps.collect import CollectStep
from flows.steps.end import EndStep
from flows.steps.form import FormStep
from flows.steps.goto import GotoStep
from flows.steps.handoff import HandoffStep
from flows.steps.start import StartStep
from flows.steps.step import NOWHERE, Step
from flows.targets import Target
from flows.wording import Wording
from rules.facts import Scope, fact_named
from rules.problems import Place, Problem, did_you_mean, error, suggestion, warning
from rules.templates import Name, TemplateProblem, parse_template

SITE_NAMES = ("site.name", "site.next_opening", "site.opening_hours")
"""What texts may say that conditions cannot ask."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a flow may refer to outside of itself."""

    flows: Mapping[str, Flow]
    other_flows: Collection[str]
    """Ids of flows that are written but could not be read, and of the standard ones."""
    departments: Collection[str]
    scope: Scope

    @property
    def flow_ids(self) -> tuple[str, ...]:
        return (*self.flows, *(id for id in self.other_flows if id not in self.flows))


def check_flow(flow: Flow, around: Surroundings) -> list[Problem]:
    """Returns what is wrong with a flow as written: ids, targets, buttons, gaps of its texts."""
    problems: list[Problem] = []
    ids = {step.id for step in flow.every_step()}
    problems += _same_ids(flow)
    problems += _returns(flow, around)
    problems += _silence(flow, ids, around)
    for step in flow.every_step():
        for target in step.targets():
            problems += _target(target, step, ids, around)
        if isinstance(step, ActionStep) and step.on_error is None and not step.optional:
            problems.append(_no_way_out(step))
        if isinstance(step, HandoffStep) and step.department is not None:
            problems += _department(step.department, step.department_at, around)
        for id, buttons in _buttons_of(step):
            problems += _same_buttons(id, buttons)
        if isinstance(step, CallStep):
            problems += _inputs(step, around)
        for wording in step.wordings():
            problems += _gaps(wording, around)
    return problems


def check_machines(
    machines: Mapping[str, FlowMachine],
    told: Collection[str],
    unsure: Collection[str] = (),
    attributes: Collection[str] = (),
) -> list[Problem]:
    """Returns what is wrong with flows as they would run; about those whose ids are in `told`.

    What slots hold is not asked of the `unsure`: they call flows that could not be read. Contact `attributes` stay
    known when a flow is begun again.
    """
    problems: list[Problem] = []
    for id in told:
        problems += _unreachable(machines[id])
    loops = list(Silence(machines, attributes).loops())
    problems += _loops(machines, told, loops)
    problems += _rounds_of_calls(machines, told, [set(_called_round(machines, loop)) for loop in loops])
    problems += _deep_calls(machines, told)
    knowledge = Knowledge(machines)
    for id in (id for id in told if id not in unsure):
        problems += _maybe_empty(machines[id], {id: machines[id] for id in told}, knowledge)
    return problems


# --- as written


def _same_ids(flow: Flow) -> Iterator[Problem]:
    first: dict[str, Step] = {}
    for step in flow.every_step():
        if step.id in first:
            where = first[step.id].place.line
            yield error("K006", step.place, f"two steps have the id '{step.id}' (the first on line {where})")
        first.setdefault(step.id, step)


def _returns(flow: Flow, around: Surroundings) -> Iterator[Problem]:
    filled = _filled_by(flow, around.flows, set())
    for slot in flow.returns or ():
        if slot not in filled:
            meant = suggestion(slot, filled)
            yield error("K005", flow.place, f"flow '{flow.id}' returns '{slot}', which nothing in it fills{meant}")


def _filled_by(flow: Flow, flows: Mapping[str, Flow], seen: set[str]) -> set[str]:
    """Returns the slots that a flow or one it calls may fill."""
    seen.add(flow.id)
    filled = set(flow.inputs)
    for step in flow.every_step():
        filled.update(step.writes())
        for target in step.targets():
            called = flows.get(str(target.name)) if target.kind == "call" else None
            if called is not None and called.id not in seen:
                filled |= _filled_by(called, flows, seen)
    return filled


def _silence(flow: Flow, ids: Collection[str], around: Surroundings) -> Iterator[Problem]:
    """Yields what is wrong with what happens at every question that nobody answers."""
    for level in flow.on_silence:
        if isinstance(level.then, Target):
            yield from _target(level.then, None, ids, around)
        if level.say is not None:
            yield from _gaps(level.say, around)


def _no_way_out(step: ActionStep) -> Problem:
    message = (
        f"the action '{step.action}' may fail, and nothing says where it goes on then;"
        " with 'optional: true' it goes on as if nothing had happened"
    )
    return error("F013", step.place, message, write="on_error: handoff")


def _target(target: Target, step: Step | None, ids: Collection[str], around: Surroundings) -> Iterator[Problem]:
    place = target.place or (step.place if step is not None else NOWHERE)
    name = target.name or ""
    if target.kind == "step" and name not in ids:
        what = "goto " if isinstance(step, GotoStep) else ""
        is_flow = name in around.flow_ids
        meant = f" — did you mean 'start {name}'?" if is_flow else suggestion(name.split()[0], (*ids, *_WORD_TARGETS))
        yield error("K005", place, f"{what}'{name}' leads nowhere: no step has this id{meant}")
    elif target.kind in ("start", "call") and name not in around.flow_ids:
        yield error("K005", place, f"there is no flow '{name}'{suggestion(name, around.flow_ids)}")
    elif target.kind == "handoff" and target.name is not None:
        yield from _department(name, place, around)
    elif target.kind == "stay" and step is not None and not isinstance(step, AskingStep):
        yield error("K005", place, "'stay' means the question that is open, and there is none here; name a step")


_WORD_TARGETS = ("end", "cancel", "back", "restart", "handoff")


def _department(name: str, place: Place, around: Surroundings) -> Iterator[Problem]:
    if name not in around.departments:
        meant = suggestion(name, (*around.departments, "any"))
        yield error("K005", place, f"there is no department '{name}'{meant}")


@dataclass(frozen=True, slots=True)
class _Button:
    label: Wording
    value: str
    place: Place


def _buttons_of(step: Step) -> Iterator[tuple[str, list[_Button]]]:
    """Yields what can be pressed at each question of a step, and what the question is called."""
    if isinstance(step, ButtonsStep):
        yield step.id, [_Button(option.label, option.value, option.place) for option in step.options]
    for asked in step.fields if isinstance(step, FormStep) else (step,):
        if isinstance(asked, CollectStep):
            written = zip(asked.choices_written, asked.choices, strict=False)
            yield asked.id, [_Button(label, choice.value, _place_of(label)) for label, choice in written]


def _same_buttons(id: str, buttons: Iterable[_Button]) -> Iterator[Problem]:
    labels: set[tuple[str, str]] = set()
    values: set[str] = set()
    for button in buttons:
        alike = {(language, " ".join(text.split()).casefold()) for language, text in button.label.texts.items()}
        said = next(iter(button.label.texts.values()), "")
        if labels & alike:
            yield error("F011", button.place, f"two buttons of '{id}' say '{said}'; nobody could tell them apart")
        elif button.value in values:
            yield error("F011", button.place, f"two buttons of '{id}' store '{button.value}'; give one another 'value'")
        for language, text in button.label.texts.items():
            if "{{" in text:
                place = _place_in(button.label, language, text.index("{{"))
                yield error("K006", place, "the label of a button is the same for everybody, so it has no gaps")
        labels |= alike
        values.add(button.value)


def _inputs(step: CallStep, around: Surroundings) -> Iterator[Problem]:
    called = around.flows.get(str(step.to.name))
    for slot in step.gives:
        if called is not None and slot not in called.inputs:
            meant = suggestion(slot, called.inputs)
            yield error("K005", step.given_at, f"flow '{called.id}' takes no input '{slot}'{meant}")


def _gaps(wording: Wording, around: Surroundings) -> Iterator[Problem]:
    """Yields what is wrong with the gaps of a text: not readable, or nothing of that name."""
    for language, text in wording.texts.items():
        try:
            template = parse_template(text)
        except TemplateProblem as problem:
            yield error("F007", _place_in(wording, language, problem.offset), problem.message, write=problem.write)
            continue
        for name in template.names:
            yield from _name(name.name, _place_in(wording, language, name.offset), around.scope)


def _name(name: str, place: Place, scope: Scope) -> Iterator[Problem]:
    if name in SITE_NAMES:
        return
    fact = scope.find(name)
    if fact is None:
        meant = did_you_mean(name, (*scope.names(), *SITE_NAMES), {})
        hint = f" — did you mean '{meant}'?" if meant else ": no slot and no fact has this name"
        yield error("F007", place, f"nothing fills the gap '{name}'{hint}")
    elif not fact.in_this_version:
        yield error("K007", place, f"'{name}' is not yet in this version")


def _place_of(wording: Wording) -> Place:
    return next((node.place for node in wording.nodes.values()), NOWHERE)


def _place_in(wording: Wording, language: str, offset: int) -> Place:
    node = wording.nodes.get(language)
    return node.place_at(offset) if node is not None else NOWHERE


# --- as they run


def _unreachable(machine: FlowMachine) -> Iterator[Problem]:
    edges = edges_of(machine)
    found = reachable([START], edges)
    for name, step in main_states(machine):
        if name not in found:
            found |= reachable([name], edges)
            why = _why_unreachable(step, machine.flow)
            yield warning("F001", step.place, f"step '{step.id}' can never be reached: nothing leads here{why}")


def _why_unreachable(step: Step, flow: Flow) -> str:
    before = _step_before(step, flow)
    if before is None:
        return ""
    line = f"(line {before.place.line})"
    match before:
        case GotoStep():
            return f" since '{before.id}' always jumps to '{before.to}' {line}"
        case EndStep():
            return f" since '{before.id}' ends the flow {line}"
        case StartStep():
            return f" since '{before.id}' begins another flow {line}"
        case _:
            return f" since '{before.id}' always leads elsewhere {line}"


def _step_before(step: Step, flow: Flow) -> Step | None:
    lists = [flow.steps, *(then for each in flow.every_step() for then in each.inner() if isinstance(then, tuple))]
    for steps in lists:
        ids = [each.id for each in steps]
        if step.id in ids:
            place = ids.index(step.id)
            return steps[place - 1] if place else None
    return None


def _loops(
    machines: Mapping[str, FlowMachine], told: Collection[str], loops: Iterable[Sequence[Node]]
) -> Iterator[Problem]:
    for loop in loops:
        if not any(flow in told for flow, _ in loop):
            continue
        step = _first_step(machines, loop)
        place = step.place if step is not None else NOWHERE
        called = _called_round(machines, loop)
        if called:
            yield error("F010", place, f"{_calling([*called, called[0]])} without a question between")
            continue
        steps = _steps_round(machines, loop)
        names = " -> ".join(f"'{name}'" for name in [*steps, steps[0]])
        yield error("F004", place, f"{names} never waits for the visitor; put a question or a wait into the loop")


def _rounds_of_calls(
    machines: Mapping[str, FlowMachine], told: Collection[str], silent: Collection[set[str]]
) -> Iterator[Problem]:
    calls = Calls(machines)
    for flows in calls.rounds():
        if set(flows) in silent or not any(flow in told for flow in flows):
            continue
        who = _calling([*flows, flows[0]]) if len(flows) > 1 else f"'{flows[0]}' calls itself"
        message = f"{who}: what stands behind the call comes once for every round, at the end; write 'start {flows[0]}'"
        yield warning("F015", calls.step(flows[-1], flows[0]).place, message)


def _deep_calls(machines: Mapping[str, FlowMachine], told: Collection[str]) -> Iterator[Problem]:
    calls = Calls(machines)
    for flows in calls.chains():
        if len(flows) - 1 > MOST_CALLS and flows[0] in told:
            message = f"{_calling(flows)}: only {MOST_CALLS} flows can wait for one they called, so '{flows[0]}' would"
            yield error("F010", calls.step(*flows[:2]).place, f"{message} be forgotten; write 'start' somewhere")


def _calling(flows: Sequence[str]) -> str:
    return " calls ".join(f"'{flow}'" for flow in flows)


def _called_round(machines: Mapping[str, FlowMachine], loop: Sequence[Node]) -> list[str]:
    """Returns the flows that call one another in a loop; none if it is a loop of another sort."""
    pairs = zip(loop, [*loop[1:], loop[0]], strict=True)
    calls = [(flow, state) for (flow, state), (_, following) in pairs if following == START]
    entered = [flow for flow, state in loop if state == START]
    return entered if calls and all(machines[flow].state(state).kind == "call" for flow, state in calls) else []


def _steps_round(machines: Mapping[str, FlowMachine], loop: Sequence[Node]) -> list[str]:
    """Returns the steps of a loop; where it goes over several flows, with the flow before the dot."""
    several = len({flow for flow, _ in loop}) > 1
    steps = []
    for flow, state in loop:
        step = machines[flow].state(state).step
        if step is not None:
            steps.append(f"{flow}.{step.id}" if several else step.id)
    return list(dict.fromkeys(steps)) or [loop[0][0]]


def _first_step(machines: Mapping[str, FlowMachine], loop: Sequence[Node]) -> Step | None:
    return next((step for flow, state in loop if (step := machines[flow].state(state).step) is not None), None)


def _maybe_empty(machine: FlowMachine, flows: Mapping[str, FlowMachine], knowledge: Knowledge) -> Iterator[Problem]:
    told: set[Place] = set()
    for state, step in main_states(machine):
        known = knowledge.at(machine.id, state)
        if known is None:
            continue
        for wording in (*step.wordings(), *_inherited(step, machine.flow)):
            found = list(_empty_gaps(wording, step, machine, known, knowledge))
            yield from (problem for problem in found if problem.place not in told)
            told |= {problem.place for problem in found}
    for state in machine.states:
        yield from _empty_inputs(machine.state(state), machine, flows, knowledge)


def _inherited(step: Step, flow: Flow) -> Iterator[Wording]:
    """Yields what is said at a question that nobody answers because the flow says so."""
    if isinstance(step, AskingStep) and step.if_silent is None:
        yield from (level.say for level in flow.on_silence if level.say is not None)


def _empty_gaps(
    wording: Wording, step: Step, machine: FlowMachine, known: frozenset[str], knowledge: Knowledge
) -> Iterator[Problem]:
    for language, text in wording.texts.items():
        told: set[str] = set()
        for name in _names_in(text):
            slot = name.name.removeprefix("slot.")
            if name.has_default or slot in told or not _can_be_empty(slot) or _is_filled(slot, known):
                continue
            told.add(slot)
            way = _way(knowledge.way_without(machine.id, slot, step.id))
            place = _place_in(wording, language, name.offset)
            default = f'{{{{ {name.name} | default: "…" }}}}'
            message = f"{{{{ {name.name} }}}} may be empty here: {way}. Use {default} or collect it first"
            yield error("F006", place, message)


def _names_in(text: str) -> tuple[Name, ...]:
    """Returns the gaps of a text; none if it cannot be read, which has been told then."""
    try:
        return parse_template(text).names
    except TemplateProblem:
        return ()


def _can_be_empty(name: str) -> bool:
    return name.startswith("contact.") or ("." not in name and fact_named(name) is None)


def _is_filled(name: str, known: frozenset[str]) -> bool:
    return name in known or f"contact.{name}" in known


def _way(steps: list[str]) -> str:
    if len(steps) < 2:
        return "nothing before it collects it"
    shown = steps if len(steps) <= 5 else [*steps[:2], "…", *steps[-2:]]
    return f"the path '{' -> '.join(shown)}' never collects it"


def _empty_inputs(
    state: FlowState, machine: FlowMachine, told: Mapping[str, FlowMachine], knowledge: Knowledge
) -> Iterator[Problem]:
    """Yields the inputs of a called or started flow that may be empty."""
    called = told.get(str(state.calls))
    known = knowledge.at(machine.id, state.name)
    if called is None or known is None or state.step is None or state.offline:
        return
    given = state.step.gives if isinstance(state.step, CallStep) else {}
    if not set(given) <= set(called.flow.inputs):
        return
    for slot in called.flow.inputs:
        if slot not in given and not _is_filled(slot, known):
            message = f"'{slot}' may be empty here, and flow '{called.id}' takes it as an input; give it with 'with'"
            yield error("F006", state.step.place, message)
