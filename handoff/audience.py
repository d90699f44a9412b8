"""Who may see what: the one answer, asked for each event and each recipient."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.conversation import Conversation
from bot.events import KINDS, Event, written
from handoff.routing import Agent


@dataclass(frozen=True, slots=True)
class VisitorEars:
    """A visitor listening to the conversation that is theirs."""

    visitor_id: str


@dataclass(frozen=True, slots=True)
class AgentEars:
    """An agent listening."""

    agent: Agent


Ears = VisitorEars | AgentEars


def may_open(conversation: Conversation, ears: Ears) -> bool:
    """Returns whether this recipient may hear of the conversation at all."""
    if isinstance(ears, VisitorEars):
        return conversation.visitor_id == ears.visitor_id
    return may_work_on(conversation, ears.agent)


def may_work_on(conversation: Conversation, agent: Agent) -> bool:
    """Returns whether the conversation is this agent's business: own, of a department of theirs, or of none."""
    if agent.role == "marketer":
        return False
    return conversation.owner == agent.id or agent.works_in(conversation.department)


def may_hear(event: Event, ears: Ears) -> bool:
    """Returns whether this recipient, who may open the conversation, may see the event."""
    return isinstance(ears, AgentEars) or event.visitor_seq is not None


def as_heard(event: Event, ears: Ears) -> dict[str, Any]:
    """Returns the event as this recipient sees it, ready for the wire; ask `may_hear` first."""
    if isinstance(ears, AgentEars):
        heard = _wire(event, event.seq, dict(event.body))
        return {**heard, "visitor_seq": event.visitor_seq, "actor": event.actor}
    allowed = KINDS[event.kind].visitor or frozenset()
    body = {name: value for name, value in event.body.items() if name in allowed}
    return _wire(event, event.visitor_seq or 0, body)


def _wire(event: Event, number: int, body: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "seq": number,
        "at": written(event.at),
        "kind": event.kind,
        "from": {"role": event.role, "name": event.body.get("name")},
        "client_id": event.client_id,
        "body": body,
    }
