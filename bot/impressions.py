"""What triggers showed to whom: reserved, seen, dismissed, answered; and the tallies that limits ask about."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select

from bot.change import Change, Guard, Refused, Row, table_of
from bot.database import Database
from bot.ids import NewId
from bot.journal import Journal
from bot.models import ConversationRow, Impression, Visit
from bot.site.site import Site
from bot.visits import Stay
from triggers.limits import Counters, Showing, counted

RESERVATION_LASTS = timedelta(seconds=60)
"""A showing that was granted and not seen by then counts no more."""
REMEMBERED = timedelta(days=400)

_impressions = table_of(Impression)
_conversations = table_of(ConversationRow)
# Not what was said and why, which is long, and read at each page view for nothing.
_counted = tuple(
    _impressions.c[name] for name in ("trigger_id", "reserved_at", "seen_at", "dismissed_at", "answered_at")
)


class Impressions:
    """Reads and writes impressions."""

    def __init__(self, database: Database, journal: Journal, *, new_id: NewId):
        self._database = database
        self._journal = journal
        self._new_id = new_id

    def counters(self, site: Site, stay: Stay, now: datetime) -> Counters:
        """Returns how often what was shown to this visitor; a reservation counts as long as it lasts."""
        shown = or_(_impressions.c.seen_at.is_not(None), _impressions.c.reserved_at > now - RESERVATION_LASTS)
        mine = (_impressions.c.visitor_id == stay.visitor_id) & (_impressions.c.reserved_at > now - REMEMBERED)
        chats = select(func.max(_conversations.c.last_at)).where(_conversations.c.visitor_id == stay.visitor_id)
        with self._database.reading() as connection:
            rows = connection.execute(select(*_counted).where(mine, shown)).all()
            last_chat = connection.scalar(chats)
        return counted(
            [_showing(*row) for row in rows],
            now=now,
            zone=site.zone,
            visit_began=stay.began_at,
            page_began=stay.page_began_at,
            last_chat=last_chat,
        )

    def reserve(
        self, stay: Stay, trigger: str, *, version: str, said: Mapping[str, Any], why: Any, now: datetime
    ) -> str:
        """Records that a showing was granted and returns its id; raises Refused when another tab was granted one."""
        row = {
            "id": self._new_id(),
            "visitor_id": stay.visitor_id,
            "visit_id": stay.id,
            "trigger_id": trigger,
            "site_version": version,
            "page": stay.facts.get("page.path", ""),
            "said": dict(said),
            "why": why,
            "reserved_at": now,
            "seen_at": None,
            "dismissed_at": None,
            "answered_at": None,
            "conversation_id": None,
            "revision": 1,
        }
        only_one = Guard(Visit, stay.id, stay.revision, {"revision": stay.revision + 1})
        self._journal.commit(Change(guards=[only_one], rows=[Row(Impression, row)]))
        return str(row["id"])

    def find(self, visitor_id: str, impression_id: str) -> Mapping[str, Any] | None:
        """Returns the row of this visitor's impression, or None."""
        mine = (_impressions.c.id == impression_id) & (_impressions.c.visitor_id == visitor_id)
        with self._database.reading() as connection:
            found = connection.execute(select(_impressions).where(mine)).mappings().first()
        return dict(found) if found else None

    def note(self, visitor_id: str, impression_id: str, column: str, now: datetime) -> bool:
        """Sets the moment of `seen_at` or `dismissed_at` once; returns whether there is such an impression.

        Where others change it at the same moment three times running, the moment stays unnoted."""
        for _ in range(3):
            row = self.find(visitor_id, impression_id)
            if row is None:
                return False
            if row[column] is not None:
                return True
            values = {column: now, "seen_at": row["seen_at"] or now, "revision": row["revision"] + 1}
            try:
                self._journal.commit(Change(guards=[Guard(Impression, impression_id, row["revision"], values)]))
            except Refused:
                continue
            return True
        return True


def answered(row: Mapping[str, Any], conversation_id: str, now: datetime) -> Guard:
    """Returns the guard that records an answer with the conversation it began."""
    values = {"answered_at": row["answered_at"] or now, "seen_at": row["seen_at"] or now}
    values |= {"conversation_id": row["conversation_id"] or conversation_id, "revision": row["revision"] + 1}
    return Guard(Impression, row["id"], row["revision"], values)


def _showing(
    trigger: str,
    reserved_at: datetime,
    seen_at: datetime | None,
    dismissed_at: datetime | None,
    answered_at: datetime | None,
) -> Showing:
    return Showing(trigger, seen_at or reserved_at, dismissed_at=dismissed_at, answered_at=answered_at)
