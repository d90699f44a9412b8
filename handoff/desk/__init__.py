"""The front door: every verb by which a conversation changes, by who asks for it."""

from collections.abc import Mapping

from bot.jobs import Handler
from handoff.desk.action_side import ActionSide
from handoff.desk.changing import Parts
from handoff.desk.clock_side import ClockSide
from handoff.desk.program_side import Outcome, ProgramSide
from handoff.desk.visitor_side import Said


class Desk(ProgramSide, ActionSide, ClockSide):
    """What visitors, agents, programs, actions and the clock may ask for. Each verb is durable when it returns."""

    def job_handlers(self) -> Mapping[str, Handler]:
        """Returns kind of job → what does it."""
        return {**super().job_handlers(), **self.action_handlers()}


__all__ = ["Desk", "Outcome", "Parts", "Said"]
