"""The tables of everything a conversation is made of.

Rows that several hands may change carry a revision: a conversation's is `last_seq`, because nothing about a
conversation changes without an event; the others have a column of that name. `bot/change.py` guards on it.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, ForeignKey, Index, Integer, String, Text, TypeDecorator, text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

ID_LENGTH = 32
LAST_SEQ = 2**31 - 1
"""No event has a higher number: no database finds room for one."""


class Instant(TypeDecorator[datetime]):
    """A moment in UTC, aware on the Python side whatever the database keeps."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """Parent of every table; `metadata` names constraints so that they can be changed later."""

    type_annotation_map = {datetime: Instant, dict[str, Any]: JSON, list[str]: JSON}  # noqa: RUF012


Base.metadata.naming_convention = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


def identity() -> Mapped[str]:
    """An unguessable id, made by us before the row exists (`bot/ids.py`)."""
    return mapped_column(String(ID_LENGTH), primary_key=True)


class Contact(Base):
    """What we know of the person behind visitors."""

    __tablename__ = "contact"
    id: Mapped[str] = identity()
    created_at: Mapped[datetime]
    attributes: Mapped[dict[str, Any]]
    """Attribute → {value, from: {conversation, flow, step}, at}."""
    revision: Mapped[int] = mapped_column(default=1)


class Visitor(Base):
    """A browser we have seen; may be unknown."""

    __tablename__ = "visitor"
    id: Mapped[str] = identity()
    contact_id: Mapped[str | None] = mapped_column(ForeignKey("contact.id"))
    first_seen_at: Mapped[datetime]
    rules: Mapped[list[str]]
    """Ids of the rules that act once for a visitor, and have."""
    revision: Mapped[int] = mapped_column(default=1)
    __table_args__ = (Index("ix_visitor_contact", "contact_id", sqlite_where=text("contact_id IS NOT NULL")),)


class Visit(Base):
    """One stay on the site; ends after 30 quiet minutes."""

    __tablename__ = "visit"
    id: Mapped[str] = identity()
    visitor_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    started_at: Mapped[datetime]
    context: Mapped[dict[str, Any]]
    """Facts that hold for the whole visit: device, language, landing_page, referrer, utm, visits."""
    revision: Mapped[int] = mapped_column(default=1)
    __table_args__ = (Index("ix_visit_visitor", "visitor_id", "started_at"),)


class PageView(Base):
    """One page seen in a visit."""

    __tablename__ = "page_view"
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    visit_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    visitor_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    path: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    __table_args__ = (Index("ix_page_view_visitor", "visitor_id", "at"), Index("ix_page_view_visit", "visit_id", "at"))


class Impression(Base):
    """A trigger's message: reserved for a visitor, then seen, answered or dismissed."""

    __tablename__ = "impression"
    id: Mapped[str] = identity()
    visitor_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    visit_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    trigger_id: Mapped[str] = mapped_column(Text)
    site_version: Mapped[str] = mapped_column(Text)
    page: Mapped[str] = mapped_column(Text)
    said: Mapped[dict[str, Any]]
    """What was shown: {text, buttons: [{label, value}]}."""
    why: Mapped[dict[str, Any]]
    """Reasons of the decision, as `rules.conditions.reasons` gives them."""
    reserved_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    dismissed_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    conversation_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    revision: Mapped[int] = mapped_column(default=1)
    __table_args__ = (Index("ix_impression_visitor", "visitor_id", "reserved_at"),)


class ConversationRow(Base):
    """The state of a conversation after its last event."""

    __tablename__ = "conversation"
    id: Mapped[str] = identity()
    visitor_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    visit_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    contact_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    created_at: Mapped[datetime]
    last_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    open: Mapped[bool]
    last_seq: Mapped[int] = mapped_column(info={"revision": True})
    visitor_last_seq: Mapped[int]
    language: Mapped[str] = mapped_column(String(16))
    context: Mapped[dict[str, Any]]
    """Facts of the page the visitor is on, as last told."""
    holder: Mapped[str] = mapped_column(String(8))
    department: Mapped[str | None] = mapped_column(Text)
    owner: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    owner_seq: Mapped[int | None]
    priority: Mapped[int]
    queued_at: Mapped[datetime | None]
    offered_to: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    offer_seq: Mapped[int | None]
    asked: Mapped[list[str]]
    left: Mapped[bool]
    """A message was left because nobody could answer, or who was to answer vanished: somebody has to write back."""
    waiting_since: Mapped[datetime | None]
    """When the oldest message of the visitor that no person has answered was written."""
    last_message: Mapped[dict[str, Any]]
    """{text, from, at} of the last message, for lists, and `by`, the agent who wrote it; `said`, {text, seq}, is the
    visitor's last."""
    misunderstood: Mapped[int]
    """Messages in a row that no flow had an answer to."""
    tags: Mapped[list[str]]
    """In the order they were given."""
    rules: Mapped[list[str]]
    """Ids of the rules that have acted in it."""
    cursor: Mapped[str] = mapped_column(Text)
    """A `flows.cursor.Cursor` as JSON."""
    __table_args__ = (
        # Two tabs cannot make two conversations. (What PostgreSQL is told of its indexes stands in `upgrades/`: named
        # here, it would load that database's dialect at every start on the other one.)
        Index(
            "uq_conversation_open",
            "visitor_id",
            unique=True,
            sqlite_where=text("open"),
        ),
        # Bounded, however much has been closed; and no turn of the bot touches them. Their first column is the same in
        # all their rows: without statistics SQLite takes the index of which a query names the most columns.
        Index(
            "ix_conversation_waiting",
            "open",
            "department",
            "queued_at",
            sqlite_where=text("open = 1 AND (holder = 'queue' OR \"left\" = 1)"),
        ),
        Index("ix_conversation_held", "holder", "owner", sqlite_where=text("holder = 'agent'")),
        # Pages of everything: the latest of an agent's own, of a department, of all.
        Index("ix_conversation_owner", "owner", "last_at", sqlite_where=text("owner IS NOT NULL")),
        Index("ix_conversation_department", "department", "last_at"),
        Index("ix_conversation_last", "last_at"),
        Index("ix_conversation_visitor", "visitor_id", "created_at"),
    )


class EventRow(Base):
    """One thing that happened in a conversation; never changed. Kinds and their bodies: `bot/events.py`."""

    __tablename__ = "event"
    conversation_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    visitor_seq: Mapped[int | None]
    client_id: Mapped[str | None] = mapped_column(String(64))
    actor: Mapped[str] = mapped_column(String(48))
    kind: Mapped[str] = mapped_column(String(24))
    body: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    __table_args__ = (
        # One typed message is one stored message, whatever is resent. What the bot says has no such id: each index here
        # costs every turn a page of the log for every event in it.
        Index(
            "uq_event_client",
            "client_id",
            "actor",
            unique=True,
            sqlite_where=text("client_id IS NOT NULL"),
        ),
    )


class JobRow(Base):
    """What must happen later or outside; committed with its cause, taken by the poller (`bot/jobs.py`)."""

    __tablename__ = "job"
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    key: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[str] = mapped_column(String(32))
    conversation_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    payload: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(8))
    """waiting, done or dead."""
    run_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    """Until when whoever has taken it is believed to be at it, or when it may be tried again."""
    taken_by: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    """Which poller is at it (`bot/leases.py`)."""
    attempts: Mapped[int]
    created_at: Mapped[datetime]
    target: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    """Whom it goes to, outside. What one target hears of one conversation it hears in order (`bot/calls.py`)."""
    outcome: Mapped[str | None] = mapped_column(Text)
    """What came of the last try, in a word or two."""
    done_at: Mapped[datetime | None]
    """When it was done, or given up."""
    __table_args__ = (
        Index("ix_job_due", "state", "kind", "run_at"),
        Index(
            "ix_job_in_order",
            "target",
            "conversation_id",
            "id",
            sqlite_where=text("target IS NOT NULL AND state = 'waiting'"),
        ),
        Index(
            "ix_job_target",
            "target",
            "id",
            sqlite_where=text("target IS NOT NULL"),
        ),
        Index("ix_job_over", "state", "done_at", sqlite_where=text("done_at IS NOT NULL")),
    )


class Reading(Base):
    """How far a participant has been shown, and has read, a conversation."""

    __tablename__ = "reading"
    participant: Mapped[str] = mapped_column(String(48), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    read_seq: Mapped[int]


class Bundle(Base):
    """The files of one version of the site, kept as long as somebody may need them (`bot/bundles.py`)."""

    __tablename__ = "bundle"
    version: Mapped[str] = mapped_column(String(64), primary_key=True)
    files: Mapped[dict[str, Any]]
    flows: Mapped[dict[str, Any]]
    """Flow id → the flow's own version, so that a cursor finds the files it was compiled from."""
    stored_at: Mapped[datetime]
    """When it was stored, or deployed again."""


class DeploymentRow(Base):
    """A switch of the content; the newest says which version is current (`bot/deployments.py`)."""

    __tablename__ = "deployment"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """One more than the newest: of two who switch at once, one is refused."""
    version: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Text)
    """The user of the computer who did it, or `serve`."""
    why: Mapped[str] = mapped_column(String(16))
    """saved, deployed or rolled back."""
    source: Mapped[str] = mapped_column(Text)
    """The folder it was taken from; empty when it was in the database already."""


class Setting(Base):
    """Facts about the installation itself, such as the epoch of its record."""

    __tablename__ = "setting"
    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
