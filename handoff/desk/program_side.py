"""What a program of the operator may ask of the desk: speak in a conversation, start a flow, hand over, take back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from bot.contact import Known
from bot.conversation import Conversation, Draft
from bot.events import Event
from bot.greeting import Whereabouts
from flows.effects import SlotValue
from flows.runner import Event as FlowEvent
from handoff.desk.changing import SaidBefore
from handoff.desk.presence_side import PresenceSide
from handoff.desk.visitor_side import VisitorSide, sayable
from handoff.lifecycle import holder_after
from handoff.waiting import leave_queue

PROGRAM = "agent:program"
"""Who speaks where a program passes on what a person said elsewhere."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A conversation after a verb, and what happened in it."""

    conversation: Conversation
    events: tuple[Event, ...]


class ProgramSide(VisitorSide, PresenceSide):
    """Verbs of programs. A visitor without an open conversation gets one: `whereabouts` says how it begins."""

    def start_flow(
        self, visitor_id: str, flow: str, *, inputs: Mapping[str, SlotValue], whereabouts: Whereabouts
    ) -> Outcome:
        """Starts a flow of the site unasked. While a person has the conversation the bot stays silent."""

        def verb(draft: Draft, known: Known) -> Known:
            if draft.state.holder != "bot":
                return known
            return self._handover.settle(draft, self._parts.bot.begin(draft, known, flow, inputs=inputs))

        return self._in_conversation_of(visitor_id, whereabouts, verb)

    def say_as(
        self, speaker: Literal["bot", "agent"], visitor_id: str, body: Mapping[str, Any], *, whereabouts: Whereabouts
    ) -> Outcome:
        """Says something to the visitor; `body` is a message's, with its text and what goes with it."""

        def verb(draft: Draft, known: Known) -> Known:
            if speaker == "bot":
                draft.add("message", body, actor="bot")
            else:
                draft.add("message", self._parts.bot.masked(draft, known, body, who="agent"), actor=PROGRAM)
                draft.set(waiting_since=None)
            return known

        return self._in_conversation_of(visitor_id, whereabouts, verb)

    def record(self, visitor_id: str, text: str, *, client_id: str, whereabouts: Whereabouts) -> Outcome:
        """Stores what the visitor said elsewhere; the bot does not answer it, an agent who has them sees it."""
        text = sayable(text)
        actor = f"visitor:{visitor_id}"

        def verb(draft: Draft, known: Known) -> Known:
            kept = self._parts.bot.masked(draft, known, {"text": text})
            draft.add("message", kept, actor=actor, client_id=client_id)
            if draft.state.holder != "bot":
                draft.set(waiting_since=draft.state.waiting_since or draft.now)
            return known

        try:
            return self._in_conversation_of(visitor_id, whereabouts, verb, sending=(actor, client_id, text))
        except SaidBefore as before:
            return Outcome(self.conversation(before.event.conversation_id), ())

    def set_slots(self, visitor_id: str, slots: Mapping[str, SlotValue], *, whereabouts: Whereabouts) -> Outcome:
        """Gives slots other values, without a step."""

        def verb(draft: Draft, known: Known) -> Known:
            cursor = draft.state.cursor.copy()
            cursor.slots.update(slots)
            told = [{"slot": name, "value": value, "flow": "", "step": ""} for name, value in slots.items()]
            draft.add("turn", {"trace": [], "slots": told}, actor="system")
            draft.set(cursor=cursor)
            return known

        return self._in_conversation_of(visitor_id, whereabouts, verb)

    def hand_over(self, visitor_id: str, department: str | None, *, whereabouts: Whereabouts) -> Outcome:
        """Asks for a person, as a handoff of a flow does; somebody asked already is not asked twice."""

        def verb(draft: Draft, known: Known) -> Known:
            if draft.state.holder != "bot":
                return known
            return self._handover.settle(draft, self._parts.bot.call_agent(known, department, reason="program"))

        return self._in_conversation_of(visitor_id, whereabouts, verb)

    def take_back(self, visitor_id: str, *, whereabouts: Whereabouts) -> Outcome:
        """Gives the conversation back to the bot, from the queue or from whoever has it."""

        def verb(draft: Draft, known: Known) -> Known:
            if draft.state.holder == "bot":
                return known
            if draft.state.holder == "queue":
                leave_queue(draft)
                draft.set(holder=holder_after("give_up_waiting", "queue"))
            else:
                self._give_back(draft, self.agent(draft.state.owner or ""), by="returned")
            draft.add("returned", {}, actor="system")
            turn = self._parts.bot.resume(draft, known, FlowEvent("agent_left", data={"how": "returned"}))
            return self._handover.settle(draft, turn)

        return self._in_conversation_of(visitor_id, whereabouts, verb)

    def _in_conversation_of(
        self,
        visitor_id: str,
        whereabouts: Whereabouts,
        verb: Callable[[Draft, Known], Known],
        *,
        sending: tuple[str, str, str] | None = None,
    ) -> Outcome:
        def begin(attempt: int) -> tuple[Draft, Known]:
            if sending:
                self._refuse_repetition(*sending, attempt)
            return self._open(visitor_id, whereabouts, attempt)

        with self._turnstiles.one_at_a_time(visitor_id):
            draft = self._attempt(begin, partial(self._begun, verb=verb))
        self._follow_up(draft)
        return Outcome(draft.state, tuple(draft.events))

    def _begun(self, draft: Draft, known: Known, *, verb: Callable[[Draft, Known], Known]) -> Known:
        if draft.before.last_seq == 0:
            known = self._start(draft, known, None)
        return verb(draft, known)
