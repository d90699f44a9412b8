"""Whom the tracker and control API speaks of: a sender's name at some door, or a conversation's own number."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.conversation import Conversation
from bot.events import Event
from bot.greeting import Whereabouts
from bot.journal import PAGE
from handoff.live import LiveConversations
from handoff.refusals import NoSuchConversation
from web.channels.doors import Door, Doors
from web.channels.entry import Entry

MOST_EVENTS = 10_000
"""Events of one tracker; the earliest are left out."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A sender, with their conversations, the oldest first; `whereabouts` is how the next one would begin."""

    sender: str
    visitor_id: str
    channel: str | None
    whereabouts: Whereabouts
    history: Sequence[Conversation]

    @property
    def latest(self) -> Conversation | None:
        return self.history[-1] if self.history else None


@dataclass(frozen=True, slots=True)
class Conversations:
    """Finds subjects, and reads what happened to them."""

    entry: Entry
    live: LiveConversations
    doors: Doors
    is_here: Callable[[str], bool]
    """Says whether a visitor of the Socket.IO door is connected."""

    def find(self, sender: str, *, through: Door | None = None) -> Subject:
        """Returns whom the name means: at this door, else where they spoke last, else where they can be reached.

        Raises NoSuchConversation when no door is open through which somebody of this name could speak.
        """
        own = self._by_number(sender) if through is None else None
        if own is not None:
            return own
        doors = [each for each in self.doors.open_ones() if through in (None, each)]
        at_doors = [self._at_door(sender, door) for door in doors]
        if not at_doors:
            raise NoSuchConversation
        spoken = [each for each in at_doors if each.latest]
        if spoken:
            return max(spoken, key=_last_at)
        here = (each for each in at_doors if self.is_here(each.visitor_id))
        return next(here, at_doors[0])

    def events_of(self, conversations: Iterable[Conversation], *, until: datetime | None = None) -> list[Event]:
        """Returns what happened in these conversations up to a moment."""
        found = [event for each in conversations for event in self._read(each)]
        return [event for event in found if until is None or event.at <= until][-MOST_EVENTS:]

    def _read(self, conversation: Conversation) -> list[Event]:
        events: list[Event] = []
        after = max(0, conversation.last_seq - MOST_EVENTS)
        while page := self.entry.journal.events_after(conversation.id, after):
            events += page
            after = page[-1].seq
            if len(page) < PAGE:
                break
        return events

    def _by_number(self, number: str) -> Subject | None:
        found = self.live.get(number)
        if found is None:
            return None
        conversation = found.conversation
        facts = conversation.context
        sender, channel = facts.get("sender", number), facts.get("channel")
        whereabouts = Whereabouts(conversation.language, conversation.visit_id, facts)
        return Subject(str(sender), conversation.visitor_id, channel, whereabouts, (conversation,))

    def _at_door(self, sender: str, door: Door) -> Subject:
        visitor_id = self.entry.senders.visitor_of(door, sender)
        history = self.live.history_of(visitor_id)
        return Subject(sender, visitor_id, door, self.entry.whereabouts(door, sender), tuple(history))


def _last_at(subject: Subject) -> datetime:
    assert subject.latest is not None
    return subject.latest.last_at
