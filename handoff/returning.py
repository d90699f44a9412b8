"""Carries what an action came to into its conversation: what it says, what the flow does with it, who is wanted now."""

from dataclasses import dataclass

from bot.actions import calls
from bot.actions.answer import Returned
from bot.actions.calls import Call
from bot.actions.client import Failed
from bot.actions.tracker import slots_of
from bot.contact import Known
from bot.conversation import Draft
from flows.effects import WantsAgent
from flows.sentences import sentence
from handoff.handover import Handover


@dataclass(frozen=True, slots=True)
class Returning:
    """Works inside the draft of a verb, for a call that is awaited there; nothing here commits."""

    handover: Handover

    def came_back(self, draft: Draft, known: Known, call: Call, returned: Returned) -> Known:
        """Takes what an action answered."""
        bot, site = self.handover.bot, self.handover.bot.sites.current
        noted = calls.note_return(draft, call, "done", reminders=returned.reminders)
        calls.remind(draft, returned.reminders, seq=noted.seq)
        calls.say(draft, call, returned, choose=sentence("choose_one", draft.state.language))
        declared = frozenset(slots_of(site))
        if call.form is not None:
            event = calls.validated(call, returned, declared=declared)
        else:
            event = calls.done(call, returned, declared=declared, flows=frozenset(site.machines))
        turn = bot.resume(draft, known, event)
        if returned.pauses and turn.wants_agent is None:
            turn = turn._replace(wants_agent=WantsAgent(reason="step", step=call.step, flow=call.flow))
        return self.handover.settle(draft, turn)

    def came_to_nothing(self, draft: Draft, known: Known, call: Call, failed: Failed) -> Known:
        """Takes it that an action failed."""
        calls.note_return(draft, call, failed.reason)
        turn = self.handover.bot.resume(draft, known, calls.failed(call, failed.reason))
        return self.handover.settle(draft, turn)
