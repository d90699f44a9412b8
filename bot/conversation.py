"""A conversation's state in memory, and its drafting: how one verb's events become one `Change`."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from bot.change import Change, Guard, Row
from bot.events import KINDS, Event, check_body, written
from bot.models import ConversationRow, EventRow, JobRow
from flows.cursor import Cursor


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """A snapshot: the row after event `last_seq`. Columns are explained in `bot/models.py`."""

    id: str
    visitor_id: str
    visit_id: str | None = None
    contact_id: str | None = None
    created_at: datetime
    last_at: datetime
    closed_at: datetime | None = None
    open: bool = True
    last_seq: int = 0
    visitor_last_seq: int = 0
    language: str
    context: Mapping[str, Any] = field(default_factory=dict)
    holder: str = "bot"
    department: str | None = None
    owner: str | None = None
    owner_seq: int | None = None
    priority: int = 0
    queued_at: datetime | None = None
    offered_to: str | None = None
    offer_seq: int | None = None
    asked: tuple[str, ...] = ()
    left: bool = False
    waiting_since: datetime | None = None
    last_message: Mapping[str, Any] = field(default_factory=dict)
    misunderstood: int = 0
    tags: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    cursor: Cursor


COLUMNS = tuple(each.name for each in fields(Conversation))
SHOWN = 200
"""Characters of what was said that lists show."""
_LISTS = ("asked", "tags", "rules")
"""Kept as lists, and never changed in place."""


def conversation_from(row: Mapping[str, Any]) -> Conversation:
    """Returns the snapshot a row holds."""
    values = {name: row[name] for name in COLUMNS}
    tuples = {name: tuple(values[name]) for name in _LISTS}
    return Conversation(**{**values, **tuples, "cursor": Cursor.from_json(values["cursor"])})


class Draft:
    """A conversation being changed by one verb: it numbers the events and ends as one `Change`.

    `state` is the draft's own copy and changes with it; `before` stays what it was.
    """

    __slots__ = ("_changed", "_fresh", "_guards", "_rows", "before", "due", "events", "now", "state")

    def __init__(self, conversation: Conversation, now: datetime, *, is_new: bool = False):
        self.before = conversation
        self.state = _copied(conversation)
        self.now = now
        self.events: list[Event] = []
        self.due: list[datetime] = []
        """When the work that was planned begins."""
        self._fresh = is_new
        self._guards: list[Guard] = []
        self._rows: list[Row] = []
        self._changed: dict[str, Any] = {}

    def add(self, kind: str, body: Mapping[str, Any], *, actor: str, client_id: str | None = None) -> Event:
        """Appends an event and returns it, numbered; a message also becomes the one that lists show."""
        known = KINDS[kind]
        check_body(known, body)
        state, seq = self.state, self.state.last_seq + 1
        visitor_seq = None if known.visitor is None else state.visitor_last_seq + 1
        event = Event(state.id, seq, visitor_seq, client_id, actor, kind, body, self.now)
        self.events.append(event)
        follows: dict[str, Any] = {"last_seq": seq, "last_at": self.now}
        if visitor_seq is not None:
            follows["visitor_last_seq"] = visitor_seq
        if kind == "message":
            follows["last_message"] = _last_message(state.last_message, event)
        elif kind == "agent_requested" and body["reason"] == "phrase" and "said" in self.before.last_message:
            # Who asks for a person wants what they said before that.
            wish = {**state.last_message["said"], "text": self.before.last_message["said"]["text"]}
            follows["last_message"] = {**state.last_message, "said": wish}
        self._keep(follows)
        return event

    def set(self, **values: Any) -> None:
        """Changes the state; an event that says so belongs to the same draft."""
        self._keep(values)

    def _keep(self, values: Mapping[str, Any]) -> None:
        self._changed.update(values)
        self.state.__dict__.update(values)  # Frozen for everybody who gets it afterwards.

    def guard(self, guard: Guard) -> None:
        """Makes the change depend on another row as well; one that changes again is still written once."""
        guards = self._guards
        for place, earlier in enumerate(guards):
            if (earlier.model, earlier.key) == (guard.model, guard.key):
                guards[place] = earlier._replace(values={**earlier.values, **guard.values})
                return
        guards.append(guard)

    def insert(self, row: Row) -> None:
        """Writes another row together with the events."""
        self._rows.append(row)

    def job(
        self,
        kind: str,
        key: str,
        *,
        run_at: datetime,
        payload: Mapping[str, Any] | None = None,
        target: str | None = None,
    ) -> None:
        """Plans work that begins once this is committed; a key can be planned once.

        What goes to one `target` outside is done in the order in which it was planned.
        """
        self.due.append(run_at)
        self.insert(
            Row(
                JobRow,
                {
                    "key": key,
                    "kind": kind,
                    "conversation_id": self.state.id,
                    "payload": dict(payload or {}),
                    "state": "waiting",
                    "run_at": run_at,
                    "lease_until": None,
                    "attempts": 0,
                    "created_at": self.now,
                    "target": target,
                },
            )
        )

    def change(self) -> Change:
        """Returns everything to write, or an empty change when nothing happened.

        Raises ValueError when the state was changed without an event.
        """
        if not self.events:
            if self.state != self.before:
                raise ValueError("a conversation changes only together with an event")
            return Change(list(self._guards), list(self._rows))
        events = [Row(EventRow, event._asdict()) for event in self.events]
        if self._fresh:
            values = {name: getattr(self.state, name) for name in COLUMNS}
            row = Row(ConversationRow, _row_values(values))
            return Change(list(self._guards), [row, *self._rows, *events])
        # The guard says that the row is as it was, so only what differs has to be written.
        before = self.before.__dict__
        values = {name: value for name, value in self._changed.items() if value != before[name]}
        guard = Guard(ConversationRow, self.state.id, self.before.last_seq, _row_values(values))
        return Change([guard, *self._guards], [*self._rows, *events])


def _last_message(before: Mapping[str, Any], event: Event) -> dict[str, Any]:
    """Returns what lists show once this was said: the last words, and the visitor's last, whoever spoke since."""
    role, text = event.role, event.body["text"][:SHOWN]
    last: dict[str, Any] = {"text": text, "from": role, "at": written(event.at)}
    if role == "visitor":
        last["said"] = {"text": text, "seq": event.seq}
        return last
    if role == "agent":
        last["by"] = event.actor.removeprefix("agent:")
    if "said" in before:
        last["said"] = before["said"]
    return last


def _copied(conversation: Conversation) -> Conversation:
    # What `dataclasses.replace` does in ten times as long: every turn begins with this.
    copy = object.__new__(Conversation)
    copy.__dict__.update(conversation.__dict__)
    return copy


def _row_values(values: dict[str, Any]) -> dict[str, Any]:
    for name in _LISTS:
        if name in values:
            values[name] = list(values[name])
    if "cursor" in values:
        values["cursor"] = values["cursor"].to_json()
    return values
