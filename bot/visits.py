"""Where visitors are: their visits and page views, recorded, and kept in memory while they last."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import func, select

from bot.change import Change, Row, table_of
from bot.database import Database
from bot.ids import NewId
from bot.journal import Journal
from bot.models import PageView, Visit

VISIT_ENDS_AFTER = timedelta(minutes=30)
MOST_KEPT = 50_000

_visits = table_of(Visit)
_page_views = table_of(PageView)


class Stay(NamedTuple):
    """A visit as it goes on: `facts` are the browser's, of the page last seen and of the visit."""

    id: str
    visitor_id: str
    language: str
    facts: Mapping[str, Any]
    began_at: datetime
    page_began_at: datetime
    active_at: datetime
    """When the page last gave a sign of life."""
    revision: int = 1


class Visits:
    """Knows who is where."""

    def __init__(self, database: Database, journal: Journal, *, new_id: NewId):
        self._database = database
        self._journal = journal
        self._new_id = new_id
        self._stays: OrderedDict[str, Stay] = OrderedDict()
        self.pass_on: Callable[[Stay], None] = lambda stay: None
        """Tells other workers where a visitor is now."""

    def view(self, visitor_id: str, *, language: str, facts: Mapping[str, Any], now: datetime) -> Stay:
        """Records that the visitor looks at a page, in the visit that goes on or in a new one."""
        stay = self.current(visitor_id, now)
        change = Change()
        if stay is None:
            stay = Stay(self._new_id(), visitor_id, language, facts, now, now, now)
            row = {
                "id": stay.id,
                "visitor_id": visitor_id,
                "started_at": now,
                "context": _lasting(facts),
                "revision": 1,
            }
            change.rows.append(Row(Visit, row))
        stay = stay._replace(language=language, facts=dict(facts), page_began_at=now, active_at=now)
        self.put(stay)
        page = {"path": facts.get("page.path", ""), "title": facts.get("page.title", "")}
        change.rows.append(Row(PageView, {"visit_id": stay.id, "visitor_id": visitor_id, "at": now, **page}))
        self._journal.post(change)
        self.pass_on(stay)
        return stay

    def current(self, visitor_id: str, now: datetime) -> Stay | None:
        """Returns the visit that goes on, or None when the visitor was last seen too long ago; to ask is to see."""
        stay = self.last(visitor_id)
        if stay is None or now - stay.active_at >= VISIT_ENDS_AFTER:
            return None
        # Every message comes by here, and `_replace` takes three times as long.
        began = stay.began_at, stay.page_began_at
        stay = Stay(stay.id, stay.visitor_id, stay.language, stay.facts, *began, now, stay.revision)
        self.put(stay)
        return stay

    def go_on(self, visitor_id: str, now: datetime) -> Stay | None:
        """Notes for all workers that the page is still looked at; returns the visit, or None when that is over."""
        stay = self.current(visitor_id, now)
        if stay is not None:
            self.pass_on(stay)
        return stay

    def last(self, visitor_id: str) -> Stay | None:
        """Returns the visit that goes on or the one that ended last, or None when none is recorded."""
        return self._stays.get(visitor_id) or self._load(visitor_id)

    def reserved(self, stay: Stay) -> None:
        """Notes that a showing was reserved in this visit, which counts as a change of it."""
        stay = stay._replace(revision=stay.revision + 1)
        self.put(stay)
        self.pass_on(stay)

    def put(self, stay: Stay) -> None:
        """Keeps what is known of a visit now."""
        self._stays[stay.visitor_id] = stay
        self._stays.move_to_end(stay.visitor_id)
        while len(self._stays) > MOST_KEPT:
            self._stays.popitem(last=False)

    def forget(self, visitor_id: str) -> None:
        """Drops what is known of a visitor's visit."""
        self._stays.pop(visitor_id, None)

    def look_again(self, visitor_id: str) -> None:
        """Reads again how often the visit was changed; where the visitor is has been told, and is not in the rows."""
        stale = self._stays.pop(visitor_id, None)
        fresh = self._load(visitor_id)
        if stale and fresh and fresh.id == stale.id:
            self.put(stale._replace(revision=fresh.revision))

    def forget_all(self) -> None:
        """Drops everything: the record is another one."""
        self._stays.clear()

    def pages_of(self, visitor_id: str, *, limit: int) -> list[dict[str, Any]]:
        """Returns the visitor's latest page views, the newest first."""
        query = select(_page_views.c.path, _page_views.c.title, _page_views.c.at)
        query = query.where(_page_views.c.visitor_id == visitor_id).order_by(_page_views.c.at.desc()).limit(limit)
        with self._database.reading() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def _load(self, visitor_id: str) -> Stay | None:
        seen = select(func.max(_page_views.c.at)).where(_page_views.c.visit_id == _visits.c.id).scalar_subquery()
        query = select(_visits, seen.label("last_at")).where(_visits.c.visitor_id == visitor_id)
        with self._database.reading() as connection:
            row = connection.execute(query.order_by(_visits.c.started_at.desc()).limit(1)).mappings().first()
        if row is None:
            return None
        facts = row["context"]
        began_at = row["started_at"]
        stay = Stay(
            row["id"],
            visitor_id,
            facts.get("language", ""),
            facts,
            began_at,
            row["last_at"] or began_at,
            row["last_at"] or began_at,
            row["revision"],
        )
        self.put(stay)
        return stay


_OF_THE_PAGE = ("page", "time_on_page", "scroll", "previous_page", "idle", "exit_intent")


def _lasting(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if not name.startswith(_OF_THE_PAGE)}
