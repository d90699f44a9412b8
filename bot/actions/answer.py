"""Reads what an action answered: what it says, the slots it sets, and what is to happen next.

Nothing in it is trusted: texts are texts, links are http or https, and what is not understood is left out and named.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any
from urllib.parse import urlsplit

from bot.actions.client import Failed
from bot.actions.tracker import REQUESTED
from flows.effects import Option
from rules.readable import LONGEST_MESSAGE, readable

MOST_MESSAGES = 20
MOST_BUTTONS = 20
MOST_SLOTS = 100
MOST_REMINDERS = 10
MOST_DEPTH = 8
LONGEST_LABEL = 200
LARGEST_NUMBER = 2**53 - 1

Prepared = Callable[[str, Mapping[str, Any]], str | None]
"""Gives the text of a response such as `utter_late`, its gaps filled from these values; None when there is none."""


@dataclass(frozen=True, slots=True)
class Saying:
    """One message of an action."""

    text: str
    options: tuple[Option, ...] = ()
    image: str | None = None
    """The address of a picture; the text is the same address, for whoever is shown texts alone."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """A flow that is to begin later, unless another reminder of this name takes its place. Without `at`: none does."""

    name: str
    at: datetime | None
    flow: str = ""
    until_written: bool = False
    """The visitor's next message makes it void."""


@dataclass(frozen=True, slots=True)
class Returned:
    """What an action answered, as far as it can be honoured."""

    said: tuple[Saying, ...] = ()
    slots: Mapping[str, Any] = field(default_factory=dict)
    """In the order they were set; a value is a text, a number, yes or no, None, or lists and records of those."""
    resets: bool = False
    """All slots are emptied before those are set."""
    asks_next: tuple[str | None, ...] = ()
    """The slot a validator wants asked next, None when no more; empty when it leaves that to the flow."""
    prompt: str | None = None
    """How that is asked."""
    followup: str | None = None
    pauses: bool = False
    """A person is wanted."""
    rejected: bool = False
    """A validator declined to look at the answer, so that it is none."""
    reminders: tuple[Reminder, ...] = ()
    ignored: tuple[str, ...] = ()
    """What cannot be honoured here, by its name."""


def read_answer(answer: Any, *, prepared: Prepared, zone: tzinfo) -> Returned:
    """Returns what an action answered; raises Failed when it is not what an action answers."""
    if not isinstance(answer, Mapping) or not answer.keys() & {"events", "responses"}:
        raise Failed("error", "the answer is no object with 'events' and 'responses'")
    events, responses = _list(answer.get("events")), _list(answer.get("responses"))
    if not _are_objects(events) or not _are_objects(responses):
        raise Failed("error", "'events' and 'responses' of the answer are no lists of objects")
    reading = _Reading(prepared, zone)
    for response in responses:
        reading.response(response)
    for event in events:
        reading.event(event)
    return reading.returned()


class _Reading:
    def __init__(self, prepared: Prepared, zone: tzinfo):
        self._prepared = prepared
        self._zone = zone
        self._said: list[Saying] = []
        self._slots: dict[str, Any] = {}
        self._asks_next: tuple[str | None, ...] = ()
        self._followup: str | None = None
        self._flags: set[str] = set()
        self._reminders: list[Reminder] = []
        self._ignored: list[str] = []

    def returned(self) -> Returned:
        return Returned(
            said=tuple(self._said[:MOST_MESSAGES]),
            slots=dict(list(self._slots.items())[:MOST_SLOTS]),
            resets="reset_slots" in self._flags,
            asks_next=self._asks_next,
            followup=self._followup,
            pauses="pause" in self._flags,
            rejected="action_execution_rejected" in self._flags,
            reminders=tuple(self._reminders[:MOST_REMINDERS]),
            ignored=tuple(dict.fromkeys(self._ignored)),
        )

    def response(self, response: Mapping[str, Any]) -> None:
        """Takes one entry of `responses`: literal fields lie over the text that is prepared under its name."""
        name = response.get("response") or response.get("template")
        text = _text(response.get("text"))
        if not text and isinstance(name, str):
            text = _text(self._prepared(name, {key: each for key, each in response.items() if _is_plain(each)}))
            if not text:
                self._ignored.append(f"response {name[:60]}")
        self._say(text, response)

    def event(self, event: Mapping[str, Any]) -> None:
        """Takes one event."""
        kind = event.get("event")
        match kind:
            case "slot":
                self._slot(event)
            case "reset_slots":
                self._slots.clear()
                self._flags.add("reset_slots")
            case "bot":
                data = event.get("data")
                self._say(_text(event.get("text")), data if isinstance(data, Mapping) else {})
            case "followup":
                self._followup = _name(event.get("name"))
            case "pause" | "action_execution_rejected":
                self._flags.add(kind)
            case "reminder" | "cancel_reminder":
                self._reminder(event)
            case _:
                self._ignored.append(str(kind)[:60])

    def _slot(self, event: Mapping[str, Any]) -> None:
        name = _name(event.get("name"))
        value = _value(event.get("value"), MOST_DEPTH)
        if name is None or value is _UNREADABLE:
            self._ignored.append(f"slot {name}")
        elif name == REQUESTED:
            self._asks_next = (value if isinstance(value, str) and value else None,)
        else:
            self._slots[name] = value

    def _reminder(self, event: Mapping[str, Any]) -> None:
        flow = _name(event.get("intent")) or ""
        name = _name(event.get("name")) or flow
        if event["event"] == "cancel_reminder":
            self._reminders.append(Reminder(name, None))
            return
        try:
            at = datetime.fromisoformat(str(event.get("date_time")))
        except ValueError:
            self._ignored.append("reminder without a moment")
            return
        at = at if at.tzinfo else at.replace(tzinfo=self._zone)
        self._reminders.append(Reminder(name, at, flow, event.get("kill_on_user_msg") is True))

    def _say(self, text: str, more: Mapping[str, Any]) -> None:
        options = [*_options(more.get("buttons")), *_options(more.get("quick_replies"))][:MOST_BUTTONS]
        if text or options:
            self._said.append(Saying(text, tuple(options)))
        for card in _objects(more.get("elements")):
            words = [_text(card.get(key)) for key in ("title", "subtitle")]
            self._say(": ".join(each for each in words if each), {"buttons": card.get("buttons")})
            self._link(card.get("image_url"), image=True)
        self._link(more.get("image"), image=True)
        self._link(more.get("attachment"))
        if more.get("custom"):
            self._ignored.append("custom")

    def _link(self, address: Any, *, image: bool = False) -> None:
        """An image or a file is said as its address; any other scheme than the web's is left out."""
        if not address:
            return
        if isinstance(address, str) and _is_link(address):
            self._said.append(Saying(address, image=address if image else None))
        else:
            self._ignored.append("image or attachment without an http address")


def _list(value: Any) -> Any:
    return [] if value is None else value


def _are_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, Mapping) for each in value)


def _objects(value: Any) -> Iterable[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _options(value: Any) -> list[Option]:
    """What a button sends is what it says where its payload is an intent: Parlour knows texts, not intents."""
    found = []
    for button in _objects(value):
        label = _text(button.get("title"))[:LONGEST_LABEL]
        payload = _text(button.get("payload"))
        sends = payload if 0 < len(payload) <= LONGEST_LABEL and not payload.startswith("/") else label
        if label:
            found.append(Option(label, sends))
    return found


def _text(value: Any) -> str:
    """Returns the text without what nobody can read or no database stores."""
    if not isinstance(value, str):
        return ""
    kept = readable(value)
    return kept if len(kept) <= LONGEST_MESSAGE else kept[: LONGEST_MESSAGE - 1] + "…"


def _name(value: Any) -> str | None:
    return _text(value)[:LONGEST_LABEL] or None


def _is_link(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    plain = address.isprintable() and not any(each.isspace() for each in address)
    return plain and parts.scheme in ("http", "https") and bool(parts.hostname) and len(address) <= LONGEST_MESSAGE


_UNREADABLE: Any = object()


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _value(value: Any, depth: int) -> Any:
    """Returns a value of a slot as it can be kept, or _UNREADABLE."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int | float):
        return value if math.isfinite(value) and abs(value) <= LARGEST_NUMBER else _UNREADABLE
    if depth == 0:
        return _UNREADABLE
    inner = value.items() if isinstance(value, Mapping) else enumerate(value)
    read = {name: _value(each, depth - 1) for name, each in inner}
    if any(each is _UNREADABLE for each in read.values()):
        return _UNREADABLE
    return {_text(name): each for name, each in read.items()} if isinstance(value, Mapping) else list(read.values())
