"""What a visitor may ask of the desk."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from bot.contact import Known, meet
from bot.conversation import Conversation, Draft
from bot.events import Event
from bot.first_words import cursor_of_visitor
from bot.greeting import Answered, Whereabouts
from flows.cursor import Cursor
from handoff.desk.changing import Changing, SaidBefore
from handoff.refusals import NoSuchConversation, Unsayable

LONGEST_TEXT = 4000
"""Characters in one message."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a visitor typed, or the button they pressed ({step, value, label}), or the bubble they answered."""

    text: str = ""
    button: Mapping[str, Any] | None = None
    answered: Answered | None = None

    @property
    def words(self) -> str:
        """Returns what the thread shows."""
        return str(self.button["label"]) if self.button else self.text


class VisitorSide(Changing):
    """Verbs of visitors. Somebody else's conversation looks like one that does not exist."""

    def open_conversation(self, visitor_id: str) -> Conversation | None:
        """Returns the visitor's one open conversation, if there is one."""
        live = self._parts.live.open_of(visitor_id)
        return live.conversation if live else None

    def conversation_of(self, visitor_id: str, conversation_id: str) -> Conversation:
        """Returns a conversation of this visitor; raises NoSuchConversation."""
        conversation = self.conversation(conversation_id)
        if conversation.visitor_id != visitor_id:
            raise NoSuchConversation
        return conversation

    def receive(self, visitor_id: str, said: Said, *, client_id: str, whereabouts: Whereabouts) -> Event:
        """Stores what the visitor said, lets the bot answer if it holds the conversation, and returns the event.

        The visitor's open conversation is found or made. Said again with the same client id, nothing happens and the
        first event is returned. Raises Unsayable, Mismatch (same id, other words) or TryAgain.
        """
        said = _sayable(said)
        actor = f"visitor:{visitor_id}"
        with self._turnstiles.one_at_a_time(visitor_id):
            try:
                draft = self._attempt(
                    partial(self._begin, visitor_id, whereabouts, (actor, client_id, said.words)),
                    partial(self._take, said=said, actor=actor, client_id=client_id),
                )
            except SaidBefore as before:
                return before.event
        self._follow_up(draft)
        return next(event for event in draft.events if event.client_id == client_id)

    def _begin(
        self, visitor_id: str, whereabouts: Whereabouts, sending: tuple[str, str, str], attempt: int
    ) -> tuple[Draft, Known]:
        self._refuse_repetition(*sending, attempt)
        now = self._parts.now()
        live = self._parts.live.open_of(visitor_id)
        if live is not None:
            return Draft(live.conversation, now), live.known
        new_id = self._parts.new_id()
        conversation = Conversation(
            id=new_id,
            visitor_id=visitor_id,
            visit_id=whereabouts.visit_id,
            created_at=now,
            last_at=now,
            language=whereabouts.language,
            context=whereabouts.facts,
            cursor=Cursor(new_id, whereabouts.language),
        )
        known = self._parts.live.known(visitor_id)
        draft = Draft(conversation, now, is_new=True)
        if known.contact:
            draft.set(contact_id=known.contact.id)
        return draft, known

    def _take(self, draft: Draft, known: Known, *, said: Said, actor: str, client_id: str) -> Known:
        if draft.before.last_seq == 0:
            known = self._start(draft, known, said)
        body: dict[str, Any] = {"text": said.words}
        if said.button:
            body["button"] = dict(said.button)
        draft.add("message", body, actor=actor, client_id=client_id)
        if draft.state.holder != "bot" or draft.state.left:
            draft.set(waiting_since=draft.state.waiting_since or draft.now)
        if draft.state.holder != "bot":
            return known
        bubble = said.answered
        if bubble and bubble.department:
            turn = self._parts.bot.call_agent(known, bubble.department)
        elif bubble and bubble.start and not bubble.began:
            turn = self._parts.bot.begin(draft, known, bubble.start, inputs=bubble.inputs)
        else:
            turn = self._parts.bot.answer(draft, known, text=said.text or None, button=said.button)
        return self._handover.settle(draft, turn)

    def _start(self, draft: Draft, known: Known, said: Said) -> Known:
        facts = draft.state.context
        body = {
            "page": facts.get("page.path", ""),
            "title": facts.get("page.title", ""),
            "language": draft.state.language,
        }
        bubble = said.answered
        if bubble:
            body |= {"impression": bubble.impression, "trigger": bubble.title, "why": bubble.why}
        draft.add("started", body, actor="system")
        idle_close = self._parts.bot.sites.current.conversation.idle_close
        draft.job("close_when_idle", f"idle:{draft.state.id}", run_at=draft.now + idle_close)
        known = meet(draft, known)
        if bubble is None:
            return known
        draft.guard(bubble.guard(draft.state.id, draft.now))
        if bubble.began and bubble.start:
            draft.set(cursor=cursor_of_visitor(draft.state.visitor_id, draft.state.language))
            return self._handover.settle(draft, self._parts.bot.begin(draft, known, bubble.start, inputs={}))
        if bubble.said:
            draft.add("message", {"text": bubble.said, "trigger": bubble.trigger}, actor="bot")
        return known

    def viewed(self, visitor_id: str, *, facts: Mapping[str, Any]) -> None:
        """Notes, in the open conversation if there is one, that the visitor went to another page."""
        live = self._parts.live.open_of(visitor_id)
        if live is None or live.conversation.context.get("page.path") == facts.get("page.path"):
            return

        def verb(draft: Draft, known: Known) -> Known:
            body = {"path": facts.get("page.path", ""), "title": facts.get("page.title", "")}
            draft.add("page_viewed", body, actor=f"visitor:{visitor_id}")
            kept = {name: value for name, value in draft.state.context.items() if not name.startswith("page.")}
            draft.set(context={**kept, **facts})
            return known

        self._change(live.conversation.id, verb)


def _sayable(said: Said) -> Said:
    if said.button or (said.answered and not said.text):
        return said
    text = readable(said.text)
    return Said(text, said.button, said.answered)


def readable(text: str) -> str:
    """Returns the text without control characters; raises Unsayable when nothing is left or it is too long."""
    kept = text.strip()
    if not kept.isprintable():
        kept = "".join(
            each for each in text if each in "\n\t" or unicodedata.category(each) not in ("Cc", "Cs")
        ).strip()
    if not kept:
        raise Unsayable("There is nothing to read in this message. Type some words and send it again.")
    if len(kept) > LONGEST_TEXT:
        raise Unsayable(f"This message has {len(kept):,} characters; {LONGEST_TEXT:,} fit. Send it in parts.")
    return kept
