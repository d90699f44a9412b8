"""The final record, read from the database once everything has healed."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select

from bot.change import table_of
from bot.database import Database
from bot.epoch import NAME as EPOCH
from bot.models import ConversationRow, EventRow, JobRow, Setting
from handoff.models import AgentRow, Assignment

_jobs, _settings = table_of(JobRow), table_of(Setting)


@dataclass(frozen=True, slots=True)
class Stored:
    """One event."""

    conversation: str
    seq: int
    visitor_seq: int | None
    client_id: str | None
    actor: str
    kind: str
    body: Mapping[str, Any]
    at: datetime

    @property
    def text(self) -> str | None:
        text: str | None = self.body.get("text")
        return text

    def number_for(self, viewer: str) -> int | None:
        """Returns the event's number in the counting of this participant; None if it is not for them."""
        return self.visitor_seq if viewer.startswith("visitor:") else self.seq


@dataclass(frozen=True, slots=True)
class Record:
    """`owners`: conversation → the agent its row names; `held`: agent → how many the agent's row says; `assigned`: open
    assignments, conversation → agents."""

    conversations: Mapping[str, tuple[Stored, ...]]
    owners: Mapping[str, str | None]
    held: Mapping[str, int]
    names: Mapping[str, str]
    assigned: Mapping[str, tuple[str, ...]]
    unfinished: int = 0
    """Jobs that were due and are not done."""
    given_up: int = 0
    epoch: str = ""
    """Which record it is."""


def read_record(database: Database, *, now: datetime) -> Record:
    """Reads everything the oracle looks at."""
    events = table_of(EventRow)
    conversations, agents, assignments = table_of(ConversationRow), table_of(AgentRow), table_of(Assignment)
    stored: dict[str, list[Stored]] = defaultdict(list)
    assigned: dict[str, tuple[str, ...]] = {}
    with database.reading() as connection:
        for row in connection.execute(select(events).order_by(events.c.conversation_id, events.c.seq)).mappings():
            values = {name: row[name] for name in Stored.__slots__ if name != "conversation"}
            stored[row["conversation_id"]].append(Stored(row["conversation_id"], **values))
        owners = dict(connection.execute(select(conversations.c.id, conversations.c.owner)).all())
        people = connection.execute(select(agents.c.id, agents.c.name, agents.c.active)).all()
        standing = select(assignments.c.conversation_id, assignments.c.agent_id).where(assignments.c.ended_at.is_(None))
        for conversation, agent in connection.execute(standing):
            assigned[conversation] = (*assigned.get(conversation, ()), agent)
        unfinished = connection.scalar(_number_of(_unfinished(now)))
        given_up = connection.scalar(_number_of(_jobs.c.state == "dead"))
    return Record(
        conversations={conversation: tuple(found) for conversation, found in stored.items()},
        owners=owners,
        held={agent: active for agent, _, active in people},
        names={agent: name for agent, name, _ in people},
        assigned=assigned,
        unfinished=unfinished or 0,
        given_up=given_up or 0,
        epoch=epoch_of(database),
    )


def unfinished_jobs(database: Database, *, now: datetime) -> int:
    """Returns how many jobs were due and are not done."""
    with database.reading() as connection:
        return connection.scalar(_number_of(_unfinished(now))) or 0


def ended_jobs(database: Database) -> int:
    """Returns how many jobs are done or given up."""
    with database.reading() as connection:
        return connection.scalar(_number_of(_jobs.c.state != "waiting")) or 0


def _unfinished(now: datetime) -> ColumnElement[bool]:
    return and_(_jobs.c.state == "waiting", _jobs.c.run_at <= now)


def _number_of(which: ColumnElement[bool]) -> Select[tuple[int]]:
    return select(func.count()).select_from(_jobs).where(which)


def epoch_of(database: Database) -> str:
    """Returns which record this is; unlike `Epoch`, which may make it another one."""
    with database.reading() as connection:
        return str(connection.scalar(select(_settings.c.value).where(_settings.c.name == EPOCH)))


def heads(database: Database, actor: str) -> dict[str, int]:
    """Returns how far each conversation stands in this participant's counting."""
    column = "visitor_last_seq" if actor.startswith("visitor:") else "last_seq"
    with database.reading() as connection:
        return dict(connection.exec_driver_sql(f"SELECT id, {column} FROM conversation").all())  # type: ignore[arg-type]
