"""A call of an action as a job: planned with the turn that wants it, made beside everything else, good for one step.

The job comes back to see whether the visitor has to be told that it takes a moment, and again when the time is over: so
a call that nobody ever answers, or that is lost with a process, ends too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.actions.answer import Reminder, Returned
from bot.actions.client import Failed, Reason
from bot.actions.tracker import Form
from bot.conversation import Conversation, Draft
from bot.events import Event
from bot.jobs import Job
from flows.effects import CallAction, CallValidator
from flows.event import Event as FlowEvent

ACTION = "action"
REMINDER = "reminder"
"""The kinds of job."""
SLOW_AFTER = timedelta(seconds=3)
"""When the visitor is told that it takes a moment; the job may come a second later."""
GRACE = timedelta(seconds=1)
"""How long after the deadline a call that has not ended by itself is given up."""
LONGEST_REMINDER = timedelta(days=366)
FROM_ACTION = "action."
"""What the `step` of a message begins with that an action said; the rest is its name."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Call:
    """A call under way. It is good only while the cursor still has this epoch."""

    conversation: str
    action: str
    arguments: Mapping[str, Any]
    save_as: str | None
    step: str
    flow: str
    epoch: int
    began_at: datetime
    slow_at: datetime
    over_at: datetime
    form: Form | None = None
    """What a validator looks at; without it, it is an action that is called."""

    @classmethod
    def of(cls, job: Job) -> "Call":
        """Returns the call a job is about."""
        told = dict(job.payload)
        told |= {name: datetime.fromisoformat(told[name]) for name in ("began_at", "slow_at", "over_at")}
        told["form"] = Form(**told["form"]) if told["form"] else None
        return cls(conversation=job.conversation_id or "", **told)

    def is_awaited(self, state: Conversation) -> bool:
        """Returns whether the conversation still waits for this call and for nobody else."""
        return state.open and state.holder == "bot" and state.cursor.epoch == self.epoch

    def tell_failed(self, failed: Failed) -> None:
        """Tells operators that it came to nothing."""
        log.warning("action.failed", action=self.action, reason=failed.reason, why=failed.words)

    def tell_late(self) -> None:
        """Tells operators that its result came when nobody waited for it any more."""
        log.warning("action.late", action=self.action, conversation=self.conversation)

    def tell_not_taken(self, why: str) -> None:
        """Tells operators that its result could not be written."""
        log.warning("action.not_taken", action=self.action, why=why)

    def tell_broken(self) -> None:
        """Tells operators of a mistake of ours, with where it happened."""
        log.exception("action.broken", action=self.action)


def plan(draft: Draft, wanted: CallAction) -> None:
    """Plans a call; it begins as soon as the turn is committed."""
    _plan(draft, wanted, wanted.action, arguments=dict(wanted.arguments), save_as=wanted.save_as, form=None)


def plan_validator(draft: Draft, wanted: CallValidator) -> None:
    """Plans the call of a validator, likewise."""
    form = {
        "name": wanted.form,
        "slots": list(wanted.slots),
        "requested": wanted.requested,
        "candidates": dict(wanted.candidates),
    }
    _plan(draft, wanted, wanted.validator, arguments=dict(wanted.given), save_as=None, form=form)


def _plan(draft: Draft, wanted: CallAction | CallValidator, action: str, **told: Any) -> None:
    draft.add("action_called", {"action": action, "flow": wanted.flow, "step": wanted.step}, actor="bot")
    over_at = draft.now + timedelta(seconds=wanted.timeout.seconds)
    payload = {
        "action": action,
        **told,
        "step": wanted.step,
        "flow": wanted.flow,
        "epoch": wanted.epoch,
        "began_at": draft.now.isoformat(),
        "slow_at": min(draft.now + SLOW_AFTER, over_at).isoformat(),
        "over_at": over_at.isoformat(),
    }
    draft.job(ACTION, f"action:{draft.state.id}:{wanted.epoch}", run_at=draft.now, payload=payload)


def note_return(draft: Draft, call: Call, outcome: Reason | str, *, reminders: tuple[Reminder, ...] = ()) -> Event:
    """Records how a call ended."""
    body: dict[str, Any] = {"action": call.action, "outcome": outcome, "flow": call.flow, "step": call.step}
    if reminders:
        body["reminders"] = [reminder.name for reminder in reminders]
    return draft.add("action_returned", body, actor="bot")


def say(draft: Draft, call: Call, returned: Returned, *, choose: str) -> None:
    """Says what the action says; buttons without a text are offered with `choose`."""
    for saying in returned.said:
        body: dict[str, Any] = {"text": saying.text or choose, "flow": call.flow, "step": FROM_ACTION + call.action}
        if saying.options:
            body["options"] = [{"label": each.label, "value": each.value} for each in saying.options]
        if saying.image:
            body["image"] = saying.image
        draft.add("message", body, actor="bot")


def done(call: Call, returned: Returned, *, declared: frozenset[str], flows: frozenset[str]) -> FlowEvent:
    """Returns what the flow is told of an action that came to an end.

    What `save_as` keeps is what the action set under that name, else everything it set, as a record.
    """
    slots = dict.fromkeys(declared) if returned.resets else {}
    slots |= {slot: _scalar(value) for slot, value in returned.slots.items() if slot in declared}
    result = returned.slots.get(call.save_as, dict(returned.slots)) if call.save_as else None
    slots.pop(call.save_as or "", None)
    followup = returned.followup if returned.followup in flows else None
    return FlowEvent("done", data={"slots": slots, "result": result, "followup": followup}, epoch=call.epoch)


def validated(call: Call, returned: Returned, *, declared: frozenset[str]) -> FlowEvent:
    """Returns what the flow is told of an answer that a validator has looked at."""
    form = call.form
    assert form is not None
    may_be_set = declared | {*form.candidates, *form.slots}
    slots = {slot: _scalar(value) for slot, value in returned.slots.items() if slot in may_be_set}
    if returned.rejected:
        slots |= dict.fromkeys(form.candidates)  # What is asked stays asked.
    told = " ".join(saying.text for saying in returned.said if saying.text)
    asks = next((slot for slot in returned.asks_next if slot is not None and slot not in form.slots), None)
    data = {"slots": slots, "told": told, "asks": asks, "prompt": returned.prompt}
    return FlowEvent("validated", data=data, epoch=call.epoch)


def failed(call: Call, reason: Reason) -> FlowEvent:
    """Returns what the flow is told of an action that came to nothing."""
    return FlowEvent("action_failed", data={"reason": reason}, epoch=call.epoch)


def remind(draft: Draft, reminders: tuple[Reminder, ...], *, seq: int) -> None:
    """Plans the reminders an action set; `seq` is the number of the event that names them."""
    for n, reminder in enumerate(each for each in reminders if each.at is not None):
        at = min(max(reminder.at or draft.now, draft.now), draft.now + LONGEST_REMINDER)
        payload = {"name": reminder.name, "flow": reminder.flow, "until_written": reminder.until_written, "seq": seq}
        draft.job(REMINDER, f"reminder:{draft.state.id}:{seq}:{n}", run_at=at, payload=payload)


def is_void(payload: Mapping[str, Any], since: list[Event]) -> bool:
    """Returns whether a reminder was cancelled or set anew, or the visitor wrote where that makes it void."""
    written = payload["until_written"] and any(each.kind == "message" and each.role == "visitor" for each in since)
    again = any(payload["name"] in each.body.get("reminders", ()) for each in since if each.kind == "action_returned")
    return written or again


def _scalar(value: Any) -> Any:
    """Slots hold one value or a record; of a list they hold its items as a text."""
    return ", ".join(str(each) for each in value) if isinstance(value, list) else value
