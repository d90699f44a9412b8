"""How the flows of a site are begun from outside of flows, and what is handed to them then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.site.conversation import ConversationSettings
from bot.site.departments import Department
from flows.checks.entries import Entry
from flows.flow import Flow
from rules.nodes import Map, Node, Scalar
from rules.problems import Problem, error, suggestion, warning
from triggers.trigger import Trigger

_FOR_WHOM = frozenset({"message_department"})
"""What a flow is given that begins because nobody is there."""


def entries_of(
    settings: ConversationSettings,
    departments: Mapping[str, Department],
    triggers: Mapping[str, Trigger],
    rules: Node | None,
) -> Iterator[Entry]:
    """Yields every way into a flow that the site writes down, except for those that flows themselves take."""
    if settings.start:
        yield Entry(settings.start, "'conversation.start'")
    if settings.fallback_flow:
        yield Entry(settings.fallback_flow, "'conversation.fallback'")
    for department in departments.values():
        yield Entry(department.offline, f"department '{department.id}'", _FOR_WHOM)
    for trigger in triggers.values():
        by = f"trigger '{trigger.id}'"
        if trigger.start:
            # Who answers in words of their own has pressed nothing.
            yield Entry(trigger.start, by)
        for flow in _begun_by_buttons(trigger):
            yield Entry(flow, by, frozenset({trigger.save_as} if trigger.save_as else ()))
    for key, rule in rules.entries if isinstance(rules, Map) else ():
        for way in ("start", "call"):
            begun = rule.get(way) if isinstance(rule, Map) else None
            if isinstance(begun, Scalar):
                yield Entry(begun.text, f"rule '{key.text}'")


def lost_answers(section: Node | None, triggers: Mapping[str, Trigger], flows: Mapping[str, Flow]) -> Iterator[Problem]:
    """Yields the slots that triggers keep an answer in although no flow that the answer begins takes it."""
    for trigger in triggers.values():
        begun = [flows[flow] for flow in _begun_by_answers(trigger) if flow in flows]
        if not trigger.save_as or not begun or any(trigger.save_as in flow.inputs for flow in begun):
            continue
        written = section.get(trigger.id) if isinstance(section, Map) else None
        slot = written.get("save_as") if isinstance(written, Map) else None
        meant = suggestion(trigger.save_as, [name for flow in begun for name in flow.inputs])
        place = slot.place if slot is not None else trigger.place
        message = f"flow '{begun[0].id}' takes no input '{trigger.save_as}', so it does not get the answer"
        if meant:
            yield error("K005", place, f"{message}{meant}")
        else:
            write = f"inputs: {{{trigger.save_as}: text}}"
            yield warning("K005", place, f"{message}; if it shall, it needs that input", write=write)


def _begun_by_answers(trigger: Trigger) -> Iterator[str]:
    """Yields the flows that buttons begin; of those without a target of their own, the trigger's."""
    if any(button.then is None for button in trigger.buttons):
        yield from (trigger.start,) if trigger.start else ()
    else:
        yield from _begun_by_buttons(trigger)


def _begun_by_buttons(trigger: Trigger) -> Iterator[str]:
    yield from (
        button.then.name
        for button in trigger.buttons
        if button.then and button.then.kind == "start" and button.then.name
    )
