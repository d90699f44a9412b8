"""What is wrong with flows as they would run: what nobody reaches, what never waits, what may be empty."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from flows.checks.calls import Calls
from flows.checks.graph import Node, edges_of, main_states, reachable
from flows.checks.knowledge import Knowledge
from flows.checks.people import deaf_to_people
from flows.checks.silence import Silence
from flows.cursor import MOST_CALLS
from flows.engine import START, FlowMachine, FlowState
from flows.flow import Flow
from flows.steps.asking import AskingStep
from flows.steps.call import CallStep
from flows.steps.end import EndStep
from flows.steps.goto import GotoStep
from flows.steps.start import StartStep
from flows.steps.step import Step
from flows.steps.wait import WaitStep
from flows.wording import Wording
from rules.facts import fact_named
from rules.problems import NOWHERE, Place, Problem, error, warning
from rules.templates import Name, TemplateProblem, parse_template


def check_machines(
    machines: Mapping[str, FlowMachine],
    told: Collection[str],
    knowledge: Knowledge,
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
    problems += deaf_to_people(machines, told)
    for id in (id for id in told if id not in unsure):
        problems += _never_asked(machines[id], knowledge)
        problems += _maybe_empty(machines[id], {id: machines[id] for id in told}, knowledge)
    return problems


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
        message = "never waits for the visitor; put a question or a wait into the loop"
        if any(isinstance(machines[flow].state(state).step, WaitStep) for flow, state in loop):
            message = (
                "never waits while you are open, when 'until: open' is over at once; put 'wait: 10m' into the loop"
            )
        yield error("F004", place, f"{names} {message}")


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


def _never_asked(machine: FlowMachine, knowledge: Knowledge) -> Iterator[Problem]:
    """Yields the questions that are passed over whenever somebody comes to them."""
    for _, step in main_states(machine):
        gate = next((name for name in (f"{step.id}!", f"{step.id}?") if name in machine.states), None)
        known = knowledge.at(machine.id, gate) if gate is not None and step.skips_known() else None
        slots = step.asks_for() or tuple(step.writes())
        # An input may be left out by who starts the flow from elsewhere, such as a trigger.
        if known is None or not slots or not (known - machine.flow.inputs.keys()).issuperset(slots):
            continue
        names = " and ".join(f"'{slot}'" for slot in slots)
        message = (
            f"'{step.id}' is never asked: {names} {'has' if len(slots) == 1 else 'have'} a value on every way to it"
        )
        why = "and what is known is passed over; to have an answer confirmed write 'confirm: true' where it is asked"
        yield warning("F016", step.place, message, write="if_known: ask", why=why)


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
            begun_by = knowledge.left_out.get(machine.id, {}).get(slot)
            way = (
                f"{begun_by} begins '{machine.id}' without it"
                if begun_by
                else _way(knowledge.way_without(machine.id, slot, step.id))
            )
            place = wording.place_at(language, name.offset)
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
            remedy = "give it with 'with'" if isinstance(state.step, CallStep) else "collect it first"
            message = f"'{slot}' may be empty here, and flow '{called.id}' takes it as an input; {remedy}"
            yield error("F006", state.step.place, message)
