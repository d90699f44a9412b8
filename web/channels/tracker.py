"""A conversation as Rasa's tracker tells it. Notes, offers and guards stay inside: they have no event there."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bot.conversation import Conversation
from bot.events import Event
from web.channels.answers import buttons_of

Told = dict[str, Any]

LISTENS = {"action_name": "action_listen"}
_NO_INTENT = {"name": None, "confidence": 0.0}


def tracker_of(
    sender: str, conversation: Conversation | None, events: Sequence[Event], *, channel: str | None, whole: bool = True
) -> Told:
    """Returns the tracker; without a conversation an empty one, and not `whole` one without its events."""
    spoken = next((each for each in reversed(events) if _is_visitors(each)), None)
    return {
        "sender_id": sender,
        "slots": dict(conversation.cursor.slots) if conversation else {},
        "latest_message": _parsed(spoken),
        "latest_event_time": conversation.last_at.timestamp() if conversation else None,
        "followup_action": None,
        "paused": bool(conversation and conversation.holder in ("queue", "agent")),
        "events": list(events_of(events, channel)) if whole else None,
        "latest_input_channel": channel,
        "active_loop": {},
        "latest_action": LISTENS,
        "latest_action_name": LISTENS["action_name"],
    }


def events_of(events: Iterable[Event], channel: str | None) -> Iterator[Told]:
    """Yields what has a name in Rasa, in order."""
    for event in events:
        for told in _told(event, channel):
            yield {**told, "timestamp": event.at.timestamp()}


def _told(event: Event, channel: str | None) -> list[Told]:
    match event.kind:
        case "started":
            begun = {"event": "session_started", "metadata": {"conversation": event.conversation_id}}
            return [{"event": "action", "name": "action_session_start"}, begun]
        case "message":
            return [_message(event, channel)]
        case "turn":
            slots = event.body.get("slots", ())
            return [{"event": "slot", "name": each["slot"], "value": each["value"]} for each in slots]
        case "agent_requested":
            return [{"event": "pause", "metadata": {"department": event.body["department"]}}]
        case "returned" | "waited_long":
            return [{"event": "resume"}]
        case "closed":
            return [{"event": "session_ended", "metadata": {"by": event.body["by"]}}]
    return []


def _message(event: Event, channel: str | None) -> Told:
    if event.role == "visitor":
        return {
            "event": "user",
            "text": event.body["text"],
            "parse_data": _parsed(event),
            "input_channel": channel,
            "message_id": event.client_id,
            "metadata": {},
        }
    if event.role == "agent":
        return {"event": "agent", "text": event.body["text"], "data": {}, "metadata": _named(event, "name")}
    data = {"elements": None, "quick_replies": None, "buttons": buttons_of(event.body) or None}
    data |= {name: event.body.get(name) for name in ("attachment", "image", "custom")}
    return {"event": "bot", "text": event.body["text"], "data": data, "metadata": _named(event, "step")}


def _parsed(event: Event | None) -> Told:
    text = event.body["text"] if event else None
    return {
        "text": text,
        "intent": dict(_NO_INTENT),
        "entities": [],
        "message_id": event.client_id if event else None,
        "metadata": {},
    }


def _named(event: Event, *names: str) -> Mapping[str, Any]:
    return {name: event.body[name] for name in names if name in event.body}


def _is_visitors(event: Event) -> bool:
    return event.kind == "message" and event.role == "visitor"
