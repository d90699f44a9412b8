"""The front door: every verb by which a conversation changes, by who asks for it."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from bot.jobs import Done, Handler, Job
from handoff.desk.action_side import ActionSide
from handoff.desk.changing import Parts
from handoff.desk.clock_side import ClockSide
from handoff.desk.program_side import Outcome, ProgramSide
from handoff.desk.visitor_side import Said


class Desk(ProgramSide, ActionSide, ClockSide):
    """What visitors, agents, programs, actions and the clock may ask for. Each verb is durable when it returns."""

    def job_handlers(self) -> Mapping[str, Handler]:
        """Returns kind of job → what does it."""
        handlers = {**super().job_handlers(), **self.action_handlers()}
        return {kind: partial(self._on_fresh_rows, handler) for kind, handler in handlers.items()}

    def _on_fresh_rows(self, handler: Handler, job: Job) -> datetime | Done | None:
        """Does a job as things are now: one that finds nothing to do on what is old would be done with for ever."""
        if job.conversation_id:
            self._elsewhere.catch_up(job.conversation_id)
        return handler(job)


__all__ = ["Desk", "Outcome", "Parts", "Said"]
