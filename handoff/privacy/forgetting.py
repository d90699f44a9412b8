"""Deleting conversations and visitors from every table at once; numbers stay, without saying whose they were."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, case, delete, select, update

from bot.change import table_of
from bot.ids import NewId
from bot.models import Contact, ConversationRow, EventRow, Impression, JobRow, PageView, Reading, Visit, Visitor
from handoff.models import AgentRow, Assignment
from handoff.privacy.acts import say_whose_no_more
from handoff.privacy.people import slices

TOUCHED = tuple(
    table_of(each)
    for each in (Contact, Visitor, Visit, PageView, Impression, ConversationRow, EventRow, JobRow, Reading, Assignment)
)

_contacts = table_of(Contact)
_visitors = table_of(Visitor)
_visits = table_of(Visit)
_page_views = table_of(PageView)
_impressions = table_of(Impression)
_conversations = table_of(ConversationRow)
_events = table_of(EventRow)
_jobs = table_of(JobRow)
_readings = table_of(Reading)
_agents = table_of(AgentRow)
_assignments = table_of(Assignment)


def forget_conversations(
    connection: Connection, conversations: Collection[str], *, now: datetime, new_id: NewId
) -> Counter[str]:
    """Deletes conversations with all that was said, planned and read in them, and returns how much that was.

    Whoever holds one of them has room again. A verb that is being computed on one finds its row gone, and is refused.
    """
    gone: Counter[str] = Counter()
    for some in slices(conversations):
        # One that began a moment ago is not locked yet, and what is just being said in it would outlive it.
        connection.execute(select(_conversations.c.id).where(_conversations.c.id.in_(some)).with_for_update())
        _release_agents(connection, some)
        _end_assignments(connection, some, now=now, new_id=new_id)
        gone["messages"] += _messages(connection, some)
        gone["events"] += connection.execute(delete(_events).where(_events.c.conversation_id.in_(some))).rowcount
        gone["jobs"] += connection.execute(delete(_jobs).where(_jobs.c.conversation_id.in_(some))).rowcount
        connection.execute(
            delete(_readings).where(_readers_of(connection, some), _readings.c.conversation_id.in_(some))
        )
        gone["conversations"] += connection.execute(
            delete(_conversations).where(_conversations.c.id.in_(some))
        ).rowcount
    return gone


def forget_visitors(connection: Connection, visitors: Collection[str], contacts: Collection[str]) -> Counter[str]:
    """Deletes where visitors were and what they were shown, then the visitors and contacts themselves.

    What was done with their records does not say any more whose they were.
    """
    gone: Counter[str] = Counter()
    for some in slices(visitors):
        for table in (_page_views, _visits, _impressions):
            gone[f"{table.name}s"] += connection.execute(delete(table).where(table.c.visitor_id.in_(some))).rowcount
        gone["visitors"] += connection.execute(delete(_visitors).where(_visitors.c.id.in_(some))).rowcount
    for some in slices(contacts):
        gone["contacts"] += connection.execute(delete(_contacts).where(_contacts.c.id.in_(some))).rowcount
    say_whose_no_more(connection, visitors)
    return gone


def forget_known(connection: Connection, visitors: Collection[str]) -> Counter[str]:
    """Deletes visitors, and the contacts behind whom nobody else stands; where they were stays for its own time."""
    gone: Counter[str] = Counter()
    for some in slices(visitors):
        mine = select(_visitors.c.contact_id).where(_visitors.c.id.in_(some), _visitors.c.contact_id.is_not(None))
        contacts = set(connection.scalars(mine))
        gone["visitors"] += connection.execute(delete(_visitors).where(_visitors.c.id.in_(some))).rowcount
        shared = set(connection.scalars(select(_visitors.c.contact_id).where(_visitors.c.contact_id.in_(contacts))))
        only = _contacts.c.id.in_(contacts - shared)
        gone["contacts"] += connection.execute(delete(_contacts).where(only)).rowcount
    return gone


def _readers_of(connection: Connection, conversations: Sequence[str]) -> ColumnElement[bool]:
    """Who may have read them: named, the marks are found by their key."""
    visitors = connection.scalars(select(_conversations.c.visitor_id).where(_conversations.c.id.in_(conversations)))
    agents = connection.scalars(select(_agents.c.id))
    names = {*(f"agent:{each}" for each in agents)}
    for visitor in visitors:
        names |= {f"{line}:{visitor}" for line in ("visitor", "socketio")}
    return _readings.c.participant.in_(names)


def _release_agents(connection: Connection, conversations: Sequence[str]) -> None:
    # Locked in the order in which verbs lock them: first the conversation, then the agent.
    held = _conversations.c.open & (_conversations.c.holder == "agent") & _conversations.c.id.in_(conversations)
    rows = connection.execute(select(_conversations.c.id, _conversations.c.owner).where(held).with_for_update())
    for agent, count in Counter(row.owner for row in rows if row.owner).items():
        left = case((_agents.c.active > count, _agents.c.active - count), else_=0)
        values = {"active": left, "revision": _agents.c.revision + 1}
        connection.execute(update(_agents).where(_agents.c.id == agent).values(values))


def _end_assignments(connection: Connection, conversations: Sequence[str], *, now: datetime, new_id: NewId) -> None:
    """Lets assignments say who held something from when to when, and no more what it was."""
    accepted = (_events.c.kind == "accepted") & _events.c.conversation_id.in_(conversations)
    for conversation, seq in connection.execute(select(_events.c.conversation_id, _events.c.seq).where(accepted)).all():
        mine = _assignments.c.id == f"{conversation}:{seq}"
        values = {"id": new_id(), "conversation_id": "", "revision": _assignments.c.revision + 1}
        connection.execute(update(_assignments).where(mine).values(values))
        ended = (_assignments.c.id == values["id"]) & _assignments.c.ended_at.is_(None)
        connection.execute(update(_assignments).where(ended).values(ended_at=now, ended_by="erased"))


def _messages(connection: Connection, conversations: Sequence[str]) -> int:
    said = (_events.c.kind == "message") & _events.c.conversation_id.in_(conversations)
    return len(connection.execute(select(_events.c.seq).where(said)).all())
