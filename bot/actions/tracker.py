"""A conversation as rasa-sdk knows one: its tracker and its domain, read from our record and our flows."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.contact import Known
from bot.conversation import Conversation
from bot.events import Event
from bot.site.site import Site

PROTOCOL = "3.21.1"
"""The version of the contract that is spoken; a server only warns when its own differs."""
CHANNEL = "parlour"
MOST_EVENTS = 1000
"""Of our record, the latest, that an action is told of."""
REQUESTED = "requested_slot"


@dataclass(frozen=True, slots=True)
class Told:
    """What an action is told: the conversation as it stands, what happened in it, and what it is asked for."""

    site: Site
    conversation: Conversation
    known: Known
    events: Iterable[Event]
    values: Mapping[str, Any] = field(default_factory=dict)
    """Slots that hold for this call alone: what `with` of a step says."""
    form: "Form | None" = None


@dataclass(frozen=True, slots=True)
class Form:
    """A question that waits for a validator: the form it belongs to, what was asked, and the candidate answers."""

    name: str
    slots: Sequence[str]
    requested: str | None
    candidates: Mapping[str, Any] = field(default_factory=dict)


def body_of(action: str, told: Told) -> dict[str, Any]:
    """Returns what is posted to have an action run."""
    return {
        "next_action": action,
        "sender_id": told.conversation.id,
        "version": PROTOCOL,
        "domain": domain_of(told.site, told.form),
        "tracker": tracker_of(told),
    }


def domain_of(site: Site, form: Form | None = None) -> dict[str, Any]:
    """Returns the site's flows in the words of a domain: each is a form of the slots it collects, in their order."""
    forms = {id: {"required_slots": list(collected_by(site, id))} for id in site.flows}
    if form is not None:
        forms[form.name] = {"required_slots": list(form.slots)}
    return {
        "intents": [],
        "entities": [],
        "slots": {slot: {"type": "any", "mappings": []} for slot in slots_of(site)},
        "responses": {},
        "actions": [],
        "forms": forms,
        "session_config": {"session_expiration_time": 60, "carry_over_slots_to_new_session": True},
    }


def collected_by(site: Site, flow: str) -> tuple[str, ...]:
    """Returns the slots a flow collects, in the order of its steps."""
    steps = site.flows[flow].every_step() if flow in site.flows else ()
    return tuple(dict.fromkeys(slot for step in steps for slot in step.asks_for()))


def slots_of(site: Site) -> tuple[str, ...]:
    """Returns every slot the site declares."""
    types = (machine.types for machine in site.machines.values())
    return tuple(dict.fromkeys([*site.attributes.contact, *(slot for each in types for slot in each)]))


def tracker_of(told: Told) -> dict[str, Any]:
    """Returns the tracker an action gets."""
    form, events = told.form, list(_rasa_events(told.events))
    if form is not None:
        events += _asked_for(form, events)
    latest = next((each for each in reversed(events) if each["event"] == "user"), None)
    loop = {"name": form.name, "is_interrupted": False, "rejected": False, "trigger_message": None} if form else {}
    return {
        "sender_id": told.conversation.id,
        "slots": _slots(told),
        "latest_message": _latest_message(latest, told.conversation),
        "latest_event_time": events[-1]["timestamp"] if events else None,
        "followup_action": None,
        "paused": told.conversation.holder != "bot",
        "events": events,
        "latest_input_channel": CHANNEL,
        "active_loop": loop,
        "latest_action": {"action_name": form.name if form else "action_listen"},
        "latest_action_name": form.name if form else "action_listen",
        "stack": [],
    }


def _slots(told: Told) -> dict[str, Any]:
    form = told.form
    return {
        **dict.fromkeys(slots_of(told.site)),
        **told.known.values(),
        **told.conversation.cursor.slots,
        **told.values,
        **(form.candidates if form else {}),
        REQUESTED: form.requested if form else None,
    }


def _latest_message(latest: Mapping[str, Any] | None, conversation: Conversation) -> dict[str, Any]:
    metadata = {"language": conversation.language, **conversation.context}
    said: dict[str, Any] = dict(latest["parse_data"]) if latest else {"text": None, "intent": _NO_INTENT}
    return {"entities": [], "message_id": None, **said, "metadata": metadata}


_NO_INTENT = {"name": None, "confidence": 0.0}
_LISTENS = "action_listen"


def _asked_for(form: Form, before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The form itself stands before its candidates, so that slots set earlier are not taken for some."""
    at = before[-1]["timestamp"] if before else None
    asked = [{"event": "slot", "timestamp": at, "name": REQUESTED, "value": form.requested}, _action(form.name, at)]
    return asked + [
        {"event": "slot", "timestamp": at, "name": slot, "value": value} for slot, value in form.candidates.items()
    ]


def _rasa_events(events: Iterable[Event]) -> Iterator[dict[str, Any]]:
    for event in events:
        told = _TOLD_AS.get(event.kind)
        if told is not None:
            yield from told(event, event.at.timestamp())


def _started(event: Event, at: float) -> Iterator[dict[str, Any]]:
    yield _action("action_session_start", at)
    yield {"event": "session_started", "timestamp": at}
    yield _action(_LISTENS, at)


def _message(event: Event, at: float) -> Iterator[dict[str, Any]]:
    text = event.body["text"]
    if event.role == "visitor":
        message_id = event.client_id or f"{event.conversation_id}-{event.seq}"
        yield _action(_LISTENS, at)
        yield {
            "event": "user",
            "timestamp": at,
            "text": text,
            "parse_data": {"text": text, "intent": _NO_INTENT, "entities": [], "message_id": message_id},
            "input_channel": CHANNEL,
            "message_id": message_id,
            "metadata": {},
        }
    elif event.role == "agent":
        yield {"event": "agent", "timestamp": at, "text": text, "data": {}}
    else:
        yield {"event": "bot", "timestamp": at, "text": text, "data": _data(event), "metadata": {}}


def _data(event: Event) -> dict[str, Any]:
    options = event.body.get("options")
    buttons = [{"title": each["label"], "payload": each["value"]} for each in options] if options else None
    empty = dict.fromkeys(("elements", "quick_replies", "attachment", "image", "custom"))
    return {**empty, "buttons": buttons}


def _turn(event: Event, at: float) -> Iterator[dict[str, Any]]:
    for slot in event.body.get("slots", ()):
        yield {"event": "slot", "timestamp": at, "name": slot["slot"], "value": slot["value"]}


def _called(event: Event, at: float) -> Iterator[dict[str, Any]]:
    yield _action(event.body["action"], at)


def _paused(_: Event, at: float) -> Iterator[dict[str, Any]]:
    yield {"event": "pause", "timestamp": at}


def _resumed(_: Event, at: float) -> Iterator[dict[str, Any]]:
    yield {"event": "resume", "timestamp": at}


def _action(name: str, at: float | None) -> dict[str, Any]:
    return {
        "event": "action",
        "timestamp": at,
        "name": name,
        "policy": None,
        "confidence": None,
        "action_text": None,
        "hide_rule_turn": False,
    }


_TOLD_AS: Mapping[str, Callable[[Event, float], Iterator[dict[str, Any]]]] = {
    "started": _started,
    "message": _message,
    "turn": _turn,
    "action_called": _called,
    "accepted": _paused,
    "returned": _resumed,
}
"""What of our record an action hears; the rest is our own business, notes of agents above all."""
