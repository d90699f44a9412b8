"""What was committed here, as hints for other workers; and what their hints say, told here.

A hint says that a conversation is at a number, no more: what happened is read from the record. Any may be lost, so one
also looks every few seconds (and heartbeats carry the last number, so that clients notice as well).
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import structlog
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from bot.change import table_of
from bot.database import Database
from bot.journal import PAGE
from bot.models import ConversationRow
from handoff.agents import Agents
from handoff.announcements import Announcement, Announcements, StaffChanged
from handoff.elsewhere import Elsewhere
from handoff.live import LiveConversations
from handoff.queue import IN_HAND, LONGEST_LIST, is_in_hand

LOOK_EVERY = 2.0
"""Seconds between looks for what no hint told of."""
ASKED_AT_ONCE = 500

CHANGED, STAFF = "changed", "staff"

log = structlog.get_logger()

_conversations = table_of(ConversationRow)

Hint = list[Any]
"""[CHANGED, conversation, visitor, number before, number, whether it concerns agents] or [STAFF, agent]."""


class Listening(Protocol):
    """Somebody at this worker who hears of conversations as they go on."""

    def visitors_here(self) -> Iterable[str]: ...

    def conversations_here(self) -> Iterable[str]: ...

    def follows(self, visitor_id: str, conversation_id: str) -> bool: ...

    def has_agents(self) -> bool: ...


class Relay:
    """Between the announcements of this worker and those of the others."""

    def __init__(
        self,
        database: Database,
        live: LiveConversations,
        agents: Agents,
        announcements: Announcements,
        elsewhere: Elsewhere,
        listening: Iterable[Listening],
        publish: Callable[[Hint], None],
    ):
        self._database = database
        self._live = live
        self._agents = agents
        self._announcements = announcements
        self._elsewhere = elsewhere
        self._listening = tuple(listening)
        self._publish = publish
        self._unreadable: set[str] = set()
        """What could not be read when it was looked at last: operators are told of it once."""

    def on_news(self, news: Announcement | StaffChanged) -> None:
        """Subscribed to the desk's announcements."""
        if news.elsewhere:
            return
        if isinstance(news, StaffChanged):
            self._publish([STAFF, news.agent_id])
            return
        after = news.after
        before = news.before.last_seq if news.before else 0
        self._publish([CHANGED, after.id, after.visitor_id, before, after.last_seq, news.concerns_agents])

    def take(self, hint: Hint) -> None:
        """Takes a hint of another worker."""
        match hint:
            case [str(word), str(agent_id)] if word == STAFF:
                self._agents.forget()
                self._announcements.announce(StaffChanged(agent_id, elsewhere=True))
            case [str(word), str(conversation_id), str(visitor_id), int(before), int(seq), bool(for_agents)] if (
                word == CHANGED
            ):
                if for_agents:  # One of them may have less room by now, or more.
                    self._agents.forget()
                kept = self._live.kept(conversation_id)
                if kept is not None and kept.told and kept.conversation.last_seq >= seq:
                    return
                if self._is_heard(visitor_id, conversation_id, for_agents):
                    self._elsewhere.catch_up(conversation_id, after=before)
                else:
                    self._live.forget(conversation_id)

    def come_back(self) -> None:
        """Begins to hear again: what nobody here listens to may be old by now, all else is looked at."""
        for each in self._live.all_kept():
            if not self._is_heard(each.visitor_id, each.id, is_in_hand(each)):
                self._live.forget(each.id)
        self.look()

    def look(self) -> None:
        """Takes over what happened elsewhere to conversations that somebody here hears of; none holds up the others."""
        for conversation_id, seq in self._numbers():
            kept = self._live.kept(conversation_id)
            # What was only read is told again if agents may have to act on it; visitors notice gaps by themselves.
            may_be_missed = kept is not None and not kept.told and is_in_hand(kept.conversation)
            if kept is None or kept.conversation.last_seq < seq or may_be_missed:
                self._catch_up(conversation_id, seq)

    def _catch_up(self, conversation_id: str, seq: int) -> None:
        try:
            self._elsewhere.catch_up(conversation_id, after=max(0, seq - PAGE))
        except DBAPIError:
            raise  # None of the others would fare better.
        except Exception:
            if conversation_id not in self._unreadable:
                log.exception("conversation.not_told", conversation=conversation_id)
            self._unreadable.add(conversation_id)
        else:
            self._unreadable.discard(conversation_id)

    def _is_heard(self, visitor_id: str, conversation_id: str, for_agents: bool) -> bool:
        return any(
            each.follows(visitor_id, conversation_id) or (for_agents and each.has_agents()) for each in self._listening
        )

    def _numbers(self) -> Iterator[tuple[str, int]]:
        """Yields each conversation that somebody here hears of, with its last number in the database."""
        visitors = {each for listening in self._listening for each in listening.visitors_here()}
        conversations = {each for listening in self._listening for each in listening.conversations_here()}
        conversations |= {known for known in map(self._live.known_open_of, visitors) if known}
        has_agents = any(listening.has_agents() for listening in self._listening)
        if has_agents:  # What is not in hand any more is found by its name alone.
            conversations |= {each.id for each in self._live.all_kept() if is_in_hand(each)}
        columns = _conversations.c
        for some in _parts(visitors):
            yield from self._read(columns.visitor_id.in_(some), columns.open)
        for some in _parts(conversations):
            yield from self._read(columns.id.in_(some))
        if has_agents:
            for condition in IN_HAND:
                yield from self._read(condition, most=LONGEST_LIST)

    def _read(self, *conditions: Any, most: int = 2 * ASKED_AT_ONCE) -> list[tuple[str, int]]:
        query = select(_conversations.c.id, _conversations.c.last_seq).where(*conditions).limit(most)
        with self._database.reading() as connection:
            return [(conversation_id, seq) for conversation_id, seq in connection.execute(query)]


def _parts(names: set[str]) -> Iterator[list[str]]:
    ordered = sorted(names)
    for first in range(0, len(ordered), ASKED_AT_ONCE):
        yield ordered[first : first + ASKED_AT_ONCE]
