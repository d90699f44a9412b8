"""What is wrong with a flow as it is written: ids, targets, buttons, the gaps of its texts."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from flows.flow import Flow
from flows.steps.action import ActionStep
from flows.steps.asking import AskingStep
from flows.steps.buttons import ButtonsStep
from flows.steps.call import CallStep
from flows.steps.collect import CollectStep
from flows.steps.form import FormStep
from flows.steps.goto import GotoStep
from flows.steps.handoff import HandoffStep
from flows.steps.step import Step
from flows.targets import Target
from flows.wording import Wording
from rules.facts import Scope
from rules.meant_targets import meant_target
from rules.problems import NOWHERE, Place, Problem, did_you_mean, error, suggestion, those_there_are, warning
from rules.templates import Name, read_template

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
    written: Collection[str]
    """Those of the departments that the site writes itself; another is there where it writes none."""

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
    action = f"the action '{step.action}'" if step.action else "this action"
    message = (
        f"{action} may fail, and nothing says where it goes on then;"
        " with 'optional: true' it goes on as if nothing had happened"
    )
    return error("F013", step.place, message, write="on_error: handoff")


def _target(target: Target, step: Step | None, ids: Collection[str], around: Surroundings) -> Iterator[Problem]:
    place = target.place or (step.place if step is not None else NOWHERE)
    name = target.name or ""
    if target.kind == "step" and name not in ids:
        what = "goto " if isinstance(step, GotoStep) else ""
        meant = _meant(name, ids, around)
        hint = f" — did you mean '{meant}'?" if meant else ""
        yield error("K005", place, f"{what}'{name}' leads nowhere: no step has this id{hint}")
    elif target.kind in ("start", "call") and name and name not in around.flow_ids:
        yield error("K005", place, f"there is no flow '{name}'{suggestion(name, around.flow_ids)}")
    elif target.kind == "handoff" and target.name is not None:
        yield from _department(name, place, around)
    elif target.kind == "stay" and step is not None and not isinstance(step, AskingStep):
        yield error("K005", place, "'stay' means the question that is open, and there is none here; name a step")


def _meant(name: str, ids: Collection[str], around: Surroundings) -> str | None:
    """Returns the target that was probably meant by one that is no step."""
    if name in around.flow_ids:
        return f"start {name}"
    if " " not in name:
        return did_you_mean(name, (*ids, *_WORD_TARGETS))
    named = {"start": around.flow_ids, "call": around.flow_ids, "handoff": around.departments}
    return meant_target(name, (*_WORD_TARGETS, "start", "call"), named) or did_you_mean(name.split()[0], ids)


_WORD_TARGETS = ("end", "cancel", "back", "restart", "handoff")


def _department(name: str, place: Place, around: Surroundings) -> Iterator[Problem]:
    if name and name not in around.departments:  # Without a name, what stands there was no id and is told.
        meant = suggestion(name, (*around.written, "any")) or those_there_are(around.written)
        meant = meant or ("" if around.written else " — this site has none yet")
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
            yield asked.id, [_Button(label, choice.value, label.place) for label, choice in written]


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
                place = button.label.place_at(language, text.index("{{"))
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
        template, problems = read_template(text)
        for problem in problems:
            yield error("F007", wording.place_at(language, problem.offset), problem.message, write=problem.write)
        for name in template.names:
            yield from _name(name, wording.place_at(language, name.offset), around.scope)
        for found in _ONE_BRACE.finditer(text):
            if found[1] in SITE_NAMES or around.scope.find(found[1]) is not None:
                message = f"'{found[0]}' is said as it stands here; a gap has two braces on each side"
                place = wording.place_at(language, found.start())
                yield warning("F007", place, message, write=f"{{{{ {found[1]} }}}}")


_ONE_BRACE = re.compile(r"(?<![{$])\{ *([a-z][\w.]*) *\}(?!\})")
"""A gap as other programs write it."""


def _name(gap: Name, place: Place, scope: Scope) -> Iterator[Problem]:
    name = gap.name
    if name in SITE_NAMES:
        return
    fact = scope.find(name)
    if fact is None:
        of_contact = f"contact.{name}"
        meant = of_contact if scope.find(of_contact) else did_you_mean(name, (*scope.names(), *SITE_NAMES), {})
        hint = f" — did you mean '{meant}'?" if meant else ": no slot and no fact has this name"
        if gap.in_quotes:
            hint = f"; a text behind '{gap.behind}' is put in quotes"
        yield error("F007", place, f"nothing fills the gap '{name}'{hint}", write=gap.in_quotes)
    elif not fact.in_this_version:
        yield error("K007", place, f"'{name}' is not yet in this version")
