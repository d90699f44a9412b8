"""A visitor's frames: each becomes one verb of the desk, the same over a socket and over HTTP."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.conversation import Conversation
from bot.epoch import Epoch
from bot.events import Event
from bot.greeting import Greeting
from bot.journal import Journal
from handoff.audience import VisitorEars
from handoff.desk import Desk, Said
from handoff.readings import Readings
from handoff.refusals import Forgotten, NoSuchConversation
from web import frames
from web.connection import Connection
from web.errors import TokenNeeded, Unavailable
from web.hub import Frame, Hub, heard_by
from web.limits import Limits
from web.sockets import told
from web.sockets.link import Link
from web.sockets.pages import page_of
from web.sockets.session import VISITOR


@dataclass(frozen=True, slots=True)
class VisitorRoom:
    """What the frames of visitors need; put together by `create_app`."""

    desk: Desk
    hub: Hub
    journal: Journal
    greeting: Greeting
    readings: Readings
    epoch: Epoch
    limits: Limits
    status: Callable[[Conversation], dict[str, Any]]

    def current(self, visitor_id: str) -> Conversation | None:
        """Returns where the visitor stands: in their open conversation, else in one whose last words are unread."""
        open_ = self.desk.open_conversation(visitor_id)
        unheard = None if open_ else self.readings.unheard_of(visitor_id)
        return self.desk.conversation_of(visitor_id, unheard) if unheard else open_


class VisitorFrames:
    """One visitor speaking: takes frames, answers with frames."""

    def __init__(self, room: VisitorRoom, visitor_id: str, *, address: str):
        self.room = room
        self.visitor_id = visitor_id
        self._address = address

    def take(self, frame: Any) -> list[Frame]:
        """Does what the frame asks and returns what to answer. Raises refusals of the desk."""
        match frame:
            case frames.Send():
                return self._send(frame)
            case frames.Resume():
                return self._resume(frame)
            case frames.Typing():
                return self._typing(frame)
            case frames.Read():
                return self._read(frame)
            case frames.Beat():
                return self._beat()
        return []

    def _beat(self) -> list[Frame]:
        """Tells who comes by request what a socket is told unasked: which conversation is open, and how far it is."""
        conversation = self.room.desk.look_again(self.visitor_id)
        return [{"op": "beat", "heads": _heads_of(conversation)}]

    def _send(self, frame: frames.Send) -> list[Frame]:
        self.room.limits.take("send", self.visitor_id)
        self.room.limits.take("send_address", self._address)
        event = self._received(frame)
        return [told.ack(frame.client_id, event.conversation_id, event.visitor_seq or 0, at=event.at)]

    def _received(self, frame: frames.Send) -> Event:
        """Stores a message. Raises TokenNeeded for a visitor of whom nothing is recorded any more, as `view` does not
        keep their token either: what they write would bring the id back that was erased."""
        desk, greeting = self.room.desk, self.room.greeting
        said, whereabouts = self._said(frame.body), greeting.whereabouts(self.visitor_id)
        # In this order nothing is asked of the database that is not asked anyhow, but by who was quiet for long.
        is_known = whereabouts.visit_id or desk.open_conversation(self.visitor_id)
        if not is_known and not greeting.remembers(self.visitor_id):
            raise TokenNeeded
        try:
            return desk.receive(self.visitor_id, said, client_id=frame.client_id, whereabouts=whereabouts)
        except Forgotten:
            raise (Unavailable if greeting.look_again(self.visitor_id) else TokenNeeded) from None

    def _said(self, body: frames.Said) -> Said:
        button = body.button.model_dump() if body.button else None
        if body.answer is None:
            return Said(body.text or "", button, form=body.form.model_dump() if body.form else None)
        answer, text = body.answer, body.text or ""
        bubble = self.room.greeting.answered(self.visitor_id, answer.impression, answer.label, text)
        return Said(text or answer.label or "", None, bubble)

    def _resume(self, frame: frames.Resume) -> list[Frame]:
        asked = self._find(frame.conversation)
        current = self._current(asked)
        stands = self.room.status(current) if current else None
        welcome = told.welcome(self.room.epoch.current, conversation=stands)
        shown, after = (asked, frame.after) if asked else (current, 0)
        return [welcome, self._page(shown, after)] if shown else [welcome]

    def _find(self, conversation_id: str | None) -> Conversation | None:
        if conversation_id is None:
            return None
        try:
            return self.room.desk.conversation_of(self.visitor_id, conversation_id)
        except NoSuchConversation:
            return None  # Another visitor's, or erased: the visitor's own open one, if any, is what they may hear.

    def _current(self, asked: Conversation | None) -> Conversation | None:
        """Returns where the visitor stands: of what is over, it is what began while this client was away."""
        if asked is None:
            return self.room.current(self.visitor_id)
        return asked if asked.open else self.room.desk.open_conversation(self.visitor_id) or asked

    def _page(self, conversation: Conversation, after: int) -> Frame:
        events = self.room.journal.visitor_events_after(conversation.id, after)
        heard, more = page_of(events, VisitorEars(self.visitor_id))
        return _page(conversation, heard, more=more)

    def _typing(self, frame: frames.Typing) -> list[Frame]:
        conversation = self.room.desk.open_conversation(self.visitor_id)
        if conversation is not None:
            shown = {
                "op": "typing",
                "conversation": conversation.id,
                "who": "visitor",
                "on": frame.on,
                "text": self.room.desk.preview(self.visitor_id, frame.text) if frame.text else frame.text,
            }
            self.room.hub.tell_watchers(conversation, shown)
        return []

    def _read(self, frame: frames.Read) -> list[Frame]:
        conversation = self.room.desk.conversation_of(self.visitor_id, frame.conversation)
        seq = min(frame.seq, conversation.visitor_last_seq)
        self.room.readings.note(f"visitor:{self.visitor_id}", conversation.id, seq)
        theirs = self.room.journal.seq_at_visitor(conversation.id, seq)
        self.room.hub.tell_watchers(
            conversation, {"op": "read", "conversation": conversation.id, "who": "visitor", "seq": theirs}
        )
        return []


class VisitorLink(VisitorFrames, Link):
    """A visitor's open socket."""

    def __init__(self, room: VisitorRoom, visitor_id: str, connection: Connection, *, address: str):
        VisitorFrames.__init__(self, room, visitor_id, address=address)
        Link.__init__(self, connection)
        self.who = VISITOR
        self.ears = VisitorEars(visitor_id)
        self._is_welcome = False
        """Whether it knows of which record it hears; until then it hears of nothing, lest it take one for another."""
        self._heads: dict[str, int] = {}
        self._stands: tuple[datetime, int] | None = None
        """As of which conversation and event the visitor was told where they stand."""

    def take(self, frame: Any) -> list[Frame]:
        """Does what the frame asks and returns what to answer. Raises refusals of the desk."""
        if self._is_welcome or not isinstance(frame, frames.Resume):
            return super().take(frame)
        self._is_welcome = True  # Before the page is read, so that nothing falls in between.
        try:
            return super().take(frame)
        except BaseException:
            self._is_welcome = False
            self.forget_held()
            self.connection.ask_back()  # Nobody asks again on this socket, and it would hear of nothing.
            raise

    def tell(self, frame: Frame) -> None:
        """Tells anything once the visitor knows of which record it is."""
        if self._is_welcome:
            super().tell(frame)

    def hear(self, conversation: Conversation, events: tuple[Event, ...]) -> None:
        """Tells the visitor what they may hear of what just happened."""
        self._heads = {conversation.id: conversation.visitor_last_seq}
        heard = heard_by(self.ears, events)
        if heard:
            self.tell(_page(conversation, heard, more=False))

    def tell_status(self, conversation: Conversation) -> None:
        """Tells the visitor where the conversation stands, unless they were told of a later moment meanwhile."""
        status, stands = self.room.status(conversation), (conversation.created_at, conversation.last_seq)
        if self._stands is None or stands >= self._stands:
            self._stands = stands
            self.tell({"op": "status", "conversation": conversation.id, **status})

    def heads(self) -> dict[str, int]:
        """Returns the last number of the visitor's open conversation, or of the one that was told of last."""
        return _heads_of(self.room.desk.open_conversation(self.visitor_id)) or self._heads

    def _beat(self) -> list[Frame]:
        """Returns nothing: the hub beats for all sockets."""
        return []


def _heads_of(conversation: Conversation | None) -> dict[str, int]:
    return {conversation.id: conversation.visitor_last_seq} if conversation else {}


def _page(conversation: Conversation, heard: list[Frame], *, more: bool) -> Frame:
    return told.page(conversation, heard, last=conversation.visitor_last_seq, more=more)
