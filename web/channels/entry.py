"""Behind every door: somebody's words become a visitor's message, under the limits of visitors."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import takewhile
from time import monotonic

from bot.events import Event
from bot.greeting import Whereabouts, spoken_language
from bot.ids import NewId
from bot.journal import Journal
from bot.site.site import Site
from handoff.desk import Desk, Said
from web.channels.answers import Answer, answers_of, said_of
from web.channels.doors import Door, Senders
from web.channels.settling import Settling, is_at_work
from web.limits import Limits

RECENT = 20
"""Events among which a pressed button is looked for."""
LONGEST_WAIT = 20.0
"""Seconds an answer over HTTP waits for a custom action."""
LONGEST_ID = 64
"""Characters of a client id; longer ones are kept as their hash."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What every door needs; put together by `create_app`."""

    desk: Desk
    journal: Journal
    limits: Limits
    senders: Senders
    settling: Settling
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

    def answers_to(self, event: Event) -> Iterator[Answer]:
        """Yields what is said after this message and before the visitor's next one, as it is said.

        Read from the record, so that a message that came twice is answered twice, and taken once. A custom action is
        waited for; what comes later still is told by doors that have a way back.
        """
        ends = monotonic() + LONGEST_WAIT
        conversation = self.desk.conversation(event.conversation_id)
        told: list[Event] = []
        with self.settling.listening(conversation.id) as wait:
            while True:
                after = told[-1].seq if told else event.seq
                happened = self.journal.events_after(conversation.id, after)
                page = list(takewhile(_is_not_spoken, happened))
                yield from self.answers(page, conversation.visitor_id, conversation.language)
                told += page
                # Whatever comes after the visitor's next message is the answer to that one.
                if len(page) < len(happened) or not is_at_work(told) or monotonic() > ends:
                    return
                wait(ends - monotonic())

    def answers(self, events: Iterable[Event], visitor_id: str, language: str) -> list[Answer]:
        """Returns what these events say to the visitor."""
        return answers_of(events, visitor_id=visitor_id, language=language)

    def missed(self, conversation_id: str, after: int) -> Iterator[list[Event]]:
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


def _is_not_spoken(event: Event) -> bool:
    return event.kind != "message" or event.role != "visitor"


def client_id_of(given: str) -> str:
    """Returns the id a client gave its message, as it is kept."""
    return given if len(given) <= LONGEST_ID and given.isprintable() else sha256(given.encode()).hexdigest()
