"""The conversations in progress: in which flows they stand, and in which versions of them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select, text

from bot.bundles import FlowVersion
from bot.change import table_of
from bot.database import Database
from bot.models import ConversationRow
from flows.cursor import Cursor

PAGE = 1_000

_conversations = table_of(ConversationRow)


@dataclass(frozen=True, slots=True)
class InProgress:
    """One open conversation: who holds it, and its place in flows."""

    holder: str
    cursor: Cursor


def in_progress(database: Database) -> Iterator[InProgress]:
    """Yields every open conversation that is in a flow.

    They are read a page at a time, along the index of open conversations: neither memory nor closed ones matter.
    """
    after = ""
    while rows := _page(database, after):
        after = rows[-1][0]
        for _, holder, written in rows:
            cursor = Cursor.from_json(written)
            if cursor.running or cursor.parked:
                yield InProgress(holder, cursor)


def places(database: Database) -> Counter[tuple[FlowVersion, ...]]:
    """Returns how many open conversations stand in the same flows in the same versions."""
    return Counter(each.cursor.versions() for each in in_progress(database))


def needed(database: Database) -> set[FlowVersion]:
    """Returns every flow in a version that an open conversation may come to by itself."""
    return {each for conversation in in_progress(database) for each in conversation.cursor.refers_to()}


def _page(database: Database, after: str) -> list[tuple[str, str, str]]:
    columns = (_conversations.c.visitor_id, _conversations.c.holder, _conversations.c.cursor)
    # In the words of the index: a visitor has one open conversation at most.
    query = select(*columns).where(text("open"), _conversations.c.visitor_id > after)
    with database.reading() as connection:
        rows = connection.execute(query.order_by(_conversations.c.visitor_id).limit(PAGE))
        return [(visitor, holder, cursor) for visitor, holder, cursor in rows]
