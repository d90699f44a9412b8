"""How a verb changes a conversation: computed from a snapshot, committed, computed again when somebody was faster."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError

from bot.actions.actions import Actions
from bot.answering import Bot
from bot.change import Change, NotStorable, Refused, Unavailable
from bot.contact import Known
from bot.conversation import Conversation, Draft
from bot.events import Event
from bot.ids import NewId
from bot.jobs import Jobs
from bot.journal import Journal
from bot.measuring import Spread
from bot.spans import Spans, no_spans
from handoff.agents import Agents
from handoff.announcements import Announcement, Announcements, StaffChanged
from handoff.elsewhere import Elsewhere
from handoff.handover import Handover
from handoff.live import Live, LiveConversations, Turnstiles
from handoff.models import AgentRow
from handoff.presence import Connections
from handoff.queue import Queue
from handoff.refusals import Mismatch, NoSuchConversation, Refusal, TryAgain, Unsayable
from rules.rule import Who

ATTEMPTS = 5
"""How often a verb is computed before its sender is asked to try again."""

MOST_REMEMBERED = 10_000
"""How many recent client ids are known without asking the database."""

log = structlog.get_logger()

Verb = Callable[[Draft, Known], Known]
Begin = Callable[[int], tuple[Draft, Known]]
Errand = Callable[[Draft], None]
"""Plans what must be done elsewhere because of a change, as jobs of the same draft."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a desk is put together from; `create_app` does it."""

    journal: Journal
    jobs: Jobs
    live: LiveConversations
    queue: Queue
    agents: Agents
    connections: Connections
    bot: Bot
    announcements: Announcements
    now: Callable[[], datetime]
    new_id: NewId
    actions: Actions
    spans: Spans = no_spans
    errands: tuple[Errand, ...] = ()
    """What else is written with every change."""


class Changing:
    """The common ground of the desk's sides."""

    def __init__(self, parts: Parts):
        self._parts = parts
        self._turnstiles = Turnstiles()
        self._handover = Handover(parts.bot, parts.agents)
        self._elsewhere = Elsewhere(parts.live, parts.journal, parts.announcements)
        self._recently_sent: OrderedDict[tuple[str, str], Event] = OrderedDict()
        self.turns = Spread()
        """Seconds from a visitor's message to its being stored with all that it led to."""
        self.recorded: Counter[tuple[str, str]] = Counter()
        """(Kind of event, who: visitor, bot, agent, system) → how many this process stored."""
        self.lost_races = 0
        """How often somebody else was faster and a verb was computed again."""

    def conversation(self, conversation_id: str) -> Conversation:
        """Returns a conversation as it stands; raises NoSuchConversation."""
        return self._live(conversation_id).conversation

    def known(self, conversation_id: str) -> Known:
        """Returns what is known of a conversation's visitor; raises NoSuchConversation."""
        return self._live(conversation_id).known

    def forget_all(self) -> None:
        """Drops all that is remembered of the record, which is another one now."""
        self._parts.journal.begin_anew()
        self._parts.live.forget_all()
        self._parts.agents.forget()
        self._recently_sent.clear()

    def _live(self, conversation_id: str) -> Live:
        live = self._parts.live.get(conversation_id)
        if live is None:
            raise NoSuchConversation
        return live

    def _change(self, conversation_id: str, verb: Verb) -> Draft:
        """Runs a verb on one conversation and returns its committed draft.

        Raises what the verb refuses, and TryAgain when it cannot be written.
        """
        visitor_id = self._live(conversation_id).conversation.visitor_id
        with self._turnstiles.one_at_a_time(visitor_id):
            draft = self._attempt(partial(self._draft, conversation_id), verb)
        self._follow_up(draft)
        return draft

    def _change_each(self, conversation_ids: Iterable[str], verb: Verb, *, looks_first: bool = False) -> None:
        """Runs a verb on each of these. Where it fails operators are told, and the others have their turn.

        With `looks_first` the verb gets each as it is in the database by now, and not as it was when it was told here.
        """
        for conversation_id in conversation_ids:
            try:
                if looks_first:
                    self._elsewhere.catch_up(conversation_id)
                self._change(conversation_id, verb)
            except Refusal as refusal:
                log.warning("conversation.not_changed", conversation=conversation_id, code=refusal.code)
            except DBAPIError:
                raise  # None of the others would fare better.
            except Exception:
                log.exception("conversation.not_changed", conversation=conversation_id)

    def _draft(self, conversation_id: str, _attempt: int = 0) -> tuple[Draft, Known]:
        live = self._live(conversation_id)
        return Draft(live.conversation, self._parts.now()), live.known

    def _attempt(self, begin: Begin, verb: Verb) -> Draft:
        for attempt in range(ATTEMPTS):
            record = self._parts.journal.record
            draft, known = begin(attempt)
            try:
                known = verb(draft, known)
            except Refusal:
                if attempt:
                    raise
                # What is in memory may be what another worker has changed: nobody is refused because of that.
                self._look_again(draft)
                continue
            try:
                with self._parts.agents.asking(draft.state.offered_to, draft.state.id):
                    change = self._write(draft, record)
            except Refused:
                self.lost_races += 1
                self._look_again(draft)
                continue
            except NotStorable as problem:
                raise Unsayable(
                    "There is something in this that cannot be stored. Write it in other words."
                ) from problem
            except Unavailable as problem:
                # Was it written after all? Then the next change is refused, and what happened is told as it catches up.
                self._parts.agents.forget()
                raise TryAgain from problem
            if record != self._parts.journal.record:
                raise TryAgain  # Written or not, it was in a record that is another one now: nothing of it is kept.
            if change:
                self._committed(draft, known, change)
            return draft
        raise TryAgain

    def _write(self, draft: Draft, record: int) -> Change:
        for errand in self._parts.errands if draft.events else ():
            errand(draft)
        change = draft.change()
        change.record = record
        if change:
            self._parts.journal.commit(change)
        return change

    def _committed(self, draft: Draft, known: Known, change: Change) -> None:
        is_news = self._parts.live.put(Live(draft.state, known))
        for event in draft.events:
            self.recorded[event.kind, event.role] += 1
            if event.client_id:
                self._remember(event, event.client_id)
        if _touches_agents(change) or draft.state.offered_to != draft.before.offered_to:
            self._parts.agents.forget()
        if is_news:
            self._parts.announcements.announce(Announcement(draft.before, draft.state, tuple(draft.events)))
        if any(run_at <= draft.now for run_at in draft.due):
            self._parts.jobs.wake()

    def _look_again(self, draft: Draft) -> None:
        self._parts.agents.forget()
        self._elsewhere.catch_up(draft.before.id, after=draft.before.last_seq)

    def _follow_up(self, draft: Draft) -> None:
        """Room that a change made is offered to those who wait; outside the turnstile, since others are changed."""
        freed, taker, asked = draft.before.owner, draft.state.owner, draft.before.offered_to
        if freed and taker != freed:
            self.staff_changed(freed)
        if taker and taker != freed:
            self._take_back_offers(taker)
        if asked and asked not in (draft.state.offered_to, taker):
            self._ask_for_others(asked)

    def _ask_for_others(self, agent_id: str) -> None:
        """Offers an agent, whom one offer less takes up now, what waits and was not offered to them yet."""
        agent = self._parts.agents.get(agent_id)
        waiting = iter(self._parts.queue.without_offer(agent) if agent and agent.may_be_asked else ())
        while agent and agent.may_be_asked and (conversation_id := next(waiting, None)):
            self._change_each([conversation_id], self._offer)
            agent = self._parts.agents.get(agent_id)

    def _offer(self, draft: Draft, known: Known) -> Known:
        self._handover.offer(draft)
        return known

    def staff_changed(self, agent_id: str) -> None:
        """Offers what waits again, because this agent came, went, or has room: one who was asked is asked anew.

        What they are being asked to take and cannot is offered to others.
        """
        self._parts.agents.forget()
        self._parts.announcements.announce(StaffChanged(agent_id))
        agent = self._parts.agents.get(agent_id)
        if agent:
            self._take_back_offers(agent_id)
            self._change_each(self._parts.queue.without_offer(agent), partial(self._offer_again, agent_id=agent_id))

    def _take_back_offers(self, agent_id: str) -> None:
        self._change_each(self._parts.queue.offered_to(agent_id), self._take_back_offer)

    def _take_back_offer(self, draft: Draft, known: Known) -> Known:
        self._handover.take_back_offer(draft)
        return known

    def _offer_again(self, draft: Draft, known: Known, *, agent_id: str) -> Known:
        asked = draft.state.asked
        draft.set(asked=tuple(each for each in asked if each != agent_id))
        self._handover.offer(draft)
        if not draft.events:
            draft.set(asked=asked)
        return known

    def _refuse_repetition(
        self, actor: str, client_id: str, text: str, attempt: int, *, form: Mapping[str, Any] | None = None
    ) -> None:
        """Raises SaidBefore when this was stored already, Mismatch when it was stored with other words.

        Of a `form` only those fields are compared that were stored. A first attempt looks only at what is remembered:
        the table refuses a second row, and then we look there.
        """
        before = self._recently_sent.get((actor, client_id))
        if before is None and attempt:
            before = self._parts.journal.sent(actor, client_id)
        if before is None:
            return
        said, kept = _words_of(before), _filled_in(before)
        if form and kept:
            text = as_written({name: value for name, value in form["values"].items() if name in kept})
        if said != text and self._as_kept(before, text) != said:
            raise Mismatch
        raise SaidBefore(before)

    def _as_kept(self, before: Event, text: str) -> str:
        """Returns a text as it was stored, if it was the one of this event: what came masked comes unmasked again."""
        draft, known = self._draft(before.conversation_id)
        who: Who = "visitor" if before.role == "visitor" else "agent"
        kept: str = self._parts.bot.masked(draft, known, text, who=who)
        return kept

    def forget_conversations(self, conversation_ids: Collection[str]) -> None:
        """Drops what is kept in memory of conversations that were erased."""
        for conversation_id in conversation_ids:
            self._parts.live.forget(conversation_id)
        gone = [sent for sent, event in self._recently_sent.items() if event.conversation_id in conversation_ids]
        for sent in gone:
            del self._recently_sent[sent]
        self._parts.agents.forget()

    def _remember(self, event: Event, client_id: str) -> None:
        self._recently_sent[event.actor, client_id] = event
        if len(self._recently_sent) > MOST_REMEMBERED:
            self._recently_sent.popitem(last=False)


class SaidBefore(Exception):
    """The same message came again; the event it became the first time."""

    def __init__(self, event: Event):
        super().__init__()
        self.event = event


def as_written(values: Mapping[str, Any]) -> str:
    """Returns what was filled in, a line for each field, as the thread and the lists show it."""
    lines = [(_TICKED if value else _NOT_TICKED) if isinstance(value, bool) else value for value in values.values()]
    return "\n".join(line for line in lines if line) or _NOTHING_FILLED_IN


_TICKED, _NOT_TICKED, _NOTHING_FILLED_IN = "☑", "☐", "–"


def _words_of(event: Event) -> str:
    """Returns what somebody sent: of a form what was filled in, whatever it was called then."""
    values = _filled_in(event)
    return as_written(values) if values else str(event.body["text"])


def _filled_in(event: Event) -> Mapping[str, Any]:
    values: Mapping[str, Any] = (event.body.get("form") or {}).get("values", {})
    return values


def _touches_agents(change: Change) -> bool:
    return any(guard.model is AgentRow for guard in change.guards)
