"""An agent's frames: each becomes one verb of the desk, the same over a socket and over HTTP."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.conversation import Conversation
from bot.epoch import Epoch
from bot.events import Event
from bot.journal import Journal
from handoff.agents import Agents
from handoff.audience import AgentEars
from handoff.desk import Desk
from handoff.readings import Readings
from handoff.refusals import NoSuchConversation
from handoff.routing import Agent
from web import frames
from web.connection import Connection
from web.hub import Frame, Hub, heard_by
from web.sockets import told
from web.sockets.link import Link
from web.sockets.pages import page_of


@dataclass(frozen=True, slots=True)
class AgentRoom:
    """What the frames of agents need; put together by `create_app`."""

    desk: Desk
    hub: Hub
    journal: Journal
    agents: Agents
    readings: Readings
    epoch: Epoch
    lists: Callable[[Agent], Frame]
    surroundings: Callable[[Agent], Frame]
    """Departments, and whether the content on disk was taken: the rest of an agent's welcome."""


class AgentFrames:
    """One agent speaking: takes frames, answers with frames."""

    def __init__(self, room: AgentRoom, agent_id: str):
        self.room = room
        self.agent_id = agent_id

    def welcome(self) -> list[Frame]:
        """Returns what a panel is told first: who speaks, what waits, what is theirs."""
        return [self._who_speaks(), self._lists()]

    def _who_speaks(self) -> Frame:
        agent = self.room.desk.agent(self.agent_id)
        speaking = {
            "id": agent.id,
            "name": agent.name,
            "role": agent.role,
            "intent": agent.intent,
            "capacity": agent.capacity,
            "departments": sorted(agent.departments),
        }
        return told.welcome(self.room.epoch.current, agent=speaking, **self.room.surroundings(agent))

    def _lists(self) -> Frame:
        return self.room.lists(self.room.desk.agent(self.agent_id))

    def by_request(self, frame: Any) -> list[Frame]:
        """Returns what a request is answered: without a socket nothing is told unasked, so a sign of life is answered
        with what one would have heard, and events with which record they are of.
        """
        if isinstance(frame, frames.Watch):
            return [self._who_speaks(), *self.take(frame)]
        answers = self.take(frame)
        return [*answers, *self.welcome()] if isinstance(frame, frames.Beat) else answers

    def take(self, frame: Any) -> list[Frame]:
        """Does what the frame asks and returns what to answer. Raises refusals of the desk."""
        desk, me = self.room.desk, self.agent_id
        match frame:
            case frames.AgentSend(conversation=of, client_id=client_id, token=token, body=body):
                return [_ack(desk.say(me, of, body.text, token=token, client_id=client_id))]
            case frames.Note(conversation=of, client_id=client_id, body=body):
                return [_ack(desk.note(me, of, body.text, client_id=client_id))]
            case frames.Accept(conversation=of, client_id=client_id):
                return [told.ack(client_id, of, desk.accept(me, of))]
            case frames.Return(conversation=of, client_id=client_id, token=token):
                desk.return_to_bot(me, of, token=token, client_id=client_id)
                return [told.ack(client_id, of, token)]
            case frames.Close(conversation=of, client_id=client_id, token=token):
                desk.close(me, of, token=token, client_id=client_id)
                return [told.ack(client_id, of, token)]
            case frames.Decline(conversation=of):
                desk.decline(me, of)
            case frames.Presence(intent=intent):
                desk.intend(me, intent)
                return [self._who_speaks()]
            case frames.Watch(conversation=of, after=after):
                return [self._page(of, after)]
            case frames.AgentTyping(conversation=of, on=on):
                self._typing(of, on)
            case frames.Read(conversation=of, seq=seq):
                self._read(of, seq)
            case frames.Beat():
                desk.heard(me)
        return []

    def _page(self, conversation_id: str, after: int) -> Frame:
        conversation = self.room.desk.conversation_for(self.agent_id, conversation_id)
        events = self.room.journal.events_after(conversation.id, after)
        heard, more = page_of(events, self._ears())
        return _page(conversation, heard, more=more)

    def _typing(self, conversation_id: str, on: bool) -> None:
        conversation = self.room.desk.conversation_for(self.agent_id, conversation_id)
        if conversation.owner == self.agent_id:
            shown = {"op": "typing", "conversation": conversation.id, "who": "agent", "on": on}
            self.room.hub.tell_visitor(conversation, shown)

    def _read(self, conversation_id: str, seq: int) -> None:
        conversation = self.room.desk.conversation_for(self.agent_id, conversation_id)
        self.room.readings.note(f"agent:{self.agent_id}", conversation.id, min(seq, conversation.last_seq))
        self.room.hub.tell_lists_of(self.agent_id)
        if conversation.owner == self.agent_id:
            self.room.hub.read_by_agent(conversation)

    def _ears(self) -> AgentEars:
        return AgentEars(self.room.desk.agent(self.agent_id))


class AgentLink(AgentFrames, Link):
    """An agent's open socket."""

    def __init__(self, room: AgentRoom, agent_id: str, connection: Connection, *, stamp: str):
        AgentFrames.__init__(self, room, agent_id)
        Link.__init__(self, connection)
        self.stamp = stamp
        """Names the sign-in this panel was opened with; when that ends, so does the socket."""
        self._watched: dict[str, int] = {}
        self._gone: set[str] = set()
        """What is watched and no longer this agent's business, as they were told."""
        self._looks_at_lists = 0

    @property
    def who(self) -> str:
        """Returns how the log calls this agent."""
        return f"agent:{self.agent_id}"

    @property
    def ears(self) -> AgentEars:
        """Returns who listens, with today's departments and role."""
        return self._ears()

    def take(self, frame: Any) -> list[Frame]:
        """Does what the frame asks and returns what to answer; only a socket watches. Raises refusals of the desk."""
        self.room.desk.heard(self.agent_id)  # Whatever is said: a panel that is used need not beat.
        if isinstance(frame, frames.Watch):
            self.room.desk.conversation_for(self.agent_id, frame.conversation)
            self._watch(frame.conversation)  # Before the page is read, so that nothing falls in between.
        elif isinstance(frame, frames.Unwatch):
            self._unwatch(frame.conversation)
        return super().take(frame)

    def greet(self) -> None:
        """Tells a panel that just opened what it needs to draw itself, standing offers included."""
        self._say_first(lambda: [*self.welcome(), *self._standing_offers()])

    def hear(self, conversation: Conversation, events: tuple[Event, ...]) -> None:
        """Tells the agent what just happened in a conversation they watch."""
        self._watched[conversation.id] = conversation.last_seq
        self.tell(_page(conversation, heard_by(self.ears, events), more=False))

    def tell_lists(self) -> None:
        """Tells the agent who waits and which conversations are theirs, and which they watch is theirs no longer."""
        look = self._looks_at_lists + 1
        lists = self._lists()
        if look == self._looks_at_lists:  # Else a greeting, which took a later look, has told them.
            self.tell(lists)
        gone = {each for each in list(self._watched) if not self._may_open(each)}
        for conversation_id in gone - self._gone:
            self.tell({"op": "gone", "conversation": conversation_id})
        self._gone = gone

    def _may_open(self, conversation_id: str) -> bool:
        try:
            self.room.desk.conversation_for(self.agent_id, conversation_id)
        except NoSuchConversation:
            return False
        return True

    def _lists(self) -> Frame:
        self._looks_at_lists += 1
        return super()._lists()

    def heads(self) -> dict[str, int]:
        """Returns the last number of each conversation this panel watches."""
        return {each: head for each, head in self._watched.items() if head}

    def _standing_offers(self) -> Iterator[Frame]:
        waiting = super()._lists()["waiting"]
        for conversation in (self.room.desk.conversation(row["id"]) for row in waiting if row["offered"]):
            offered = self.room.journal.events_after(conversation.id, (conversation.offer_seq or 1) - 1, limit=1)
            yield from (
                {"op": "offer", "conversation": event.conversation_id, "until": event.body["until"]}
                for event in offered
                if event.kind == "offered"
            )

    def _watch(self, conversation_id: str) -> None:
        self._watched[conversation_id] = 0
        self.room.hub.watch(self, conversation_id)

    def _unwatch(self, conversation_id: str) -> None:
        self._watched.pop(conversation_id, None)
        self.room.hub.unwatch(self, conversation_id)


def _ack(event: Event) -> Frame:
    return told.ack(event.client_id, event.conversation_id, event.seq, at=event.at)


def _page(conversation: Conversation, heard: list[Frame], *, more: bool) -> Frame:
    return told.page(conversation, heard, last=conversation.last_seq, more=more, token=conversation.owner_seq)
