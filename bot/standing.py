"""In which flows, and in which versions of them, the open conversations stand."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select, text

from bot.bundles import Place
from bot.change import table_of
from bot.database import Database
from bot.models import ConversationRow
from flows.cursor import Cursor

PAGE = 1_000

_conversations = table_of(ConversationRow)


@dataclass(frozen=True, slots=True)
class Standing:
    """One open conversation: who holds it, and its place in flows."""

    holder: str
    cursor: Cursor


def standing(database: Database) -> Iterator[Standing]:
    """Yields every open conversation that is in a flow.

    They are read a page at a time, along the index of open conversations: neither memory nor closed ones matter.
    """
    after = ""
    while rows := _page(database, after):
        after = rows[-1][0]
        for _, holder, written in rows:
            cursor = Cursor.from_json(written)
            if cursor.running or cursor.parked:
                yield Standing(holder, cursor)


def places(database: Database) -> Counter[tuple[Place, ...]]:
    """Returns how many open conversations stand in the same flows in the same versions."""
    return Counter(each.cursor.versions() for each in standing(database))


def _page(database: Database, after: str) -> list[tuple[str, str, str]]:
    columns = (_conversations.c.visitor_id, _conversations.c.holder, _conversations.c.cursor)
    # In the words of the index: a visitor has one open conversation at most.
    query = select(*columns).where(text("open"), _conversations.c.visitor_id > after)
    with database.reading() as connection:
        rows = connection.execute(query.order_by(_conversations.c.visitor_id).limit(PAGE))
        return [(visitor, holder, cursor) for visitor, holder, cursor in rows]
