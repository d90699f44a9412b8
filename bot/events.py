"""The closed table of what can happen in a conversation: each kind, its body, and who may hear of it.

Every number, transcript, brief and explanation is read from these events, so a kind is added here or nowhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of event. `visitor` names the fields of the body a visitor may see; None: never told to visitors."""

    name: str
    meaning: str
    required: frozenset[str]
    allowed: frozenset[str]
    """The required ones, and those that may be missing."""
    visitor: frozenset[str] | None


def _kind(name: str, meaning: str, required: str = "", optional: str = "", visitor: str | None = None) -> Kind:
    return Kind(
        name,
        meaning,
        frozenset(required.split()),
        frozenset((*required.split(), *optional.split())),
        None if visitor is None else frozenset(visitor.split()),
    )


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        _kind(
            "started", "the visitor acted for the first time", "page", "title impression trigger why language channel"
        ),
        _kind(
            "message",
            "something was said",
            "text",
            "options step flow rule asks form button name trigger image attachment custom silent",
            visitor="text options step asks form name image attachment custom",
        ),
        _kind("note", "said among agents, or noted by the bot for them", "text name", "step flow rule"),
        _kind("turn", "the bot took a turn: its steps, guards, slots, timers", "trace", "slots misunderstood timers"),
        _kind("misunderstood", "nothing took what the visitor wrote", "text", "trace"),
        _kind("rule_applied", "a rule acted on a message", "rule did why", "file line say"),
        _kind("tagged", "the conversation got tags", "tags", "step flow rule"),
        _kind("consented", "yes or no was said to what was shown", "slot value shown language", "step flow"),
        _kind("action_called", "a custom action was called", "action", "flow step"),
        _kind(
            "action_returned", "a custom action came to an end, or to nothing", "action outcome", "flow step reminders"
        ),
        _kind("reminded", "the time of a reminder had come, and its flow began", "reminder flow"),
        _kind("page_viewed", "the visitor went to another page", "path title"),
        _kind("contact_changed", "an answer was saved to the contact", "attribute value", "flow step"),
        _kind(
            "agent_requested",
            "a person is wanted",
            "department reason",
            "title note priority step flow",
            visitor="title",
        ),
        _kind("agent_missing", "a person was wanted, and nobody could be asked", "department reason why", "step flow"),
        _kind("offered", "proposed to an agent", "agent name until"),
        _kind("offer_over", "the agent declined, did not answer in time, or can take nothing more", "agent name why"),
        _kind("accepted", "an agent took it", "agent name department", "left", visitor="name"),
        _kind("waited_long", "nobody came in the time promised", "department"),
        _kind("returned", "it was given back to the bot", "", "agent name", visitor="name"),
        _kind("requeued", "it waits again, or is a message again", "department why", "agent name left", visitor=""),
        _kind("message_left", "a message was left to be answered later", "department email", "text", visitor="email"),
        _kind("closed", "the conversation ended", "by", "name", visitor="by name"),
    )
}


class Event(NamedTuple):
    """One recorded thing. `visitor_seq` is its number among those the visitor may see, None when hidden."""

    conversation_id: str
    seq: int
    visitor_seq: int | None
    client_id: str | None
    actor: str
    kind: str
    body: Mapping[str, Any]
    at: datetime

    @property
    def role(self) -> str:
        """Returns who did it: visitor, bot, agent or system."""
        return self.actor.partition(":")[0]


@lru_cache(maxsize=1024)
def written(moment: datetime) -> str:
    """Returns a moment as it stands in bodies and frames; all of a turn happens at one."""
    return moment.isoformat()


def check_body(kind: Kind, body: Mapping[str, Any]) -> None:
    """Raises ValueError when a body is not of its kind: a mistake of ours, never of a person."""
    if not kind.required <= body.keys() <= kind.allowed:
        raise ValueError(f"a '{kind.name}' event cannot have the body {sorted(body)}")
