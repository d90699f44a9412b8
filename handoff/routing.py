"""Which agent to offer a conversation to: least busy, then longest idle."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent as routing sees one."""

    id: str
    name: str
    role: str
    intent: str
    connected: bool
    active: int
    """How many conversations the agent holds …"""
    offered: int
    """… and is being asked to take."""
    capacity: int
    departments: frozenset[str]
    last_accepted_at: datetime | None
    revision: int

    @property
    def is_here(self) -> bool:
        """Returns whether the agent both means to be here and has a panel open."""
        return self.connected and self.intent == "online"

    @property
    def is_available(self) -> bool:
        """Returns whether the agent is here and has room for one more conversation."""
        return self.is_here and self.active < self.capacity

    @property
    def may_be_asked(self) -> bool:
        """Returns whether there would be room for one more, were all taken that the agent is being asked to take."""
        return self.is_here and self.active + self.offered < self.capacity

    def works_in(self, department: str | None) -> bool:
        """Returns whether conversations of this department are the agent's business."""
        return department is None or department in self.departments or self.role in ("lead", "admin")


class Staff(Protocol):
    """Everybody who may be asked to take a conversation."""

    def all(self) -> list[Agent]:
        """Returns every agent as of now."""

    def get(self, agent_id: str) -> Agent | None:
        """Returns one agent, or None."""

    def may_still_take(self, agent_id: str, department: str | None) -> bool:
        """Returns whether an agent who was asked to take a conversation of this department can do so."""


def here_in(department: str | None, agents: Iterable[Agent]) -> list[Agent]:
    """Returns the members of a department who are here, free or not."""
    return [agent for agent in agents if agent.is_here and _is_member(agent, department)]


def available_in(department: str | None, agents: Iterable[Agent]) -> list[Agent]:
    """Returns the members of a department who could take one more now."""
    return [agent for agent in here_in(department, agents) if agent.is_available]


def next_for(department: str | None, agents: Iterable[Agent], *, asked: Collection[str]) -> Agent | None:
    """Returns the agent to offer the next conversation to, or None when everybody free has been asked."""
    free = [agent for agent in here_in(department, agents) if agent.may_be_asked and agent.id not in asked]
    return min(free, key=_order, default=None)


def _is_member(agent: Agent, department: str | None) -> bool:
    return department is None or department in agent.departments


def _order(agent: Agent) -> tuple[int, datetime, str]:
    return agent.active + agent.offered, agent.last_accepted_at or NEVER, agent.id
