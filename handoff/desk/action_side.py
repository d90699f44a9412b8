"""What actions ask of the desk: what they came to, that they take a while, that it is time to remind somebody."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from bot.actions import calls
from bot.actions.answer import Returned
from bot.actions.calls import ACTION, GRACE, REMINDER, Call
from bot.actions.client import Failed
from bot.actions.tracker import MOST_EVENTS, Told
from bot.contact import Known
from bot.conversation import Draft
from bot.jobs import Handler, Job
from flows.sentences import sentence
from handoff.desk.changing import Changing, Verb
from handoff.refusals import NoSuchConversation, Refusal, Unsayable
from handoff.returning import Returning


class ActionSide(Changing):
    """Verbs of actions. Whatever comes after the flow has moved on changes nothing."""

    @property
    def _returning(self) -> Returning:
        return Returning(self._handover)

    def action_handlers(self) -> Mapping[str, Handler]:
        """Returns kind of job → what does it."""
        return {ACTION: self._act, REMINDER: self._remind}

    def _act(self, job: Job) -> datetime | None:
        """Begins a call, or sees after one; returns when to look again."""
        call = Call.of(job)
        if not self._is_awaited(call):
            return None
        if job.run_at < call.slow_at:
            self._parts.actions.beside(partial(self._run, call))
            soon = call.slow_at if call.slow_at < call.over_at else call.over_at + GRACE
            return soon if self._is_awaited(call) else None
        if self._parts.now() < call.over_at:
            self._if_awaited(call, partial(_say_one_moment, call=call))
            return call.over_at + GRACE
        taken = self._come_to_nothing(call, Failed("timeout", "nothing was heard of it until the time was over"))
        # Where that could not be written the flow still waits, and nobody else would ever tell it.
        return None if taken else self._parts.now() + GRACE

    def _run(self, call: Call) -> None:
        """Calls the action and takes what it came to. Nothing is held meanwhile."""
        try:
            returned = self._called(call)
            self._if_awaited(call, partial(self._returning.came_back, call=call, returned=returned))
        except Failed as failed:
            self._come_to_nothing(call, failed)
        except NoSuchConversation:
            return
        except Exception:
            call.tell_broken()
            self._come_to_nothing(call, Failed("error", "it could not be called"))

    def _called(self, call: Call) -> Returned:
        live = self._live(call.conversation)
        after = max(0, live.conversation.last_seq - MOST_EVENTS)
        told = Told(
            site=self._parts.bot.sites.current,
            conversation=live.conversation,
            known=live.known,
            events=self._parts.journal.events_after(call.conversation, after, limit=MOST_EVENTS),
            values=call.arguments,
            form=call.form,
        )
        left = (call.over_at - self._parts.now()).total_seconds()
        return self._parts.actions.run(call.action, told, within=left)

    def _come_to_nothing(self, call: Call, failed: Failed) -> bool:
        call.tell_failed(failed)
        return self._if_awaited(call, partial(self._returning.came_to_nothing, call=call, failed=failed))

    def _if_awaited(self, call: Call, verb: Verb) -> bool:
        """Changes the conversation if it still waits for this call; returns whether that was written.

        Raises Failed when it never can be: there is something in it that no database keeps.
        """

        def if_awaited(draft: Draft, known: Known) -> Known:
            if call.is_awaited(draft.state):
                return verb(draft, known)
            call.tell_late()
            return known

        try:
            self._change(call.conversation, if_awaited)
        except Unsayable as unsayable:
            raise Failed("error", "what it came to cannot be stored") from unsayable
        except Refusal as refusal:
            # The job comes back when the time is over, and then the flow is told.
            call.tell_not_taken(refusal.message)
            return False
        return True

    def _is_awaited(self, call: Call) -> bool:
        try:
            return call.is_awaited(self.conversation(call.conversation))
        except NoSuchConversation:
            return False

    def _remind(self, job: Job) -> None:
        def verb(draft: Draft, known: Known) -> Known:
            since = self._parts.journal.events_after(draft.state.id, job.payload["seq"], limit=MOST_EVENTS)
            flow = job.payload["flow"]
            may_speak = draft.state.open and draft.state.holder == "bot" and not calls.is_void(job.payload, since)
            if not may_speak or flow not in self._parts.bot.sites.current.machines:
                return known
            if self._parts.journal.sent("system", job.key):
                return known  # It was done, and the process ended before that was marked.
            draft.add("reminded", {"reminder": job.payload["name"], "flow": flow}, actor="system", client_id=job.key)
            return self._handover.settle(draft, self._parts.bot.begin(draft, known, flow, inputs={}))

        try:
            self._change(job.conversation_id or "", verb)
        except NoSuchConversation:
            return


def _say_one_moment(draft: Draft, known: Known, *, call: Call) -> Known:
    if draft.state.last_message.get("from") != "bot":  # Else the flow has said so in its own words.
        body = {
            "text": sentence("one_moment", draft.state.language),
            "flow": call.flow,
            "step": f"{call.flow}.{call.step}",
        }
        draft.add("message", body, actor="bot")
    return known
