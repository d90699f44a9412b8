"""The front door: every verb by which a conversation changes, by who asks for it."""

from handoff.desk.agent_side import AgentSide
from handoff.desk.changing import Parts
from handoff.desk.clock_side import ClockSide
from handoff.desk.visitor_side import Said, VisitorSide


class Desk(VisitorSide, AgentSide, ClockSide):
    """What visitors, agents and the clock may ask for. Each verb is durable when it returns."""


__all__ = ["Desk", "Parts", "Said"]
