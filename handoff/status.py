"""Where a conversation stands, as its visitor may hear it."""

from datetime import datetime
from typing import Any

from bot.conversation import Conversation
from bot.events import written
from bot.site.site import Site
from handoff.agents import Agents
from handoff.queue import Queue
from rules.hours import OpeningHours


def status_of(
    conversation: Conversation, *, site: Site, agents: Agents, queue: Queue, now: datetime, agent_read: int = 0
) -> dict[str, Any]:
    """Returns what the widget's header and queue line say; numbers are the visitor's."""
    department = site.departments.get(conversation.department or "")
    agent = agents.get(conversation.owner) if conversation.owner else None
    return {
        "id": conversation.id,
        "last": conversation.visitor_last_seq,
        "open": conversation.open,
        "holder": conversation.holder,
        "agent": agent.name if agent else None,
        "department": department.title_in(conversation.language) if department else None,
        "place": queue.place_of(conversation),
        "left": conversation.left,
        "opens": _opens(conversation, department.opening_hours if department else site.opening_hours, now),
        "agent_read": agent_read,
    }


def _opens(conversation: Conversation, hours: OpeningHours, now: datetime) -> str | None:
    """Returns when somebody is back; None while it is open, somebody is here, or nobody ever is.

    A moment and no words: only the visitor's browser knows what time that is where they are.
    """
    if conversation.holder in ("queue", "agent") or hours.is_open(now):
        return None
    opens = hours.next_opening(now)
    return written(opens) if opens else None
