"""Where a conversation stands, in the words a visitor may hear."""

from datetime import datetime
from typing import Any

from bot.conversation import Conversation
from bot.site.site import Site
from handoff.agents import Agents
from handoff.queue import Queue
from rules.hours import OpeningHours
from rules.templates import parse_template

_WHEN = parse_template('{{ opens | date: "weekday time" }}')


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
        "opens": _opens(conversation, department.opening_hours if department else site.opening_hours, site, now),
        "agent_read": agent_read,
    }


def _opens(conversation: Conversation, hours: OpeningHours, site: Site, now: datetime) -> str | None:
    """Returns when somebody is back, as people say it; None while it is open, somebody is here, or nobody ever is."""
    if conversation.holder in ("queue", "agent") or hours.is_open(now):
        return None
    opens = hours.next_opening(now)
    return _WHEN.render({"opens": opens}, conversation.language, timezone=site.zone) if opens else None
