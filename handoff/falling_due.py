"""What the clock asks of one conversation. A job may come twice or too late, so each looks whether it still applies."""

from bot.contact import Known
from bot.conversation import Draft
from bot.jobs import Job
from bot.timers import TIMER, ran_out
from handoff.handover import OVERFLOW, STOP_WAITING, Handover

FALL_DUE = (TIMER, OVERFLOW, STOP_WAITING)
"""The kinds of job that are about what a visitor waits for."""


def fall_due(handover: Handover, draft: Draft, known: Known, job: Job) -> Known:
    """Does what one of these jobs was planned for, and returns what is now known of the visitor."""
    if job.kind == TIMER:
        if draft.state.holder != "bot":
            return known  # Whoever gives the conversation back puts the question, or begins to wait, anew.
        return handover.settle(draft, handover.bot.resume(draft, known, ran_out(job, draft.now)))
    if not _still_waits(draft, job):
        return known
    if job.kind == STOP_WAITING:
        return handover.stop_waiting(draft, known, owed_by=job.payload.get("owed_by"))
    if may_be_passed_on(draft, job):
        handover.overflow(draft, job.payload["department"], tried=job.payload["tried"])
    return known


def may_be_passed_on(draft: Draft, job: Job) -> bool:
    """Says whether a conversation still waits in a department that was asked before the job's own."""
    return _still_waits(draft, job) and draft.state.department in job.payload["tried"]


def _still_waits(draft: Draft, job: Job) -> bool:
    state = draft.state
    asked_at = state.queued_at.isoformat() if state.queued_at else None
    return state.holder == "queue" and asked_at == job.payload["requested"]
