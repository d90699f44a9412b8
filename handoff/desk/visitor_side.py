"""What a visitor may ask of the desk."""

from collections.abc import Mapping
from functools import partial
from time import perf_counter
from typing import Any, NamedTuple

from bot.answering import NOTHING_HEARD
from bot.contact import Known, come_back, meet
from bot.conversation import Conversation, Draft
from bot.events import Event
from bot.first_words import cursor_of_visitor
from bot.greeting import Answered, Whereabouts
from flows.cursor import Cursor
from handoff.desk.changing import Changing, SaidBefore, as_written
from handoff.ending import close_when_idle
from handoff.refusals import Forgotten, NoSuchConversation, Unsayable
from rules.readable import LONGEST_MESSAGE, readable
from rules.rulebook import Heard


class Said(NamedTuple):
    """What a visitor typed, the button they pressed ({step, value, label}), the form they filled in ({step, values}),
    or the bubble they answered."""

    text: str = ""
    button: Mapping[str, Any] | None = None
    answered: Answered | None = None
    form: Mapping[str, Any] | None = None

    @property
    def words(self) -> str:
        """Returns what the thread shows."""
        if self.form:
            return as_written(self.form["values"])
        return str(self.button["label"]) if self.button else self.text

    @property
    def typed(self) -> bool:
        """Says whether these are words of the visitor's own, and not a button or a form."""
        return not self.button and not self.form


class VisitorSide(Changing):
    """Verbs of visitors. Somebody else's conversation looks like one that does not exist."""

    def open_conversation(self, visitor_id: str) -> Conversation | None:
        """Returns the visitor's one open conversation, if there is one."""
        live = self._parts.live.open_of(visitor_id)
        return live.conversation if live else None

    def look_again(self, visitor_id: str) -> Conversation | None:
        """Returns the visitor's one open conversation as recorded, for somebody who is told of nothing unasked."""
        live, open_ = self._parts.live, self._parts.live.read_open_of(visitor_id)
        known = live.known_open_of(visitor_id)
        if known is not None and known != (open_.conversation.id if open_ else None):
            self._elsewhere.catch_up(known)
        return open_.conversation if open_ else None

    def conversation_of(self, visitor_id: str, conversation_id: str) -> Conversation:
        """Returns a conversation of this visitor; raises NoSuchConversation."""
        conversation = self.conversation(conversation_id)
        if conversation.visitor_id != visitor_id:
            raise NoSuchConversation
        return conversation

    def receive(self, visitor_id: str, said: Said, *, client_id: str, whereabouts: Whereabouts) -> Event:
        """Stores what the visitor said, lets the bot answer if it holds the conversation, and returns the event.

        The visitor's open conversation is found or made. Said again with the same client id, nothing happens and the
        first event is returned. Raises Unsayable, Mismatch (same id, other words), Forgotten or TryAgain.
        """
        said = _sayable(said)
        actor, began = f"visitor:{visitor_id}", perf_counter()
        with self._turnstiles.one_at_a_time(visitor_id), self._parts.spans("turn") as note:
            try:
                draft = self._attempt(
                    partial(self._begin, visitor_id, whereabouts, said, (actor, client_id)),
                    partial(self._take, said=said, actor=actor, client_id=client_id),
                )
            except SaidBefore as before:
                return before.event
            note(conversation=draft.state.id, seq=draft.state.last_seq)
        self.turns.add(perf_counter() - began)
        self._follow_up(draft)
        return next(event for event in draft.events if event.client_id == client_id)

    def _begin(
        self, visitor_id: str, whereabouts: Whereabouts, said: Said, sending: tuple[str, str], attempt: int
    ) -> tuple[Draft, Known]:
        self._refuse_repetition(*sending, said.words, attempt, form=said.form)
        return self._open(visitor_id, whereabouts, attempt)

    def _open(self, visitor_id: str, whereabouts: Whereabouts, attempt: int) -> tuple[Draft, Known]:
        """Returns a draft of the visitor's open conversation, or of a new one."""
        now = self._parts.now()
        live = self._parts.live.open_of(visitor_id)
        if live is not None:
            return Draft(live.conversation, now), live.known
        known = self._parts.live.known(visitor_id)
        if attempt and not known.visitor_revision:
            # It was refused, and now nobody knows this visitor: they were erased, and with them where they were.
            if whereabouts.visit_id:
                raise Forgotten
            whereabouts = Whereabouts(whereabouts.language)
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
        draft = Draft(conversation, now, is_new=True)
        if known.contact:
            draft.set(contact_id=known.contact.id)
        return draft, come_back(draft, known)

    def _take(self, draft: Draft, known: Known, *, said: Said, actor: str, client_id: str) -> Known:
        if draft.before.last_seq == 0:
            known = self._start(draft, known, said.answered)
        bot = self._parts.bot
        heard = bot.hear(draft, known, said.text) if said.typed else NOTHING_HEARD
        body = self._kept(draft, known, said, heard)
        draft.add("message", body, actor=actor, client_id=client_id)
        known = bot.note(draft, known, heard)
        if heard.blocked:
            return known
        if draft.state.holder != "bot" or draft.state.left:
            draft.set(waiting_since=draft.state.waiting_since or draft.now)
        if draft.state.holder != "bot":
            return bot.remark(draft, known, heard)
        bubble = said.answered
        by_button = bubble and bubble.chosen and (bubble.pressed or not bot.is_wish_for_person(draft, heard.text))
        if bubble and by_button and bubble.dismissed:
            return known
        if bubble and bubble.calls:
            turn = bot.call_agent(known, bubble.department, reason="target")
        elif bubble and by_button and bubble.start:
            turn = bot.begin(draft, known, bubble.start, inputs=bubble.inputs)
        else:
            text, form, begins = heard.text or None, body.get("form"), bubble.begins if bubble else None
            turn = bot.answer(draft, known, text=text, button=said.button, form=form, heard=heard, begins=begins)
        return self._handover.settle(draft, turn)

    def _kept(self, draft: Draft, known: Known, said: Said, heard: Heard) -> dict[str, Any]:
        """Returns the body of the message as it is stored: without what rules mask."""
        if said.typed:
            return {"text": heard.text, **({"rule": heard.blocked.rule.id} if heard.blocked else {})}
        body: dict[str, Any] = {"text": said.words}
        if said.button:
            body["button"] = dict(said.button)
        if said.form:
            # Names that no form asks for are somebody's own words where no rule looks: none of them is kept.
            words, values = self._parts.bot.filled_in(draft, known, said.form) or ("", {})
            body["text"] = words or said.words
            body["form"] = {"step": said.form["step"], "values": dict(values)}
        kept: dict[str, Any] = self._parts.bot.masked(draft, known, body)
        return kept

    def preview(self, visitor_id: str, text: str) -> str:
        """Returns what the visitor is typing as agents may see it: a draft is never kept, yet it is masked, too."""
        live = self._parts.live.open_of(visitor_id)
        if live is None:
            return text
        bot, draft = self._parts.bot, Draft(live.conversation, self._parts.now())
        masked: str = bot.masked(draft, live.known, text)
        return masked

    def _start(self, draft: Draft, known: Known, bubble: Answered | None) -> Known:
        facts = draft.state.context
        body = {
            "page": facts.get("page.path", ""),
            "title": facts.get("page.title", ""),
            "language": draft.state.language,
        }
        if "channel" in facts:
            body["channel"] = facts["channel"]
        if bubble:
            body |= {"impression": bubble.impression, "trigger": bubble.title, "why": bubble.why}
        draft.add("started", body, actor="system")
        close_when_idle(draft, after=self._parts.bot.sites.current.conversation.idle_close)
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
    if said.form:
        values = {name: _fillable(value) for name, value in said.form["values"].items()}
        form = {"step": said.form["step"], "values": values}
        sayable(as_written(values))
        return Said(form=form)
    if said.button:
        return said._replace(button={**said.button, "label": sayable(said.button["label"])})
    text = sayable(said.text)
    return said if text == said.text else Said(text, said.button, said.answered)


def _fillable(value: str | bool) -> str | bool:
    """Returns what was filled into a field without what nobody could read; a field may be left empty."""
    return readable(value) if isinstance(value, str) else value


def sayable(text: str) -> str:
    """Returns what people can read of a message; raises Unsayable when there is nothing or it is too long."""
    kept = readable(text)
    if not kept:
        raise Unsayable("There is nothing to read in this message. Type some words and send it again.")
    if len(kept) > LONGEST_MESSAGE:
        raise Unsayable(f"This message has {len(kept):,} characters; {LONGEST_MESSAGE:,} fit. Send it in parts.")
    return kept
