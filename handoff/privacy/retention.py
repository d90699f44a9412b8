"""How long records stay: once a day, what has become too old goes, a little at a time. What is held stays."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Table, and_, delete, func, insert, or_, select, true, update
from sqlalchemy.exc import IntegrityError

from bot.change import table_of
from bot.database import Database
from bot.ids import NewId
from bot.models import ConversationRow, Impression, JobRow, PageView, Setting, Visit, Visitor
from bot.site.privacy import Keep
from handoff.models import Hold
from handoff.privacy.acts import named_without_record, say_whose_no_more
from handoff.privacy.forgetting import forget_conversations, forget_known

EVERY = timedelta(days=1)
LONGEST_PAUSE = timedelta(days=7)
"""After which it is doubted that so much time has passed."""
TRIED_AGAIN_AFTER = timedelta(hours=1)
AT_ONCE = 200
"""Rows that go in one transaction, so that nobody who writes waits for long."""

log = structlog.get_logger()
_setting = table_of(Setting)
_visitors = table_of(Visitor)
_visits = table_of(Visit)
_page_views = table_of(PageView)
_impressions = table_of(Impression)
_conversations = table_of(ConversationRow)
_jobs = table_of(JobRow)
_holds = table_of(Hold)

_LAST_RUN = "retention"


@dataclass(frozen=True, slots=True)
class _Aged:
    """Rows of a table that are too old: what they are called, and the key by which they go."""

    called: str
    table: Table
    key: Any
    old: ColumnElement[bool]


class Retention:
    """Deletes what is older than the site wants it kept."""

    def __init__(self, database: Database, keep: Callable[[], Keep], *, now: Callable[[], datetime], new_id: NewId):
        self._database = database
        self._keep = keep
        self._now = now
        self._new_id = new_id

    def plan(self) -> dict[str, int]:
        """Returns what would go if it were done now: what it is → how much of it."""
        with self._database.reading() as connection:
            return {
                each.called: connection.scalar(select(func.count()).select_from(each.table).where(each.old)) or 0
                for each in self._aged()
            }

    def is_due(self) -> bool:
        """Says whether a day has passed, and claims this day: of several processes one is told so.

        After weeks nothing is due before the next day: a clock that was set ahead by mistake must not delete a record.
        """
        now = self._now()
        is_mine = _setting.c.name == _LAST_RUN
        # A last run in the future: the clock was set back meanwhile.
        over = or_(_setting.c.value <= _written(now - EVERY), _setting.c.value > _written(now))
        with self._database.reading() as connection:
            last = connection.scalar(select(_setting.c.value).where(is_mine))
        if last is not None and _written(now - EVERY) < last <= _written(now):
            return False
        is_long_ago = last is not None and last < _written(now - LONGEST_PAUSE)
        try:
            with self._database.writing() as connection:
                if connection.execute(update(_setting).where(is_mine, over).values(value=_written(now))).rowcount:
                    if is_long_ago:
                        log.warning("retention.put_off", cause=f"it was last done on {last}; is the clock right?")
                    return not is_long_ago
                if connection.scalar(select(_setting.c.value).where(is_mine)) is not None:
                    return False
                connection.execute(insert(_setting).values(name=_LAST_RUN, value=_written(now)))
        except IntegrityError:
            return False
        return True

    def put_off(self) -> None:
        """Gives the day back: what could not be done is tried again in an hour."""
        again = _written(self._now() - EVERY + TRIED_AGAIN_AFTER)
        with self._database.writing() as connection:
            connection.execute(update(_setting).where(_setting.c.name == _LAST_RUN).values(value=again))

    def sweep(self) -> Iterator[Counter[str]]:
        """Deletes what is too old, some of it at each step, and yields what went; between steps others may write."""
        for aged in self._aged():
            after: Any = None
            while ids := self._next_of(aged, after):
                yield self._delete(aged, ids)
                after = ids[-1]

    def _next_of(self, aged: _Aged, after: Any) -> list[Any]:
        # Looked for apart from the deletion: nobody waits while a long table is read.
        further = true() if after is None else aged.key > after
        with self._database.reading() as connection:
            query = select(aged.key).where(aged.old, further).order_by(aged.key).limit(AT_ONCE)
            return list(connection.scalars(query))

    def _delete(self, aged: _Aged, candidates: list[Any]) -> Counter[str]:
        with self._database.erasing() as connection:
            ids = list(connection.scalars(select(aged.key).where(aged.key.in_(candidates), aged.old)))
            if aged.table is _conversations:
                gone = forget_conversations(connection, ids, now=self._now(), new_id=self._new_id)
            elif aged.table is _visitors:
                gone = forget_known(connection, ids)
            else:
                gone = Counter({aged.called: connection.execute(delete(aged.table).where(aged.key.in_(ids))).rowcount})
            say_whose_no_more(connection, named_without_record(connection))
            return gone

    def _aged(self) -> Iterator[_Aged]:
        """Yields what may be too old, in the order in which it goes."""
        keep, now = self._keep(), self._now()
        if keep.conversations:
            old = (_conversations.c.last_at < now - keep.conversations) & _is_free(_conversations.c.visitor_id)
            yield _Aged("conversations", _conversations, _conversations.c.id, old)
            yield _Aged("visitors", _visitors, _visitors.c.id, _have_nothing_left(now - keep.conversations))
        yield from _seen(keep, now)
        if keep.jobs:
            done = _jobs.c.state.in_(("done", "dead")) & (
                func.coalesce(_jobs.c.done_at, _jobs.c.run_at) < now - keep.jobs
            )
            of_held = select(_conversations.c.id).where(~_is_free(_conversations.c.visitor_id))
            free = _jobs.c.conversation_id.is_(None) | _jobs.c.conversation_id.not_in(of_held)
            yield _Aged("jobs", _jobs, _jobs.c.id, done & free)


def _seen(keep: Keep, now: datetime) -> Iterator[_Aged]:
    spans = [(keep.page_views, None), (keep.silent_visitors, _never_wrote)]
    for called, table, key, at in (
        ("page_views", _page_views, _page_views.c.id, _page_views.c.at),
        ("impressions", _impressions, _impressions.c.id, _impressions.c.reserved_at),
        ("visits", _visits, _visits.c.id, _visits.c.started_at),
    ):
        ages = [
            (at < now - span) & of_whom(table.c.visitor_id) if of_whom else at < now - span
            for span, of_whom in spans
            if span
        ]
        if ages:
            yield _Aged(called, table, key, and_(or_(*ages), _is_free(table.c.visitor_id)))


def _is_free(visitor: Any) -> ColumnElement[bool]:
    """Nobody holds the record of this visitor, nor that of another visitor behind the same contact."""
    held = select(_holds.c.visitor_id)
    contacts = select(_visitors.c.contact_id).where(_visitors.c.id.in_(held), _visitors.c.contact_id.is_not(None))
    beside = select(_visitors.c.id).where(_visitors.c.contact_id.in_(contacts))
    return and_(visitor.not_in(held), visitor.not_in(beside))


def _never_wrote(visitor: Any) -> ColumnElement[bool]:
    wrote = select(_conversations.c.id).where(_conversations.c.visitor_id == visitor)
    return ~wrote.exists()


def _have_nothing_left(before: datetime) -> ColumnElement[bool]:
    """Visitors of whom no conversation stays, nor of anybody else behind the same contact."""
    other = _visitors.alias()
    of_other = _conversations.c.visitor_id == other.c.id
    beside = select(other.c.id).where(other.c.contact_id == _visitors.c.contact_id, _lately(of_other, before))
    mine = _lately(_conversations.c.visitor_id == _visitors.c.id, before)
    return and_(_visitors.c.first_seen_at < before, ~mine, ~beside.exists(), _is_free(_visitors.c.id))


def _lately(whose: ColumnElement[bool], before: datetime) -> ColumnElement[bool]:
    return select(_conversations.c.id).where(whose, _conversations.c.last_at >= before).exists()


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
