"""Timers of flows as jobs: when one runs out, and what the flow is told then.

A job whose step was left in the meantime is not taken away: the flow knows by the epoch that it came too late.
"""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from bot.circumstances import Facts
from bot.conversation import Draft
from bot.jobs import Job
from flows.effects import SetTimer
from flows.event import Event

TIMER = "timer"
"""The kind of job."""


def set_timer(draft: Draft, timer: SetTimer, facts: Facts) -> None:
    """Plans the event a flow asked for; it is committed with the turn that asked."""
    payload = {"epoch": timer.epoch, "n": timer.n, "step": timer.step}
    draft.job(TIMER, f"timer:{draft.state.id}:{timer.epoch}:{timer.n}", run_at=due(timer, facts), payload=payload)


def told_of_timer(timer: SetTimer, facts: Facts) -> Mapping[str, Any]:
    """Returns what `explain` tells of a timer."""
    return {"step": timer.step, "n": timer.n, "at": due(timer, facts).isoformat()}


def ran_out(job: Job, now: datetime) -> Event:
    """Returns the event of a timer, with how late it comes."""
    late = max(0, int((now - job.run_at).total_seconds()))
    return Event("timer", data={"n": job.payload["n"], "late": late}, epoch=job.payload["epoch"])


def due(timer: SetTimer, facts: Facts) -> datetime:
    """Returns when a timer runs out; one that waits for hours that never come goes by the clock alone."""
    over = facts.now + timedelta(seconds=timer.after.seconds)
    if timer.until == "open":
        return over if facts.hours.is_open(over) else facts.hours.next_opening(over) or over
    if timer.until is not None:
        return _next_time(timer.until, facts)
    if timer.after.working:
        return facts.hours.add_working(facts.now, timer.after.seconds) or over
    return over


def _next_time(clock: str, facts: Facts) -> datetime:
    """Returns when the clock of the site next shows this time."""
    hour, minute = (int(part) for part in clock.split(":"))
    today = datetime.combine(facts.local.date(), time(hour, minute), facts.site.zone)
    return (
        today
        if today > facts.now
        else datetime.combine(facts.local.date() + timedelta(days=1), time(hour, minute), facts.site.zone)
    )
