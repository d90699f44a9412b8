"""Agents, the departments they work in, and when they were there; whose record is held, and what was done with it."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.models import ID_LENGTH, Base, identity


class AgentRow(Base):
    """A person of ours who answers."""

    __tablename__ = "agent"
    id: Mapped[str] = identity()
    name: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(String(12))
    """agent, lead, marketer or admin."""
    intent: Mapped[str] = mapped_column(String(10), default="online")
    """online, away, draining or offline: what the agent says; which panels are open stands in `panel`."""
    active: Mapped[int] = mapped_column(default=0)
    """How many conversations the agent holds; accepting guards on it through `revision`."""
    last_accepted_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    revision: Mapped[int] = mapped_column(default=1)


class Membership(Base):
    """An agent works in a department (the department itself is content)."""

    __tablename__ = "membership"
    agent_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("agent.id"), primary_key=True)
    department: Mapped[str] = mapped_column(Text, primary_key=True)


class Panel(Base):
    """The panels an agent has open at one worker; who is heard of nowhere any more is not there."""

    __tablename__ = "panel"
    agent_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    worker: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    open: Mapped[int]
    """How many; one that speaks by requests is open as long as it does."""
    heard_at: Mapped[datetime]


class PresenceChange(Base):
    """Presence as it changed: the record behind utilisation and availability."""

    __tablename__ = "presence_change"
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    agent_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    at: Mapped[datetime]
    intent: Mapped[str] = mapped_column(String(10))
    connected: Mapped[bool]
    __table_args__ = (Index("ix_presence_agent", "agent_id", "at"),)


class Assignment(Base):
    """Who held a conversation, from when to when: a projection of accepted, returned, requeued and closed."""

    __tablename__ = "assignment"
    id: Mapped[str] = mapped_column(String(ID_LENGTH + 12), primary_key=True)
    """The conversation's id and the number of the accept, which is also the agent's right to write."""
    conversation_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    agent_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(12))
    revision: Mapped[int] = mapped_column(default=1)
    __table_args__ = (Index("ix_assignment_agent", "agent_id", "began_at"),)


class Hold(Base):
    """A visitor whose record must stay: it is neither erased nor deleted for its age."""

    __tablename__ = "hold"
    visitor_id: Mapped[str] = identity()
    because: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime]
    by: Mapped[str] = mapped_column(Text)


class PrivacyAct(Base):
    """Something done with the record of a person or an agent's account, and who did it. It outlives the record, then
    without saying whose."""

    __tablename__ = "privacy_act"
    id: Mapped[str] = identity()
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(12))
    """exported, erased, held or released; agent_add, agent_change, agent_close, agent_open or new_password."""
    by: Mapped[str] = mapped_column(Text)
    """agent:<id>, or shell:<name of the computer's user>."""
    visitor_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    """Whose record it is, as long as it is there."""
    counts: Mapped[dict[str, Any]]
    """What of it there was: {conversations, …}. Of an account whose it is, and what was set: {agent, role, …}."""
