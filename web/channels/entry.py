"""Behind every door: somebody's words become a visitor's message, under the limits of visitors."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import takewhile

from bot.events import Event
from bot.greeting import Whereabouts, spoken_language
from bot.ids import NewId
from bot.journal import Journal
from bot.site.site import Site
from handoff.desk import Desk, Said
from web.channels.answers import Answer, answers_of, said_of
from web.channels.doors import Door, Senders
from web.limits import Limits

RECENT = 20
"""Events among which a pressed button is looked for."""
LONGEST_ID = 64
"""Characters of a client id; longer ones are kept as their hash."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What every door needs; put together by `create_app`."""

    desk: Desk
    journal: Journal
    limits: Limits
    senders: Senders
    site: Callable[[], Site]
    new_id: NewId

    def take(
        self,
        door: Door,
        sender: str,
        message: str,
        *,
        address: str,
        message_id: str | None = None,
        language: str | None = None,
    ) -> Event:
        """Stores what somebody said through a door, and lets the bot answer. Raises refusals of limits and desk."""
        visitor_id = self.senders.visitor_of(door, sender)
        self.limits.take("send", visitor_id)
        self.limits.take("send_address", address)
        return self.desk.receive(
            visitor_id,
            self._said(visitor_id, message),
            client_id=client_id_of(message_id) if message_id else self.new_id(),
            whereabouts=self.whereabouts(door, sender, language),
        )

    def answers_to(self, event: Event) -> list[Answer]:
        """Returns what was said after this message and before the visitor's next one.

        Read from the record, so that a message that came twice is answered twice, and taken once.
        """
        conversation = self.desk.conversation(event.conversation_id)
        later = self.journal.visitor_events_after(conversation.id, event.visitor_seq or 0)
        mine = takewhile(lambda each: each.role != "visitor", later)
        return self.answers(mine, conversation.visitor_id, conversation.language)

    def answers(self, events: Iterable[Event], visitor_id: str, language: str) -> list[Answer]:
        """Returns what these events say to the visitor."""
        return answers_of(events, visitor_id=visitor_id, language=language)

    def missed(self, visitor_id: str, conversation_id: str, after: int) -> Iterator[list[Event]]:
        """Yields what the visitor may hear after this number of theirs, a page at a time, until there is no more."""
        while page := self.journal.visitor_events_after(conversation_id, after):
            yield page
            after = page[-1].visitor_seq or after

    def whereabouts(self, door: Door, sender: str, language: str | None = None) -> Whereabouts:
        """Returns how a conversation of this sender begins."""
        spoken = spoken_language(self.site(), [language] if language else [])
        return Whereabouts(spoken, facts={"channel": door, "sender": sender})

    def _said(self, visitor_id: str, message: str) -> Said:
        conversation = self.desk.open_conversation(visitor_id)
        if conversation is None or conversation.holder != "bot":
            return Said(message)
        after = max(0, conversation.visitor_last_seq - RECENT)
        return said_of(message, self.journal.visitor_events_after(conversation.id, after))


def client_id_of(given: str) -> str:
    """Returns the id a client gave its message, as it is kept."""
    return given if len(given) <= LONGEST_ID and given.isprintable() else sha256(given.encode()).hexdigest()
