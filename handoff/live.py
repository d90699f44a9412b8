"""Conversations that are going on, kept in memory: a change that is made on what has become old is refused."""

from collections import OrderedDict
from threading import Lock
from typing import NamedTuple

from sqlalchemy import select

from bot.change import table_of
from bot.contact import Contact, Known
from bot.conversation import Conversation, conversation_from
from bot.database import Database
from bot.models import Contact as ContactRow
from bot.models import ConversationRow, Visitor

MOST_KEPT = 20_000
LONGEST_HISTORY = 200
"""Conversations of one visitor that are looked at together; the latest."""

_conversations = table_of(ConversationRow)
_contacts = table_of(ContactRow)
_visitors = table_of(Visitor)


class Live(NamedTuple):
    """A conversation and what is known of its visitor, as of its last event."""

    conversation: Conversation
    known: Known
    told: bool = True
    """Whether those who listen here heard of its last event; of one that was only read they may have missed some."""


class LiveConversations:
    """Of what is kept is known whether it was told here, so that what happened elsewhere can be; the oldest goes."""

    def __init__(self, database: Database):
        self._database = database
        self._by_id: OrderedDict[str, Live] = OrderedDict()
        self._open_of: dict[str, str] = {}

    def get(self, conversation_id: str) -> Live | None:
        """Returns the conversation, from memory or from the database; None if there is none."""
        live = self._by_id.get(conversation_id)
        if live is None and conversation_id.isprintable():  # PostgreSQL takes no NUL, not even to look for it.
            live = self._load(_conversations.c.id == conversation_id)
        if live is not None:
            self._by_id.move_to_end(conversation_id)
        return live

    def kept(self, conversation_id: str) -> Live | None:
        """Returns the conversation as it is in memory, if it is."""
        return self._by_id.get(conversation_id)

    def all_kept(self) -> list[Conversation]:
        """Returns all that is in memory."""
        return [live.conversation for live in self._by_id.values()]

    def known_open_of(self, visitor_id: str) -> str | None:
        """Returns the visitor's open conversation as far as memory knows of one."""
        return self._open_of.get(visitor_id)

    def read(self, conversation_id: str) -> Live | None:
        """Returns the conversation as it is in the database, and keeps nothing."""
        return self._read(_conversations.c.id == conversation_id)

    def open_of(self, visitor_id: str) -> Live | None:
        """Returns the visitor's one open conversation, if any."""
        known = self._open_of.get(visitor_id)
        if known is not None:
            return self.get(known)
        return self._load(_conversations.c.visitor_id == visitor_id, _conversations.c.open)

    def read_open_of(self, visitor_id: str) -> Live | None:
        """Returns the visitor's one open conversation as it is in the database, and keeps nothing."""
        return self._read(_conversations.c.visitor_id == visitor_id, _conversations.c.open)

    def history_of(self, visitor_id: str) -> list[Conversation]:
        """Returns all conversations of a visitor, the oldest first."""
        query = select(_conversations.c.id).where(_conversations.c.visitor_id == visitor_id)
        with self._database.reading() as connection:
            ids = connection.scalars(query.order_by(_conversations.c.created_at.desc()).limit(LONGEST_HISTORY)).all()
        found = (self.get(each) for each in reversed(ids))
        return [live.conversation for live in found if live is not None]

    def known(self, visitor_id: str) -> Known:
        """Returns what is known of a visitor who has no conversation open."""
        with self._database.reading() as connection:
            query = (
                select(_visitors.c.revision, _visitors.c.rules, _contacts)
                .select_from(_visitors.outerjoin(_contacts, _visitors.c.contact_id == _contacts.c.id))
                .where(_visitors.c.id == visitor_id)
            )
            row = connection.execute(query).first()
        if row is None:
            return Known(visitor_id)
        visitor_revision, rules, contact_id, _, attributes, revision = row
        contact = Contact(contact_id, attributes, revision) if contact_id else None
        return Known(visitor_id, visitor_revision, contact, tuple(rules))

    def put(self, live: Live) -> bool:
        """Keeps what was just committed or read; says no when what is kept is newer: another worker went on."""
        conversation = live.conversation
        kept = self._by_id.get(conversation.id)
        if kept is not None and kept.conversation.last_seq > conversation.last_seq:
            return False
        self._by_id[conversation.id] = live
        self._by_id.move_to_end(conversation.id)
        if conversation.open:
            self._open_of[conversation.visitor_id] = conversation.id
        else:
            self._forget_open(conversation)
        while len(self._by_id) > MOST_KEPT:
            _, oldest = self._by_id.popitem(last=False)
            self._forget_open(oldest.conversation)
        return True

    def forget(self, conversation_id: str) -> None:
        """Drops what may be stale."""
        stale = self._by_id.pop(conversation_id, None)
        if stale is not None:
            self._forget_open(stale.conversation)

    def forget_all(self) -> None:
        """Drops everything: the record is another one."""
        self._by_id.clear()
        self._open_of.clear()

    def _forget_open(self, conversation: Conversation) -> None:
        if self._open_of.get(conversation.visitor_id) == conversation.id:
            del self._open_of[conversation.visitor_id]

    def _load(self, *conditions: object) -> Live | None:
        live = self._read(*conditions)
        if live is not None:
            live = live._replace(told=False)
            self.put(live)
        return live

    def _read(self, *conditions: object) -> Live | None:
        with self._database.reading() as connection:
            row = connection.execute(select(_conversations).where(*conditions)).mappings().first()  # type: ignore[arg-type]
        if row is None:
            return None
        conversation = conversation_from(dict(row))
        return Live(conversation, self.known(conversation.visitor_id))


class Turnstiles:
    """Lets one at a time through for each name; others wait their turn."""

    def __init__(self) -> None:
        self._by_name: dict[str, _Turnstile] = {}

    def one_at_a_time(self, name: str) -> "_Turnstile":
        """Returns the name's turnstile, which is held for the length of a `with` block."""
        turnstile = self._by_name.get(name)
        if turnstile is None:
            turnstile = self._by_name[name] = _Turnstile(self._by_name, name)
        return turnstile


class _Turnstile:
    """Gone as soon as nobody is in it or waits for it."""

    __slots__ = ("_among", "_lock", "_name", "_there")

    def __init__(self, among: "dict[str, _Turnstile]", name: str):
        self._among = among
        self._name = name
        self._lock = Lock()
        self._there = 0

    def __enter__(self) -> None:
        self._there += 1
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()
        self._there -= 1
        if not self._there:
            del self._among[self._name]
