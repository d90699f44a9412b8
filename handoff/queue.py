"""Who is waiting, in what order, and how the lists of the panel are read."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    and_,
    false,
    func,
    literal_column,
    or_,
    select,
    true,
    union_all,
)

from bot.change import table_of
from bot.conversation import Conversation
from bot.database import Database
from bot.models import Contact, ConversationRow, EventRow, Reading
from handoff.routing import Agent

LONGEST_LIST = 200
PRIORITIES = {"normal": 0, "high": 1, "urgent": 2}

_conversations = table_of(ConversationRow)
_contacts = table_of(Contact)
_events = table_of(EventRow)
_readings = table_of(Reading)
# Written out, not bound: an index of some rows serves only a query that says these very words.
QUEUED = and_(_conversations.c.holder == literal_column("'queue'"), _conversations.c.open)
"""The condition for conversations that wait for an agent."""
_held = _conversations.c.holder == literal_column("'agent'")
_to_be_answered = and_(
    _conversations.c.open, or_(_conversations.c.holder == literal_column("'queue'"), _conversations.c.left)
)
IN_HAND = (_to_be_answered, _held)
"""The conditions for conversations that concern agents now; each has an index of its own."""
_latest_first = (_conversations.c.last_at.desc(), _conversations.c.id.desc())
_in_order = (_conversations.c.priority.desc(), _conversations.c.queued_at, _conversations.c.id)


class Border(NamedTuple):
    """Where a page of All ends: several conversations may have been written in at the same moment."""

    last_at: datetime
    id: str


def is_in_hand(conversation: Conversation) -> bool:
    """The same answer as `IN_HAND`, for what is kept."""
    waits = conversation.open and (conversation.holder == "queue" or conversation.left)
    return waits or conversation.holder == "agent"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A conversation that waits, whom it is offered to, and who was asked before or is."""

    id: str
    department: str | None
    offered_to: str | None
    asked: Collection[str]


class Queue:
    """Reads who waits, and the lists of the panel: of each what fits, and of everything a page at a time."""

    def __init__(self, database: Database):
        self._database = database

    def place_of(self, conversation: Conversation) -> int | None:
        """Returns 1 for the next in line of the department, or None when the conversation does not wait for anybody."""
        if conversation.holder != "queue":
            return None
        return 1 + self._count(_live(conversation.department), _before(conversation))

    def lengths(self) -> Mapping[str | None, tuple[int, datetime]]:
        """Returns department → how many wait for it, and since when the first of them does."""
        columns = _conversations.c
        query = select(columns.department, func.count(), func.min(columns.queued_at)).where(QUEUED)
        with self._database.reading() as connection:
            found = connection.execute(query.group_by(columns.department))
            return {department: (count, since) for department, count, since in found}

    def without_offer(self, agent: Agent) -> list[str]:
        """Returns the conversations this agent could be asked to take and nobody is, the next first."""
        department = _conversations.c.department
        theirs = or_(department.is_(None), department.in_(sorted(agent.departments)))
        query = select(_conversations.c.id).where(QUEUED, theirs, _conversations.c.offered_to.is_(None))
        return self._ids(query.order_by(*_in_order))

    def offered_to(self, agent_id: str) -> list[str]:
        """Returns the conversations this agent is being asked to take, the next first."""
        theirs = _conversations.c.offered_to == agent_id
        return self._ids(select(_conversations.c.id).where(QUEUED, theirs).order_by(*_in_order))

    def waiting(self) -> list[Waiting]:
        """Returns all that waits, the next first."""
        columns = _conversations.c
        query = select(columns.id, columns.department, columns.offered_to, columns.asked).where(QUEUED)
        with self._database.reading() as connection:
            return [Waiting(*row) for row in connection.execute(query.order_by(*_in_order))]

    def owners(self) -> list[str]:
        """Returns the agents who hold conversations."""
        return self._ids(select(_conversations.c.owner).where(_held).distinct())

    def held_by(self, agent_id: str) -> list[str]:
        """Returns the conversations an agent holds, the one unanswered longest first."""
        mine = select(_conversations.c.id).where(_held, _conversations.c.owner == agent_id)
        return self._ids(mine.order_by(_conversations.c.waiting_since))

    def rows_waiting(self, agent: Agent, *, limit: int = LONGEST_LIST) -> list[dict[str, Any]]:
        """Returns what waits for this agent, the oldest unanswered first; who sits there before what was left.

        So nobody who waits is beyond the limit only because many messages were left that nobody has answered.
        """
        left = _conversations.c.holder != literal_column("'queue'")
        return self._rows(agent, and_(_to_be_answered, or_(*_business_of(agent))), left, *_in_order, limit=limit)

    def rows_held(self, agent: Agent) -> list[dict[str, Any]]:
        """Returns the agent's own open conversations, the one unanswered longest first."""
        mine = and_(_held, _conversations.c.owner == agent.id)
        return self._rows(agent, mine, _conversations.c.waiting_since.is_(None), _conversations.c.waiting_since)

    def rows_of_all(self, agent: Agent, *, before: Border | None, limit: int = 50) -> list[dict[str, Any]]:
        """Returns a page of every conversation the agent may see, the latest first; those beyond `before` if given."""
        older = true() if before is None else _beyond(before)
        latest = [_latest(kind, older, limit) for kind in _business_of(agent)]
        among = _conversations.c.id.in_(union_all(*latest))
        return self._rows(agent, among, *_latest_first, limit=limit)

    def _rows(
        self, agent: Agent, condition: ColumnElement[bool], *order: Any, limit: int = LONGEST_LIST
    ) -> list[dict[str, Any]]:
        mark = (_readings.c.participant == f"agent:{agent.id}") & (_readings.c.conversation_id == _conversations.c.id)
        known = _conversations.outerjoin(_contacts, _conversations.c.contact_id == _contacts.c.id)
        query = (
            select(_conversations, _contacts.c.attributes, _unread().label("unread"))
            .select_from(known.outerjoin(_readings, mark))
            .where(condition)
            .order_by(*order)
            .limit(limit)
        )
        with self._database.reading() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def _ids(self, query: Select[Any]) -> list[str]:
        with self._database.reading() as connection:
            return list(connection.scalars(query))

    def _count(self, *conditions: ColumnElement[bool]) -> int:
        with self._database.reading() as connection:
            return connection.scalar(select(func.count()).select_from(_conversations).where(*conditions)) or 0


def _live(department: str | None) -> ColumnElement[bool]:
    return and_(QUEUED, _conversations.c.department == department)


def _before(conversation: Conversation) -> ColumnElement[bool]:
    columns = _conversations.c
    same = and_(columns.priority == conversation.priority, columns.queued_at == conversation.queued_at)
    return or_(
        columns.priority > conversation.priority,
        and_(columns.priority == conversation.priority, columns.queued_at < conversation.queued_at),
        and_(same, columns.id < conversation.id),
    )


def _unread() -> ScalarSelect[Any]:
    """What the visitor said since the agent last read; without a mark, everything."""
    said = (_events.c.conversation_id == _conversations.c.id) & (_events.c.kind == "message")
    by_visitor = _events.c.actor == "visitor:" + _conversations.c.visitor_id
    since = _events.c.seq > func.coalesce(_readings.c.read_seq, 0)
    count = select(func.count()).select_from(_events).where(said, by_visitor, since)
    return count.correlate(_conversations, _readings).scalar_subquery()


def _business_of(agent: Agent) -> list[ColumnElement[bool]]:
    """The same answer as `audience.may_work_on`, as conditions on rows of which one must hold."""
    if agent.role == "marketer":
        return [false()]
    if agent.role in ("lead", "admin"):
        return [true()]
    columns = _conversations.c
    departments = [columns.department == each for each in sorted(agent.departments)]
    return [columns.owner == agent.id, columns.department.is_(None), *departments]


def _beyond(border: Border) -> ColumnElement[bool]:
    columns = _conversations.c
    earlier = or_(columns.last_at < border.last_at, columns.id < border.id)
    return and_(columns.last_at <= border.last_at, earlier)  # The first half is what an index serves.


def _latest(kind: ColumnElement[bool], older: ColumnElement[bool], limit: int) -> Select[Any]:
    """The ids of the latest conversations of one kind. To find all kinds at once is to go through everybody's, of which
    hardly any may be this agent's business."""
    ids = select(_conversations.c.id).where(kind, older).order_by(*_latest_first).limit(limit)
    return select(ids.subquery().c.id)
