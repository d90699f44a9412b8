"""What the clock asks of the desk. Each job may come twice or too late, so each looks whether it still applies."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.contact import Known
from bot.conversation import Conversation, Draft
from bot.jobs import Handler, Job
from handoff.desk.changing import Changing, Verb
from handoff.ending import end
from handoff.falling_due import FALL_DUE, fall_due, may_be_passed_on
from handoff.handover import OVERFLOW
from handoff.refusals import NoSuchConversation

LOOK_AGAIN = timedelta(seconds=15)
"""How soon it is looked again whether somebody is there by now to whom a conversation can be passed on."""


class ClockSide(Changing):
    """Verbs of jobs."""

    def job_handlers(self) -> Mapping[str, Handler]:
        """Returns kind of job → what does it."""
        return {
            "offer_over": self._offer_over,
            "close_when_idle": self._close_when_idle,
            **dict.fromkeys(FALL_DUE, self._falls_due),
        }

    def _offer_over(self, job: Job) -> None:
        def verb(draft: Draft, known: Known) -> Known:
            if draft.state.offer_seq == job.payload["seq"]:
                self._handover.end_offer(draft, "no_answer")
            return known

        self._do(job, verb)

    def _falls_due(self, job: Job) -> datetime | None:
        draft = self._do(job, lambda draft, known: fall_due(self._handover, draft, known, job))
        if draft is None or job.kind != OVERFLOW or not may_be_passed_on(draft, job):
            return None
        return draft.now + LOOK_AGAIN

    def _close_when_idle(self, job: Job) -> datetime | None:
        idle_close: timedelta = self._parts.bot.sites.current.conversation.idle_close

        def verb(draft: Draft, known: Known) -> Known:
            may_end = draft.state.open and not draft.state.left and not self._goes_on(draft.state)
            if may_end and draft.state.last_at + idle_close <= draft.now:
                end(draft, by="idle", name=None, actor="system")
            return known

        draft = self._do(job, verb)
        if draft is None or not draft.state.open or draft.state.left:
            return None  # A message that was left stays until somebody accepts it, who plans the look anew.
        return (draft.now if self._goes_on(draft.state) else draft.state.last_at) + idle_close

    def _goes_on(self, state: Conversation) -> bool:
        """Says whether it is somebody else's turn, or time's, so that silence means nothing."""
        return state.holder != "bot" or self._parts.bot.waits(state)

    def _do(self, job: Job, verb: Verb) -> Draft | None:
        try:
            return self._change(job.conversation_id or "", verb)
        except NoSuchConversation:
            return None
