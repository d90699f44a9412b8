"""A desk over the harbour's site, and actors who speak: visitors write and hear, agents accept and answer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from bot.actions.actions import Actions
from bot.answering import Bot
from bot.change import table_of
from bot.database import Database
from bot.events import Event
from bot.greeting import Whereabouts
from bot.jobs import Handler, Jobs
from bot.journal import Journal
from bot.models import ConversationRow, JobRow
from bot.site.loading import load
from bot.versions import SiteVersions
from handoff.agents import Agents, add
from handoff.announcements import Announcement, Announcements, StaffChanged
from handoff.desk import Desk, Parts, Said
from handoff.live import LiveConversations
from handoff.presence import Connections
from handoff.queue import Queue
from tests.conftest import WORLDS, world


@dataclass
class Office:
    """Everything behind the desk, put together without a server."""

    database: Database
    clock: Any
    sites: SiteVersions
    journal: Journal
    jobs: Jobs
    agents: Agents
    queue: Queue
    live: LiveConversations
    connections: Connections
    announcements: Announcements
    desk: Desk
    heard: list[Announcement | StaffChanged] = field(default_factory=list)
    panels: set[str] = field(default_factory=set)

    def let_pass(self, *, tries: int = 1, **span: float) -> None:
        """Lets time pass, with every open panel beating, and everything happen that falls due.

        Each job is tried so often, as if all tries but the last had ended before they were marked as done.
        """
        handlers = {kind: _repeated(handler, tries) for kind, handler in self.desk.job_handlers().items()}
        until = self.clock.at + timedelta(**span)
        while self.clock.at < until:
            self.clock.at = min(until, max(self.clock.at, self._next_due() or until))
            for agent in self.panels:
                self.desk.heard(agent)
            while self.jobs.run_due(handlers):
                pass

    def spoil(self, conversation_id: str) -> None:
        """Makes a conversation one that nobody can read any more."""
        rows = table_of(ConversationRow)
        with self.database.writing() as connection:
            connection.execute(update(rows).where(rows.c.id == conversation_id).values(cursor="spoilt"))
        self.live.forget(conversation_id)

    def _next_due(self) -> Any:
        jobs = table_of(JobRow)
        with self.database.reading() as connection:
            return connection.scalar(select(func.min(jobs.c.run_at)).where(jobs.c.state == "waiting"))


def _repeated(handler: Handler, tries: int) -> Handler:
    return lambda job: [handler(job) for _ in range(tries)][-1]


@pytest.fixture
def office(database: Database, clock: Any) -> Office:
    return open_office(database, clock, WORLDS / "harbour")


def open_office(
    database: Database, clock: Any, site: Path, actions: Actions | None = None, *, worker: str = "here"
) -> Office:
    actions = actions or Actions()
    sites = SiteVersions(database, now=clock)
    loaded = world(site) if site.parent == WORLDS else load(site)
    assert loaded.site is not None, [str(problem) for problem in loaded.problems]
    sites.switch(loaded.site, loaded.files)
    journal = Journal(database)
    jobs = Jobs(database, now=clock)
    connections = Connections(database, worker=worker, now=clock)
    agents = Agents(database, sites, connections, now=clock)
    live = LiveConversations(database)
    queue = Queue(database)
    announcements = Announcements()
    numbers = count(1)
    parts = Parts(
        journal=journal,
        jobs=jobs,
        live=live,
        queue=queue,
        agents=agents,
        connections=connections,
        bot=Bot(sites, agents, actions.roster),
        announcements=announcements,
        now=clock,
        new_id=lambda: f"conversation-{worker}-{next(numbers)}",
        actions=actions,
    )
    office = Office(database, clock, sites, journal, jobs, agents, queue, live, connections, announcements, Desk(parts))
    announcements.subscribe(office.heard.append)
    return office


class VisitorActor:
    """Somebody on the website."""

    def __init__(self, office: Office, id: str, language: str = "en"):
        self.office = office
        self.id = id
        self.language = language
        self._numbers = count(1)

    @property
    def conversation(self) -> str:
        conversation = self.office.desk.open_conversation(self.id)
        assert conversation is not None
        return conversation.id

    def writes(self, text: str, *, client_id: str | None = None) -> Event:
        return self._sends(Said(text), client_id)

    def presses(self, label: str) -> Event:
        asked = next(event for event in reversed(self.events()) if event.body.get("options"))
        option = next(each for each in asked.body["options"] if each["label"] == label)
        return self._sends(Said(button={"step": asked.body["step"], **option}), None)

    def hears(self) -> list[str]:
        """Everything said in the conversation so far, as the visitor sees it."""
        return [event.body["text"] for event in self.events() if event.kind == "message"]

    def events(self) -> list[Event]:
        last = self.office.desk.open_conversation(self.id)
        return self.office.journal.visitor_events_after(last.id, 0) if last else []

    def _sends(self, said: Said, client_id: str | None) -> Event:
        client_id = client_id or f"{self.id}-{next(self._numbers)}"
        whereabouts = Whereabouts(self.language, facts={"page": "/", "page.path": "/"})
        return self.office.desk.receive(self.id, said, client_id=client_id, whereabouts=whereabouts)


class AgentActor:
    """Somebody of ours."""

    def __init__(self, office: Office, id: str):
        self.office = office
        self.id = id
        self._numbers = count(1)

    def comes_online(self) -> "AgentActor":
        self.office.desk.arrive(self.id)
        self.office.panels.add(self.id)
        self.office.desk.intend(self.id, "online")
        return self

    def goes(self, intent: str) -> None:
        self.office.desk.intend(self.id, intent)

    def accepts(self, conversation: str) -> int:
        return self.office.desk.accept(self.id, conversation)

    def says(self, conversation: str, text: str, *, token: int | None = None) -> Event:
        if token is None:
            token = self.office.desk.conversation(conversation).owner_seq or 0
        client_id = f"{self.id}-{next(self._numbers)}"
        return self.office.desk.say(self.id, conversation, text, token=token, client_id=client_id)

    def is_offered(self) -> list[str]:
        """The conversations this agent is being asked to take."""
        waiting = self.office.queue.rows_waiting(self.office.desk.agent(self.id))
        return [row["id"] for row in waiting if row["offered_to"] == self.id]


@pytest.fixture
def visitor(office: Office) -> Callable[..., VisitorActor]:
    numbers = count(1)
    return lambda language="en": VisitorActor(office, f"visitor-{next(numbers)}", language)


@pytest.fixture
def agent(office: Office, clock: Any) -> Callable[..., AgentActor]:
    def hire(name: str, *departments: str, role: str = "agent") -> AgentActor:
        with office.database.writing() as connection:
            id = add(connection, name=name, role=role, departments=departments or ("sales",), at=clock())
        office.agents.forget()
        return AgentActor(office, id)

    return hire
