"""What people and the product ask of a database all day, each time about another conversation that `filling` made."""

import random
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from bench.filling import AGENTS, APART, BEGAN, LEAD
from bot.change import table_of
from bot.conversation import Conversation, conversation_from
from bot.impressions import Impressions
from bot.models import ConversationRow
from bot.visits import Stay
from handoff.brief import Briefs
from handoff.queue import Border, Queue
from handoff.routing import Agent
from handoff.rows import Rows
from web.app import create_app
from web.parts import Options, Parlour

KNOWN = 300
"""Conversations of each kind that are asked about."""
PAGE = 51

_conversations = table_of(ConversationRow)


class House:
    """The product over a database that was filled."""

    def __init__(self, folder: Path, address: str, stored: int):
        app = create_app(Options(folder, folder, address), now=lambda: BEGAN)
        parlour: Parlour = app.extensions["parlour"]
        self.parlour, self.database = parlour, parlour.database
        self.stored = stored
        self._client = app.test_client()
        self._chance = random.Random(stored)
        self._halfway = BEGAN + APART * stored / 2
        self._queue = Queue(self.database)
        self._rows = Rows(self._queue, parlour.agents)
        self._briefs = Briefs(parlour.journal, parlour.live, parlour.visits)
        self._impressions = Impressions(self.database, parlour.journal, new_id=str)
        self._agents = {agent.name: agent for agent in parlour.agents.all()}
        self._closed = self._some("nobody")
        self._queued = self._some("queue")
        account = parlour.accounts.find(LEAD)
        assert account is not None
        self._secret = parlour.accounts.begin(account.id)

    def questions(self) -> Mapping[str, Callable[[], object]]:
        """Returns what is asked, by what it is called."""
        return {
            "what waits for an agent": lambda: self._rows.waiting(self._agent()),
            "an agent's own conversations": lambda: self._rows.held(self._agent()),
            "All, the first page": lambda: self._page(self._agent()),
            "All, a late page": lambda: self._page(self._agent(), self._halfway),
            "All, a lead's late page": lambda: self._page(self._agents[LEAD], self._halfway),
            "place in the queue": lambda: self._queue.place_of(self._chance.choice(self._queued)),
            "who was offered to nobody": lambda: self._queue.without_offer(self._agent()),
            "all that waits": self._queue.waiting,
            "a conversation opened by an agent": self._open,
            "a visitor who comes back": self._come_back,
            "what was shown to a visitor": self._shown,
            "what was said before": self._said,
            "a look at what is due": lambda: self.parlour.jobs.run_due(self.parlour.desk.job_handlers()),
            "signing in": self._sign_in,
            "/health": lambda: self._client.get("/health").get_json(),
        }

    def _page(self, agent: Agent, before: datetime | None = None) -> object:
        return self._rows.page(agent, before=Border(before, "") if before else None, limit=PAGE)

    def _agent(self) -> Agent:
        return self._agents[f"sales {self._chance.randrange(AGENTS)}"]

    def _open(self) -> object:
        """The events, the brief and what else the visitor has said."""
        parlour, found = self.parlour, self._chance.choice(self._closed)
        parlour.live.forget(found.id)
        conversation = parlour.desk.conversation(found.id)
        history = parlour.live.history_of(conversation.visitor_id)
        events = parlour.journal.events_after(conversation.id, 0)
        return history, events, self._briefs.of(conversation, parlour.sites.current)

    def _come_back(self) -> object:
        parlour, visitor = self.parlour, self._chance.choice(self._closed).visitor_id
        parlour.visits.forget(visitor)
        stands = parlour.live.open_of(visitor) or parlour.readings.unheard_of(visitor)
        return stands, parlour.live.known(visitor), parlour.visits.current(visitor, BEGAN)

    def _shown(self) -> object:
        stay = Stay("", self._chance.choice(self._closed).visitor_id, "en", {}, BEGAN, BEGAN, BEGAN)
        return self._impressions.counters(self.parlour.sites.current, stay, BEGAN)

    def _said(self) -> object:
        visitor = self._chance.choice(self._closed).visitor_id
        return self.parlour.journal.sent(f"visitor:{visitor}", f"{visitor}-0")

    def _sign_in(self) -> object:
        return self.parlour.accounts.find(LEAD), self.parlour.accounts.signed_in(self._secret)

    def _some(self, holder: str) -> list[Conversation]:
        query = select(_conversations).where(_conversations.c.holder == holder).limit(KNOWN)
        with self.database.reading() as connection:
            return [conversation_from(row) for row in connection.execute(query).mappings()]
