"""The front door: every verb by which a conversation changes, by who asks for it."""

from handoff.desk.changing import Parts
from handoff.desk.clock_side import ClockSide
from handoff.desk.program_side import Outcome, ProgramSide
from handoff.desk.visitor_side import Said


class Desk(ProgramSide, ClockSide):
    """What visitors, agents, programs and the clock may ask for. Each verb is durable when it returns."""


__all__ = ["Desk", "Outcome", "Parts", "Said"]
