"""Fills a database with conversations: one of each sort is held at the desk, then the database copies it by itself.

So what is stored is in every column what the product writes; a copy has ids, an agent and a moment of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    MetaData,
    String,
    Table,
    case,
    delete,
    event,
    func,
    insert,
    literal,
    select,
    true,
)

from bot.change import table_of
from bot.conversation import Conversation
from bot.database import Database
from bot.ids import new_id
from bot.models import Base, Contact, ConversationRow, EventRow, Instant, JobRow, PageView, Reading, Visit, Visitor
from handoff import agents
from handoff.desk import Said
from handoff.models import Assignment
from web.app import create_app
from web.parts import Options, Parlour

SITE = """
site: {name: Stored, languages: [en]}
opening_hours: {default: {every day: 00:00-24:00}}
departments:
  sales: {title: Sales, max_chats: 100}
  support: {title: Support, max_chats: 100}
conversation: {start: whom}
flows:
  whom:
    steps:
      - {collect: email, ask: Your e-mail address?}
      - branch:
          - {when: {email: sales@stored.example}, then: sales}
          - {when: {email: support@stored.example}, then: support}
          - {else: nobody}
      - {id: sales, handoff: sales}
      - {end: true}
      - {id: support, handoff: support}
      - {end: true}
      - {id: nobody, say: Thank you.}
"""
BEGAN = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
AGENTS = 20
"""In each department, called by it and a number: "sales 0"."""
LEAD = "lead@stored.example"
"""Who sees all, and can sign in."""
APART = timedelta(seconds=30)
AT_ONCE = 50_000
"""Copies made by one statement."""


@dataclass(frozen=True, slots=True)
class Sort:
    """Conversations that went alike: what they were about and how far they came."""

    topic: str
    until: str
    of_a_thousand: int = 0
    """Closed ones grow with history: so many of a thousand stored."""
    open: int = 0
    """Open ones do not: so many, whatever else is stored."""


SORTS = (
    Sort("nothing", "closed", of_a_thousand=400),
    Sort("sales", "closed", of_a_thousand=350),
    Sort("support", "closed", of_a_thousand=250),
    Sort("sales", "accepted", open=200),
    Sort("support", "accepted", open=100),
    Sort("sales", "queued", open=30),
    Sort("support", "queued", open=20),
)

_conversations = table_of(ConversationRow)
_FOUND_BY: dict[type[Base], str] = {
    Contact: "id",
    Visitor: "id",
    Visit: "visitor_id",
    PageView: "visitor_id",
    ConversationRow: "id",
    EventRow: "conversation_id",
    JobRow: "conversation_id",
    Assignment: "conversation_id",
    Reading: "conversation_id",
}
"""Every table that grows with conversations, and the column by which the rows of one are found."""

_copies = Table(
    "copy",
    MetaData(),
    Column("key", String(16), primary_key=True),
    Column("at", Instant),
    Column("agent_id", String(32)),
    prefixes=["TEMPORARY"],
)


def fill(folder: Path, address: str, conversations: int) -> None:
    """Makes a new database at the address, with so many conversations that are closed and those that are open."""
    (folder / "site.yaml").write_text(SITE)
    database = Database(address)
    database.migrate()
    clock = _Clock()
    parlour: Parlour = create_app(Options(folder, folder, address), now=clock).extensions["parlour"]
    parlour.accounts.add(email=LEAD, name=LEAD, departments=[], role="lead", password="ten thousand teas")
    staff = {department: _hire(parlour, department) for department in ("sales", "support")}
    held = {sort: _hold(parlour, clock, sort, staff) for sort in SORTS}
    parlour.database.close()
    if database.is_sqlite:
        event.listen(database.engine, "connect", _without_waiting)
    with database.engine.connect() as connection:
        _copies.create(connection)
        for sort, sample in held.items():
            wanted = sort.of_a_thousand * conversations // 1000 + sort.open - 1
            copies = _copies_of(sort, wanted, APART * conversations, staff)
            while some := list(islice(copies, AT_ONCE)):
                _copy(connection, sample, some)
        if not database.is_sqlite:
            connection.exec_driver_sql("ANALYZE")  # As PostgreSQL does by itself, soon after so many rows.
            connection.commit()
    database.close()


class _Clock:
    """A moment later each time it is asked."""

    def __init__(self) -> None:
        self.at = BEGAN

    def __call__(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at


def _hire(parlour: Parlour, department: str) -> list[str]:
    with parlour.database.writing() as connection:
        hired = [
            agents.add(connection, name=f"{department} {number}", role="agent", departments=[department], at=BEGAN)
            for number in range(AGENTS)
        ]
    parlour.agents.forget()
    return hired


def _hold(parlour: Parlour, clock: _Clock, sort: Sort, staff: Mapping[str, Sequence[str]]) -> Conversation:
    """Holds one conversation of the sort and returns it as it is left."""
    desk, visitor = parlour.desk, new_id()
    if sort.topic in staff:
        desk.arrive(staff[sort.topic][0])
    greeting = parlour.greeting
    greeting.view(visitor, {"page": "/", "page.path": "/", "page.title": "Home"}, languages=["en"])
    for number, text in enumerate(("Hello", f"{sort.topic}@stored.example")):
        said = desk.receive(
            visitor, Said(text), client_id=f"{visitor}-{number}", whereabouts=greeting.whereabouts(visitor)
        )
    if sort.until != "queued" and sort.topic in staff:
        agent = staff[sort.topic][0]
        token = desk.accept(agent, said.conversation_id)
        desk.say(agent, said.conversation_id, "Let me see.", token=token, client_id=f"{visitor}-agent")
        if sort.until == "closed":
            desk.close(agent, said.conversation_id, token=token)
    elif sort.until == "closed":
        clock.at += parlour.sites.current.conversation.idle_close
        parlour.jobs.run_due(desk.job_handlers())
    return desk.conversation(said.conversation_id)


def _copies_of(sort: Sort, count: int, span: timedelta, staff: Mapping[str, Sequence[str]]) -> Iterator[dict[str, Any]]:
    """Yields the rows of so many copies, spread over a span of time and over the agents of the department."""
    agents, chance = cycle(staff.get(sort.topic, [""])), Random(sort.topic)
    for number in range(count):
        at = BEGAN + span * ((number + chance.random()) / count)
        yield {"key": f"{number:016x}", "at": at, "agent_id": next(agents)}


def _copy(connection: Connection, sample: Conversation, copies: list[dict[str, Any]]) -> None:
    connection.execute(insert(_copies), copies)
    for model, found_by in _FOUND_BY.items():
        table = table_of(model)
        columns = {
            column.name: _copied(column, sample) for column in table.columns if column.name not in _numbered(table)
        }
        mine = table.c[found_by].in_([sample.id, sample.visitor_id, sample.contact_id])
        rows = select(*columns.values()).select_from(table.join(_copies, true())).where(mine)
        connection.execute(insert(table).from_select(list(columns), rows))
    connection.execute(delete(_copies))
    connection.commit()


def _copied(column: Column[Any], sample: Conversation) -> ColumnElement[Any]:
    """Returns what a copy has in this column: its own ids, agent and moment, and all else as in the sample."""
    if isinstance(column.type, Instant):
        return case((column.is_not(None), _copies.c.at))
    if column.name in ("owner", "agent_id"):
        return case((column.is_not(None), _copies.c.agent_id))
    if not isinstance(column.type, String):
        return column
    own: ColumnElement[Any] = column
    for id in filter(None, (sample.id, sample.visitor_id, sample.visit_id, sample.contact_id)):
        own = func.replace(own, id, literal(id[:6]) + _copies.c.key)
    return own


def _numbered(table: Table) -> list[str]:
    """Returns the columns the database numbers by itself."""
    return [column.name for column in table.primary_key if column is table.autoincrement_column]


def _without_waiting(raw: Any, _: Any) -> None:
    for pragma in ("journal_mode=MEMORY", "synchronous=OFF", "cache_size=-2000000"):
        raw.execute(f"PRAGMA {pragma}")
