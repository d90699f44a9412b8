"""Open sockets, and who hears what: carries announcements to those who may hear them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any, Literal, Protocol, TypeVar

from sqlalchemy.exc import DBAPIError

from bot.conversation import Conversation
from bot.events import Event
from handoff.announcements import Announcement, StaffChanged
from handoff.audience import Ears, as_heard, may_hear, may_open
from rules.compact import compact_json
from web.connection import Connection
from web.errors import CLOSE_SIGN_IN

BEAT = 20
"""Seconds between heartbeats of one connection."""
LISTS_AFTER = 0.05
"""Seconds in which changes of the queue are gathered before lists are sent again."""
_status_of = attrgetter("holder", "owner", "department", "open", "left", "queued_at", "priority")
"""What a visitor is told of when it changes."""
_offer_of = attrgetter("offered_to", "offer_seq")

Frame = dict[str, Any]
Whom = Literal["watchers", "visitor", "status"]
"""The agents who watch a conversation; its visitor; or its visitor, told where it stands."""


def encoded(frame: Mapping[str, Any]) -> str:
    """Returns the frame as it travels."""
    return compact_json(frame)


class Link(Protocol):
    """One open socket of a visitor or an agent."""

    connection: Connection

    @property
    def ears(self) -> Ears: ...

    def hear(self, conversation: Conversation, events: tuple[Event, ...]) -> None: ...

    def heads(self) -> dict[str, int]: ...


class VisitorLinks(Link, Protocol):
    visitor_id: str

    def tell_status(self, conversation: Conversation) -> None: ...

    def tell(self, frame: Frame) -> None: ...


class AgentLinks(Link, Protocol):
    agent_id: str
    stamp: str

    def tell_lists(self) -> None: ...

    def tell(self, frame: Frame) -> None: ...


AnyLink = TypeVar("AnyLink", bound=Link)


class Hub:
    """Every open socket of this process."""

    def __init__(self, *, later: Callable[[float, Callable[[], None]], Any]):
        self._later = later
        self._visitors: dict[str, set[VisitorLinks]] = defaultdict(set)
        self._agents: dict[str, set[AgentLinks]] = defaultdict(set)
        self._watchers: dict[str, set[AgentLinks]] = defaultdict(set)
        self._lists_planned = False
        self._lists_underway = False
        self._planned_for: set[str] = set()
        """Agents whose own lists alone are sent again."""
        self.pass_on: Callable[[Whom, Conversation, Frame], None] = lambda whom, conversation, frame: None
        """Tells those who hear of a conversation at other workers what is not recorded."""
        self.waiting_changed: Callable[[], Iterable[Conversation]] = tuple
        """Returns the waiting conversations whose visitors have a socket open, when places may have changed."""

    # Who is here.

    def join_visitor(self, link: VisitorLinks) -> None:
        self._visitors[link.visitor_id].add(link)

    def leave_visitor(self, link: VisitorLinks) -> None:
        _discard(self._visitors, link.visitor_id, link)

    def join_agent(self, link: AgentLinks) -> None:
        self._agents[link.agent_id].add(link)

    def leave_agent(self, link: AgentLinks) -> None:
        _discard(self._agents, link.agent_id, link)
        for conversation_id in [each for each, links in self._watchers.items() if link in links]:
            _discard(self._watchers, conversation_id, link)

    def watch(self, link: AgentLinks, conversation_id: str) -> None:
        self._watchers[conversation_id].add(link)

    def unwatch(self, link: AgentLinks, conversation_id: str) -> None:
        _discard(self._watchers, conversation_id, link)

    def visitors_here(self) -> set[str]:
        """Returns the visitors who have a socket open."""
        return set(self._visitors)

    def conversations_here(self) -> set[str]:
        """Returns the conversations that are watched by a panel."""
        return set(self._watchers)

    def follows(self, visitor_id: str, conversation_id: str) -> bool:
        """Says whether anybody here hears of this conversation."""
        return visitor_id in self._visitors or conversation_id in self._watchers

    def has_agents(self) -> bool:
        """Says whether a panel is open here."""
        return bool(self._agents)

    def links(self) -> list[Link]:
        """Returns every open socket."""
        return [*self._links(self._visitors), *self._links(self._agents)]

    def sockets(self) -> dict[str, int]:
        """Returns whose → how many sockets are open."""
        return {"visitor": len(self._links(self._visitors)), "agent": len(self._links(self._agents))}

    # What happens.

    def on_news(self, news: Announcement | StaffChanged) -> None:
        """Subscribed to the desk's announcements."""
        if isinstance(news, StaffChanged):
            self._plan_lists()
            return
        after = news.after
        for link in self._of_visitor(after):
            link.hear(after, news.events)
        for watcher in list(self._watchers.get(after.id, ())):
            _tell(watcher, lambda watcher: self._tell_watcher(watcher, after, news.events))
        if news.differs(_offer_of):
            self._tell_offer(news.before, after, news.events)
        if news.differs(_status_of):
            self._tell_status(after)
        if news.concerns_agents:
            self._plan_lists()

    def _tell_watcher(self, watcher: AgentLinks, conversation: Conversation, events: tuple[Event, ...]) -> None:
        # Who may not hear it goes on watching: it may come back to their department, and they ask for what they missed.
        if may_open(conversation, watcher.ears):
            watcher.hear(conversation, events)

    def _tell_status(self, conversation: Conversation) -> None:
        for link in self._of_visitor(conversation):
            _tell(link, lambda link: link.tell_status(conversation))

    def _of_visitor(self, conversation: Conversation) -> list[VisitorLinks]:
        return list(self._visitors.get(conversation.visitor_id, ()))

    def tell_watchers(self, conversation: Conversation, frame: Frame) -> None:
        """Tells the agents who watch a conversation what is not recorded: typing, and how far the visitor has read."""
        self.tell_here("watchers", conversation, frame)
        self.pass_on("watchers", conversation, frame)

    def tell_visitor(self, conversation: Conversation, frame: Frame) -> None:
        """Tells the visitor what is not recorded: that somebody is typing."""
        self.tell_here("visitor", conversation, frame)
        self.pass_on("visitor", conversation, frame)

    def read_by_agent(self, conversation: Conversation) -> None:
        """Shows the visitor how far the agent has read."""
        self.tell_here("status", conversation, {})
        self.pass_on("status", conversation, {})

    def tell_here(self, whom: Whom, conversation: Conversation, frame: Frame) -> None:
        """Tells those at this worker; `status` stands for where the conversation stands now."""
        if whom == "watchers":
            self._tell_watchers(conversation, frame)
            return
        if whom == "status":
            self._tell_status(conversation)
            return
        for link in self._of_visitor(conversation):
            link.tell(frame)

    def _tell_watchers(self, conversation: Conversation, frame: Frame) -> None:
        for watcher in list(self._watchers.get(conversation.id, ())):
            if may_open(conversation, watcher.ears):
                watcher.tell(frame)

    def tell_agents(self, frame: Frame) -> None:
        """Tells every agent's panel."""
        for link in self._links(self._agents):
            link.tell(frame)

    def beat(self, links: Iterable[Link]) -> None:
        """Tells clients the head of what they follow, so that a lost hint is noticed; asks for a sign of life."""
        database_answers = True
        for link in links:
            heads: dict[str, int] = {}
            if database_answers:
                try:
                    heads = link.heads()
                except DBAPIError:
                    database_answers = False  # A beat without heads is a beat: the line must not seem dead.
            link.connection.send(encoded({"op": "beat", "heads": heads}))
            link.connection.ping()

    def close_signed_out(self, valid_among: Callable[[Iterable[str]], frozenset[str]]) -> None:
        """Closes the panels whose sign-in has ended, here or in another process."""
        asked = frozenset(link.stamp for link in self._links(self._agents))
        if asked:
            # Whoever signs in while the database is asked was not asked about.
            self.close_revoked(asked - valid_among(asked))

    def close_revoked(self, stamps: frozenset[str]) -> None:
        """Closes the panels of these sign-ins."""
        for link in self._links(self._agents):
            if link.stamp in stamps:
                link.connection.close(CLOSE_SIGN_IN, "signed out")

    def _tell_offer(self, before: Conversation | None, after: Conversation, events: tuple[Event, ...]) -> None:
        if before and before.offered_to:
            why = "accepted" if after.holder == "agent" else "over"
            self._tell_agent(before.offered_to, {"op": "offer_over", "conversation": after.id, "why": why})
        offered = next((event for event in events if event.seq == after.offer_seq), None)
        if after.offered_to and offered:
            until = offered.body["until"]
            self._tell_agent(after.offered_to, {"op": "offer", "conversation": after.id, "until": until})

    def _tell_agent(self, agent_id: str, frame: Frame) -> None:
        for link in list(self._agents.get(agent_id, ())):
            link.tell(frame)

    def tell_lists_of(self, agent_id: str) -> None:
        """Tells all panels of an agent here their lists, which only they see changed."""
        if agent_id not in self._planned_for:
            self._planned_for.add(agent_id)
            self._later(LISTS_AFTER, lambda: self._send_lists_of(agent_id))

    def _send_lists_of(self, agent_id: str) -> None:
        self._planned_for.discard(agent_id)
        for link in list(self._agents.get(agent_id, ())):
            _tell(link, lambda link: link.tell_lists())

    def _plan_lists(self) -> None:
        if not self._lists_planned:
            self._lists_planned = True
            self._later(LISTS_AFTER, self._send_lists)

    def _send_lists(self) -> None:
        if self._lists_underway:  # Read earlier and sent later, they would be the last word.
            self._later(LISTS_AFTER, self._send_lists)
            return
        self._lists_planned, self._lists_underway = False, True
        try:
            for link in self._links(self._agents):
                _tell(link, lambda link: link.tell_lists())
            for conversation in self.waiting_changed():
                self._tell_status(conversation)
        finally:
            self._lists_underway = False

    @staticmethod
    def _links(groups: Mapping[str, set[Any]]) -> list[Any]:
        return [link for links in list(groups.values()) for link in links]


def _tell(link: AnyLink, tell: Callable[[AnyLink], None]) -> None:
    """Whom nothing can be told just now, because the database does not answer, gets everything by coming back."""
    try:
        tell(link)
    except DBAPIError:
        link.connection.ask_back()


def heard_by(ears: Ears, events: Iterable[Event]) -> list[Frame]:
    """Returns the events this recipient may see, as they see them."""
    return [as_heard(event, ears) for event in events if may_hear(event, ears)]


def _discard(groups: dict[str, set[Any]], key: str, link: Any) -> None:
    groups[key].discard(link)
    if not groups[key]:
        del groups[key]
