"""A Socket.IO client of Rasa's: the sessions it speaks for, what it says, and what it is told."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import monotonic
from typing import TypeGuard

import structlog

from bot.conversation import Conversation
from bot.events import Event
from bot.ids import NewId
from handoff.announcements import Announcement, StaffChanged
from handoff.live import LiveConversations
from handoff.readings import Readings
from web.bodies import checked
from web.channels.answers import as_uttered
from web.channels.entry import Entry
from web.channels.socketio import packets
from web.channels.socketio.line import Line
from web.channels.spoken import SessionRequest, Uttered
from web.errors import Malformed, Refusal, TooLarge, refusal_of
from web.sockets.session import MOST_MALFORMED

MOST_SESSIONS = 20
"""Sessions one client may speak for."""
_SESSION = re.compile(r"[A-Za-z0-9_-]{20,128}")
"""A session's name opens what is said in it, so it has to look like one that nobody guesses."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Door:
    """What peers need; put together by `create_app`."""

    entry: Entry
    live: LiveConversations
    readings: Readings
    new_id: NewId


class Peers:
    """Everybody who speaks Socket.IO just now; told of what happens by the desk's announcements."""

    def __init__(self, door: Door):
        self.door = door
        self._by_line: dict[Line, Peer] = {}
        self._of_visitor: dict[str, set[Peer]] = {}

    def welcome(self, line: Line) -> None:
        """Lets somebody speak over a line that was opened."""
        peer = self._by_line[line] = Peer(self, line)
        line.take = peer.take

    def join(self, peer: "Peer", visitor_id: str) -> None:
        self._of_visitor.setdefault(visitor_id, set()).add(peer)

    def on_end(self, line: Line) -> None:
        """Forgets whoever spoke over a line."""
        peer = self._by_line.pop(line)
        for visitor_id in peer.visitors:
            here = self._of_visitor[visitor_id]
            here.discard(peer)
            if not here:
                del self._of_visitor[visitor_id]

    def are_here(self, visitor_id: str) -> bool:
        """Says whether anybody would hear what is said to this visitor."""
        return visitor_id in self._of_visitor

    def visitors_here(self) -> Iterable[str]:
        """Returns for whom somebody speaks."""
        return set(self._of_visitor)

    def conversations_here(self) -> Iterable[str]:
        return ()

    def follows(self, visitor_id: str, conversation_id: str) -> bool:
        return visitor_id in self._of_visitor

    def has_agents(self) -> bool:
        return False

    def on_news(self, news: Announcement | StaffChanged) -> None:
        """Subscribed to the desk's announcements."""
        if isinstance(news, Announcement):
            for peer in list(self._of_visitor.get(news.after.visitor_id, ())):
                peer.hear(news.after, news.events)


class Peer:
    """One client."""

    def __init__(self, peers: Peers, line: Line):
        self.line = line
        self._guests = peers
        self._door = peers.door
        self._greeted = False
        self._session: str | None = None
        self._visitors: dict[str, str] = {}
        self._malformed = 0
        self._told = _Told(line, self._note)
        self._catching_up: set[str] = set()
        self._behind: set[str] = set()

    @property
    def visitors(self) -> tuple[str, ...]:
        """Returns whom this client speaks for."""
        return tuple(self._visitors.values())

    # What the client says.

    def take(self, message: str) -> None:
        """Takes what is inside a message packet. What is wrong with it is told, and not the end of the line at once."""
        try:
            self._take(packets.heard(message))
        except (Malformed, TooLarge) as problem:
            self._malformed += 1
            log.info("socketio.malformed", problem=problem.message)
            if self._malformed > MOST_MALFORMED:
                self.line.end()

    def _take(self, heard: packets.Heard) -> None:
        match heard:
            case packets.Connect(namespace="/"):
                self._greeted = True
                self.line.say(packets.connected(self._door.new_id()))
            case packets.Connect(namespace=elsewhere):
                self.line.say(packets.not_here(elsewhere))
            case packets.Disconnect():
                self.line.end()
            case packets.Emitted() if not self._greeted:
                raise Malformed("Nobody was greeted yet.")
            case packets.Emitted(name=name, arguments=arguments, ack=ack):
                self._react(name, arguments[0] if arguments else {})
                if ack is not None:
                    self.line.say(packets.acknowledgement(ack))

    def _react(self, name: str, said: object) -> None:
        if name == "session_request":
            self._begin(checked(SessionRequest, said or {}).session_id)
        elif name == "user_uttered":
            self._utter(checked(Uttered, said))

    def _begin(self, session: str | None) -> None:
        confirmed = self._session = session if _is_secret(session) else self._door.new_id()
        self.line.say(packets.event("session_confirm", confirmed))
        self._join(confirmed)

    def _utter(self, uttered: Uttered) -> None:
        session = uttered.session_id if _is_secret(uttered.session_id) else self._session
        session = self._session = session or self._door.new_id()
        self._join(session)
        try:
            self._door.entry.take(
                "socketio",
                session,
                uttered.message or "",
                address=self.line.address,
                message_id=uttered.message_id,
                language=uttered.language,
            )
        except Exception as problem:
            # Rasa's clients know no refusal; said in words it is better than a message that seems to have been sent.
            refusal: Refusal = refusal_of(problem)
            self.line.say(packets.event("bot_uttered", {"text": refusal.message}))

    # What the client is told.

    def hear(self, conversation: Conversation, events: Iterable[Event]) -> None:
        """Tells what just happened, unless what came before it is still being looked up: then it is found there."""
        if conversation.visitor_id in self._catching_up:
            self._behind.add(conversation.visitor_id)
        elif self._misses(conversation, events):
            self._look_up(conversation.visitor_id)
        else:
            self._tell(conversation, events)

    def _misses(self, conversation: Conversation, events: Iterable[Event]) -> bool:
        first = next((each.visitor_seq for each in events if each.visitor_seq), 0)
        return first > self._told.of(conversation.id) + 1

    def _join(self, session: str) -> None:
        if session in self._visitors:
            return
        if len(self._visitors) >= MOST_SESSIONS:
            raise Malformed("This client speaks for too many sessions.")
        visitor_id = self._door.entry.senders.visitor_of("socketio", session)
        if not self.line.is_open:
            return
        self._visitors[session] = visitor_id
        self._guests.join(self, visitor_id)
        self._look_up(visitor_id)

    def _look_up(self, visitor_id: str) -> None:
        self._catching_up.add(visitor_id)
        try:
            self._catch_up(visitor_id)
        finally:
            self._catching_up.discard(visitor_id)

    def _catch_up(self, visitor_id: str) -> None:
        """Tells what was said while nobody listened, the latest conversation's."""
        self._behind.add(visitor_id)
        while visitor_id in self._behind:
            self._behind.discard(visitor_id)
            for conversation in self._door.live.history_of(visitor_id)[-1:]:
                after = self._told.of(conversation.id) or self._mark(conversation)
                self._told.begins(conversation.id, after)
                for page in self._door.entry.missed(conversation.id, after):
                    self._tell(conversation, page)

    def _mark(self, conversation: Conversation) -> int:
        read = self._door.readings.read_by(_participant(conversation.visitor_id), [conversation.id])
        return read.get(conversation.id, 0)

    def _tell(self, conversation: Conversation, events: Iterable[Event]) -> None:
        fresh = [each for each in events if (each.visitor_seq or 0) > self._told.of(conversation.id)]
        answers = self._door.entry.answers(fresh, conversation.visitor_id, conversation.language)
        self.line.say(*(packets.event("bot_uttered", as_uttered(answer)) for answer in answers))
        last = max((each.visitor_seq or 0 for each in fresh), default=0)
        if last:
            self._told.until(conversation, last)

    def _note(self, conversation: Conversation, seq: int) -> None:
        self._door.readings.note(_participant(conversation.visitor_id), conversation.id, seq)


class _Told:
    """How far a client was told, and how far it surely was: a pong answers all that was said before its ping."""

    def __init__(self, line: Line, note: Callable[[Conversation, int], None]):
        self._line = line
        self._note = note
        self._said: dict[str, int] = {}
        self._unconfirmed: dict[str, tuple[Conversation, int]] = {}
        self._asked = False

    def of(self, conversation_id: str) -> int:
        """Returns the last number told; 0 before the first."""
        return self._said.get(conversation_id, 0)

    def begins(self, conversation_id: str, seq: int) -> None:
        """Notes that everything up to this number was told before this client came."""
        self._said[conversation_id] = seq

    def until(self, conversation: Conversation, seq: int) -> None:
        """Notes that everything up to this number was told, once the client gives a sign that it came."""
        self._said[conversation.id] = seq
        self._unconfirmed[conversation.id] = (conversation, seq)
        if not self._asked:
            self._ask()

    def _ask(self) -> None:
        asked_for, self._unconfirmed = self._unconfirmed, {}
        self._asked = True
        self._line.ping(monotonic(), then=lambda: self._confirmed(list(asked_for.values())))

    def _confirmed(self, told: list[tuple[Conversation, int]]) -> None:
        for conversation, seq in told:
            self._note(conversation, seq)
        self._asked = False
        if self._unconfirmed:
            self._ask()


def _is_secret(session: str | None) -> TypeGuard[str]:
    return session is not None and _SESSION.fullmatch(session) is not None


def _participant(visitor_id: str) -> str:
    return f"socketio:{visitor_id}"
