"""Where a conversation stands, in the words a visitor may hear."""

from typing import Any

from bot.conversation import Conversation
from bot.site.site import Site
from handoff.agents import Agents
from handoff.queue import Queue


def status_of(
    conversation: Conversation, *, site: Site, agents: Agents, queue: Queue, agent_read: int = 0
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
        "agent_read": agent_read,
    }
