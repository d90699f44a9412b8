"""How a conversation ends, whoever ends it; or ends by itself."""

from datetime import timedelta

from bot.conversation import Draft
from flows.cursor import Cursor
from handoff.lifecycle import holder_after
from handoff.waiting import leave_queue


def end(draft: Draft, *, by: str, name: str | None, actor: str, client_id: str | None = None) -> None:
    """Closes a conversation in its draft: nobody holds it and its flows are dropped."""
    body = {"by": by} | ({"name": name} if name else {})
    draft.add("closed", body, actor=actor, client_id=client_id)
    leave_queue(draft)
    draft.set(
        open=False,
        holder=holder_after("close", draft.state.holder),
        closed_at=draft.now,
        cursor=Cursor(draft.state.id, draft.state.language),
    )


def close_when_idle(draft: Draft, *, after: timedelta) -> None:
    """Plans to look whether nothing happens in a conversation any more, and to close it then."""
    draft.job("close_when_idle", f"idle:{draft.state.id}:{draft.state.last_seq}", run_at=draft.now + after)
