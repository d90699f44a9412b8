"""The agents of this installation, as rows and as routing sees them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from bot.change import Guard, table_of
from bot.database import Database
from bot.ids import new_id
from bot.models import ConversationRow
from bot.site.departments import MAX_CHATS
from bot.versions import SiteVersions
from handoff.models import AgentRow, Membership
from handoff.presence import Connections
from handoff.queue import QUEUED
from handoff.routing import Agent, available_in, here_in

FRESH_FOR = timedelta(seconds=2)
"""How long a look at the rows serves; `parlour agent add` and other workers write beside us."""

_agents = table_of(AgentRow)
_memberships = table_of(Membership)
_offered_to = table_of(ConversationRow).c.offered_to
_NAMED = select(_agents.c.id, _agents.c.name, _agents.c.role)
_OFFERS = select(_offered_to, table_of(ConversationRow).c.id).where(QUEUED, _offered_to.is_not(None))
_NOBODY_ASKED = nullcontext()


@dataclass(frozen=True, slots=True)
class Named:
    """What an agent is called and may do: as much as an account needs of its agent."""

    id: str
    name: str
    role: str


class Agents:
    """Knows every agent; answers the bot's questions about staffing."""

    def __init__(
        self, database: Database, sites: SiteVersions, connections: Connections, *, now: Callable[[], datetime]
    ):
        self._database = database
        self._sites = sites
        self._connections = connections
        self._now = now
        self._rows: list[dict[str, object]] = []
        self._read_at: datetime | None = None
        self._times_forgotten = 0
        self._being_written: dict[str, str] = {}
        """Conversation → whom it is being offered to."""

    def all(self) -> list[Agent]:
        """Returns every agent as of now."""
        return [self._agent(row) for row in self._look()]

    def get(self, agent_id: str) -> Agent | None:
        """Returns one agent, or None; who is not known yet may have come since the last look."""
        found = self._among_all(agent_id)
        if found is None and agent_id:
            self.forget()
            found = self._among_all(agent_id)
        return found

    def forget(self) -> None:
        """Makes the next question read the rows again."""
        self._read_at = None
        self._times_forgotten += 1

    def asking(self, agent_id: str | None, conversation_id: str) -> AbstractContextManager[None]:
        """Counts an offer among the agent's while it is being written: whoever else needs somebody sees it by then."""
        return _NOBODY_ASKED if agent_id is None else self._asking(agent_id, conversation_id)

    @contextmanager
    def _asking(self, agent_id: str, conversation_id: str) -> Iterator[None]:
        self._being_written[conversation_id] = agent_id
        try:
            yield
        finally:
            del self._being_written[conversation_id]

    def look_again(self) -> None:
        """Reads the rows, and who is at other workers."""
        self.forget()
        self.all()

    def agents_online(self, department: str | None) -> int:
        """Returns how many members are here, free or not."""
        return len(here_in(department, self.all()))

    def agents_available(self, department: str | None) -> int:
        """Returns how many members could take one more conversation now."""
        return len(available_in(department, self.all()))

    def names_available(self, department: str | None) -> list[str]:
        """Returns the names of those who could."""
        return [agent.name for agent in available_in(department, self.all())]

    def may_still_take(self, agent_id: str, department: str | None) -> bool:
        """Returns whether an agent who was asked to take a conversation of this department can do so."""
        agent = self.get(agent_id)
        if agent is None or agent.intent != "online" or not self._connections.may_come_back(agent_id):
            return False
        return agent.active < agent.capacity and agent.works_in(department)

    def _among_all(self, agent_id: str) -> Agent | None:
        return next((self._agent(row) for row in self._look() if row["id"] == agent_id), None)

    def _look(self) -> list[dict[str, object]]:
        now = self._now()
        if self._read_at is None or not timedelta() <= now - self._read_at < FRESH_FOR:
            forgotten = self._times_forgotten
            self._rows = self._read()
            self._read_at = now if forgotten == self._times_forgotten else None  # They may have changed meanwhile.
        return self._rows

    def _read(self) -> list[dict[str, object]]:
        with self._database.reading() as connection:
            agents = connection.execute(select(_agents)).mappings().all()
            departments = departments_by_agent(connection)
            offered = _grouped(connection.execute(_OFFERS))
            self._connections.look(connection)
        return [
            {
                **row,
                "departments": departments.get(row["id"], frozenset()),
                "offered": offered.get(row["id"], frozenset()),
            }
            for row in agents
        ]

    def _agent(self, row: dict[str, object]) -> Agent:
        values = {
            name: row[name] for name in ("id", "name", "role", "intent", "active", "last_accepted_at", "revision")
        }
        departments: frozenset[str] = row["departments"]  # type: ignore[assignment]
        offered: frozenset[str] = row["offered"]  # type: ignore[assignment]
        return Agent(
            **values,  # type: ignore[arg-type]
            offered=len(offered.union(self._being_offered(row["id"]))),
            departments=departments,
            capacity=self._capacity(departments),
            connected=self._connections.is_connected(str(row["id"])),
        )

    def _being_offered(self, agent_id: object) -> Iterator[str]:
        return (conversation for conversation, asked in self._being_written.copy().items() if asked == agent_id)

    def _capacity(self, departments: Collection[str]) -> int:
        known = self._sites.current.departments
        return max((known[each].max_chats for each in departments if each in known), default=MAX_CHATS)


def changed(agent: Agent, **values: object) -> Guard:
    """Returns the guard by which an agent's row changes only if it is still as it was read."""
    return Guard(AgentRow, agent.id, agent.revision, {**values, "revision": agent.revision + 1})


def add(connection: Connection, *, name: str, role: str, departments: Collection[str], at: datetime) -> str:
    """Inserts an agent and returns the id."""
    agent_id = new_id()
    row = {"id": agent_id, "name": name, "role": role, "created_at": at, "last_accepted_at": None}
    connection.execute(insert(_agents).values(**row, intent="online", active=0, revision=1))
    join(connection, agent_id, departments)
    return agent_id


def change(
    connection: Connection, agent_id: str, *, name: str, role: str, departments: Collection[str] | None = None
) -> None:
    """Changes what an agent is called and may do, and with `departments` where the agent works."""
    row = update(_agents).where(_agents.c.id == agent_id)
    connection.execute(row.values(name=name, role=role, revision=_agents.c.revision + 1))
    if departments is not None:
        join(connection, agent_id, departments)


def named(connection: Connection, agent_id: str, *, to_change: bool = False) -> Named:
    """Returns an agent who is known to be there; with `to_change` nobody else changes the agent meanwhile."""
    query = _NAMED.where(_agents.c.id == agent_id)
    return Named(*connection.execute(query.with_for_update() if to_change else query).one())


def all_named(connection: Connection) -> Mapping[str, Named]:
    """Returns id → every agent."""
    return {row.id: Named(*row) for row in connection.execute(_NAMED)}


def with_role(connection: Connection, role: str) -> list[str]:
    """Returns the agents of a role."""
    return list(connection.scalars(select(_agents.c.id).where(_agents.c.role == role)))


def departments_by_agent(connection: Connection) -> Mapping[str, frozenset[str]]:
    """Returns agent → the departments they work in; without those who work in none."""
    return _grouped(connection.execute(select(_memberships)))


def join(connection: Connection, agent_id: str, departments: Collection[str]) -> None:
    """Makes these the departments the agent works in."""
    connection.execute(delete(_memberships).where(_memberships.c.agent_id == agent_id))
    for department in sorted(set(departments)):
        connection.execute(insert(_memberships).values(agent_id=agent_id, department=department))


def _grouped(rows: Iterable[Any]) -> dict[str, frozenset[str]]:
    """Returns agent → what stands beside them in any of the rows."""
    groups: dict[str, set[str]] = {}
    for agent_id, each in rows:
        groups.setdefault(agent_id, set()).add(each)
    return {agent_id: frozenset(group) for agent_id, group in groups.items()}
