"""What an agent may ask of the desk."""

from functools import partial

from bot.change import Guard, Row
from bot.contact import Known
from bot.conversation import Conversation, Draft
from bot.events import Event
from flows.runner import Event as FlowEvent
from handoff.agents import changed
from handoff.audience import may_work_on
from handoff.desk.changing import Changing, SaidBefore
from handoff.desk.visitor_side import sayable
from handoff.ending import close_when_idle, end
from handoff.lifecycle import holder_after
from handoff.models import Assignment
from handoff.refusals import AlreadyAccepted, Blocked, Full, NoSuchAgent, NoSuchConversation, NotPossibleNow, Reassigned
from handoff.routing import Agent
from handoff.waiting import ask_nobody, leave_queue


class AgentSide(Changing):
    """Verbs of agents. A conversation that is not an agent's business looks like one that does not exist."""

    def agent(self, agent_id: str) -> Agent:
        """Returns an agent as of now; raises NoSuchAgent when there is none by this id."""
        agent = self._parts.agents.get(agent_id)
        if agent is None:
            raise NoSuchAgent
        return agent

    def conversation_for(self, agent_id: str, conversation_id: str) -> Conversation:
        """Returns a conversation this agent may work on; raises NoSuchConversation."""
        conversation = self.conversation(conversation_id)
        self._check_business(conversation, self.agent(agent_id))
        return conversation

    def accept(self, agent_id: str, conversation_id: str) -> int:
        """Gives a waiting conversation to the agent, and returns the number that proves it.

        Raises AlreadyAccepted with the name of whoever was first, Full, NotPossibleNow or NoSuchConversation. Asked
        again by the same agent, the same number is returned.
        """
        draft = self._change(conversation_id, partial(self._accept, agent_id=agent_id))
        return draft.state.owner_seq or 0

    def decline(self, agent_id: str, conversation_id: str) -> None:
        """Passes an offer on to the next agent; without a standing offer to this agent nothing happens.

        Raises NoSuchConversation for one that is not the agent's business.
        """

        def verb(draft: Draft, known: Known) -> Known:
            self._check_business(draft.state, self.agent(agent_id))
            if draft.state.offered_to == agent_id:
                self._handover.end_offer(draft, "declined")
            return known

        self._change(conversation_id, verb)

    def say(self, agent_id: str, conversation_id: str, text: str, *, token: int, client_id: str) -> Event:
        """Stores what the agent said; `token` is the number of the accept, and Reassigned says it no longer holds."""
        return self._speak(agent_id, conversation_id, text, kind="message", token=token, client_id=client_id)

    def note(self, agent_id: str, conversation_id: str, text: str, *, client_id: str) -> Event:
        """Stores a note that visitors never see; any agent whose business the conversation is may leave one."""
        return self._speak(agent_id, conversation_id, text, kind="note", token=None, client_id=client_id)

    def return_to_bot(self, agent_id: str, conversation_id: str, *, token: int, client_id: str | None = None) -> None:
        """Gives the conversation back to the bot, which goes on where it stood. Asked again, nothing happens."""
        actor = f"agent:{agent_id}"

        def verb(draft: Draft, known: Known) -> Known:
            if self._was_done(draft, actor, token, client_id):
                return known
            agent = self._owner(draft, agent_id, token)
            self._give_back(draft, agent, by="returned")
            draft.add("returned", {"agent": agent.id, "name": agent.name}, actor=actor, client_id=client_id)
            turn = self._parts.bot.resume(draft, known, FlowEvent("agent_left", data={"how": "returned"}))
            return self._handover.settle(draft, turn)

        self._change(conversation_id, verb)

    def close(self, agent_id: str, conversation_id: str, *, token: int, client_id: str | None = None) -> None:
        """Ends the conversation; what the visitor writes afterwards begins a new one. Asked again, nothing happens."""
        actor = f"agent:{agent_id}"

        def verb(draft: Draft, known: Known) -> Known:
            if self._was_done(draft, actor, token, client_id):
                return known
            agent = self._owner(draft, agent_id, token)
            self._release(draft, agent, by="closed")
            end(draft, by="agent", name=agent.name, actor=actor, client_id=client_id)
            return known

        self._change(conversation_id, verb)

    def _accept(self, draft: Draft, known: Known, *, agent_id: str) -> Known:
        agent = self.agent(agent_id)
        state = draft.state
        self._check_business(state, agent)
        if state.holder == "agent":
            if state.owner == agent_id:
                return known
            first = self._parts.agents.get(state.owner or "")
            raise AlreadyAccepted(first.name if first else "A colleague")
        if not state.open:
            raise NotPossibleNow("This conversation has ended.")
        if agent.active >= agent.capacity:
            raise Full(agent.capacity)
        body: dict[str, object] = {"agent": agent.id, "name": agent.name, "department": state.department or ""}
        if state.left and state.holder == "bot":
            body["left"] = True  # What it goes back to being, should the agent vanish.
        event = draft.add("accepted", body, actor=f"agent:{agent.id}")
        ask_nobody(draft)
        draft.set(
            holder=holder_after("accept", state.holder),
            owner=agent.id,
            owner_seq=event.seq,
            left=False,
        )
        draft.guard(changed(agent, active=agent.active + 1, last_accepted_at=draft.now))
        draft.insert(Row(Assignment, _assignment(draft, agent, event.seq)))
        if draft.before.left:
            close_when_idle(draft, after=self._parts.bot.sites.current.conversation.idle_close)
        turn = self._parts.bot.resume(draft, known, FlowEvent("agent_joined"))
        return turn.known

    def _speak(
        self, agent_id: str, conversation_id: str, text: str, *, kind: str, token: int | None, client_id: str
    ) -> Event:
        text = sayable(text)
        actor = f"agent:{agent_id}"

        def verb(draft: Draft, known: Known) -> Known:
            if token is None:
                agent = self.agent(agent_id)
                self._check_business(draft.state, agent)
            else:
                agent = self._owner(draft, agent_id, token)
            return self._put_down(draft, known, text, kind=kind, agent=agent, client_id=client_id)

        def begin(attempt: int) -> tuple[Draft, Known]:
            self._refuse_repetition(actor, client_id, text, attempt)
            return self._draft(conversation_id)

        visitor_id = self._live(conversation_id).conversation.visitor_id
        with self._turnstiles.one_at_a_time(visitor_id):
            try:
                return _said(self._attempt(begin, verb), client_id)
            except SaidBefore as before:
                return before.event

    def _put_down(self, draft: Draft, known: Known, text: str, *, kind: str, agent: Agent, client_id: str) -> Known:
        """Stores what an agent wrote as the rules leave it; what a rule blocks is not stored, but that it was."""
        bot, body = self._parts.bot, {"name": agent.name}
        if kind == "note":
            text = bot.masked(draft, known, text, who="agent")
            draft.add(kind, {"text": text, **body}, actor=f"agent:{agent.id}", client_id=client_id)
            return known
        heard = bot.hear(draft, known, text, who="agent")
        if not heard.blocked:
            draft.set(waiting_since=None)
            draft.add(kind, {"text": heard.text, **body}, actor=f"agent:{agent.id}", client_id=client_id)
        return bot.note(draft, known, heard, who="agent")

    def _owner(self, draft: Draft, agent_id: str, token: int) -> Agent:
        agent = self.agent(agent_id)
        self._check_business(draft.state, agent)
        if draft.state.owner != agent_id or draft.state.owner_seq != token:
            raise Reassigned
        return agent

    def _was_done(self, draft: Draft, actor: str, token: int, client_id: str | None) -> bool:
        """Says whether what an agent lets go of was let go of by this very request, whose answer was lost."""
        is_owner = draft.state.owner_seq == token
        return not is_owner and client_id is not None and self._parts.journal.sent(actor, client_id) is not None

    def _give_back(self, draft: Draft, agent: Agent, *, by: str) -> None:
        self._release(draft, agent, by=by)
        draft.set(holder=holder_after("return_to_bot", draft.state.holder))

    def _release(self, draft: Draft, agent: Agent, *, by: str) -> None:
        """Takes the conversation out of the agent's hands; who holds it next, the caller says."""
        state = draft.state
        draft.guard(Guard(Assignment, f"{state.id}:{state.owner_seq}", 1, _ended(draft, by)))
        draft.guard(changed(agent, active=max(agent.active - 1, 0)))
        leave_queue(draft)
        draft.set(owner=None, owner_seq=None)

    def _check_business(self, conversation: Conversation, agent: Agent) -> None:
        if not may_work_on(conversation, agent):
            raise NoSuchConversation


def _said(draft: Draft, client_id: str) -> Event:
    """Returns the event that an agent's words became; raises Blocked with the rule's own words if there is none."""
    for event in draft.events:
        if event.client_id == client_id:
            return event
    raise Blocked(next((event.body["say"] for event in draft.events if "say" in event.body), ""))


def _assignment(draft: Draft, agent: Agent, seq: int) -> dict[str, object]:
    return {
        "id": f"{draft.state.id}:{seq}",
        "conversation_id": draft.state.id,
        "agent_id": agent.id,
        "began_at": draft.now,
        "ended_at": None,
        "ended_by": None,
        "revision": 1,
    }


def _ended(draft: Draft, by: str) -> dict[str, object]:
    return {"ended_at": draft.now, "ended_by": by, "revision": 2}
