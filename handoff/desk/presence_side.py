"""Agents coming and going: what they say of their presence, their panels, and what becomes of what they held."""

from functools import partial

from bot.change import Change, Refused, Row, Unavailable
from bot.contact import Known
from bot.conversation import Conversation, Draft
from flows.sentences import sentence
from handoff.agents import changed
from handoff.desk.agent_side import AgentSide
from handoff.desk.changing import ATTEMPTS, Parts
from handoff.models import PresenceChange
from handoff.presence import INTENTS
from handoff.refusals import NotPossibleNow, TryAgain
from handoff.waiting import owe_answer


class PresenceSide(AgentSide):
    """Verbs about who is here."""

    def __init__(self, parts: Parts):
        super().__init__(parts)
        self._work: dict[str, tuple[str, frozenset[str]]] = {}
        """Agent → role and departments, as they were when `reclaim` last looked."""

    def intend(self, agent_id: str, intent: str) -> None:
        """Records what the agent says of their presence, and offers waiting conversations again."""
        if intent not in INTENTS:
            raise NotPossibleNow(f"Presence is one of {', '.join(INTENTS)}.", field="intent")
        if self.agent(agent_id).intent != intent:
            self._record_presence(agent_id, intent=intent)
        self.staff_changed(agent_id)

    def arrive(self, agent_id: str) -> None:
        """An agent's panel opened."""
        if self._parts.connections.arrived(agent_id):
            self._record_presence(agent_id)
            self.staff_changed(agent_id)

    def leave(self, agent_id: str) -> None:
        """An agent's panel closed."""
        if self._parts.connections.left(agent_id):
            self._record_presence(agent_id)
            self.staff_changed(agent_id)

    def heard(self, agent_id: str) -> None:
        """An agent's panel gave a sign of life, which may be how we hear that they are here."""
        if self._parts.connections.heard(agent_id):
            self._record_presence(agent_id)
            self.staff_changed(agent_id)

    def reclaim(self) -> None:
        """Puts what agents hold who vanished back into the queue, at its old place, or does what the site wants when
        nobody else is there; a message that was left is one again. Whoever comes back in time keeps everything. What
        waits is offered to whoever could take it by now, whatever it was that gave them room; so it is to whoever works
        elsewhere or as something else than before. Several workers may ask at once."""
        self._parts.agents.look_again()
        self._tell_of_other_work()
        for agent_id in self._parts.queue.owners():
            if self._parts.connections.has_vanished(agent_id):
                self._change_each(self._parts.queue.held_by(agent_id), partial(self._take_from, agent_id=agent_id))
        agents = self._parts.agents.all()
        for each in self._parts.queue.waiting():
            if self._handover.is_stuck(each, agents):
                self._change_each([each.id], self._move_on, looks_first=True)
                agents = self._parts.agents.all()

    def _tell_of_other_work(self) -> None:
        """Says of whom another program (`parlour agent`, or another worker) made something else than they were."""
        for agent in self._parts.agents.all():
            work = agent.role, agent.departments
            if self._work.get(agent.id, work) != work:
                self.staff_changed(agent.id)
            self._work[agent.id] = work

    def _move_on(self, draft: Draft, known: Known) -> Known:
        self._handover.move_on(draft)
        return known

    def _take_from(self, draft: Draft, known: Known, *, agent_id: str) -> Known:
        before = draft.before
        if before.holder != "agent" or before.owner != agent_id or not self._parts.connections.has_vanished(agent_id):
            return known
        agent = self.agent(agent_id)
        self._give_back(draft, agent, by="vanished")
        body = {"department": before.department or "", "why": "agent_gone", "agent": agent.id, "name": agent.name}
        if self._is_still_a_message(before):
            # Who left it went away long ago: nobody is there to be told, or to wait for somebody else.
            draft.add("requeued", {**body, "left": True}, actor="system")
            owe_answer(draft, since=before.waiting_since or draft.now)
            return known
        draft.add("requeued", body, actor="system")
        draft.add("message", {"text": sentence("agent_gone", before.language, name=agent.name)}, actor="bot")
        if before.waiting_since:
            # The visitor may be gone, too: nobody would be there to leave what was asked as a message.
            owe_answer(draft, since=before.waiting_since)
        turn = self._parts.bot.call_agent(known, before.department, reason="vanished")
        return self._handover.settle(draft, turn, since=before.queued_at)

    def _is_still_a_message(self, held: Conversation) -> bool:
        """Says whether what an agent holds was left as a message, and its visitor has written nothing since."""
        seq = held.owner_seq or 0
        if held.last_message.get("said", {}).get("seq", 0) > seq:
            return False
        accepted = self._parts.journal.events_after(held.id, seq - 1, limit=1)
        return any(event.seq == seq and event.body.get("left") for event in accepted)

    def _record_presence(self, agent_id: str, *, intent: str | None = None) -> None:
        for _ in range(ATTEMPTS):
            agent = self.agent(agent_id)
            row = {"agent_id": agent.id, "at": self._parts.now(), "connected": agent.connected}
            change = Change(rows=[Row(PresenceChange, {**row, "intent": intent or agent.intent})])
            if intent:
                change.guards.append(changed(agent, intent=intent))
            self._parts.agents.forget()
            try:
                return self._parts.journal.commit(change)
            except Refused:
                continue
            except Unavailable as problem:
                raise TryAgain from problem
        raise TryAgain
