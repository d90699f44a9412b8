"""What a conversation carries while it waits for an agent, and puts down when it does not any more."""

from datetime import datetime

from bot.conversation import Draft


def owe_answer(draft: Draft, *, since: datetime) -> None:
    """Keeps the conversation among those that agents have to answer, whoever holds it, until one accepts it."""
    draft.set(left=True, queued_at=since, waiting_since=since)


def leave_queue(draft: Draft) -> None:
    """Ends the waiting: nobody is asked, and nobody owes an answer, except to what was left to be answered."""
    ask_nobody(draft)
    if draft.state.left:
        draft.set(queued_at=draft.state.waiting_since or draft.state.queued_at)
    else:
        draft.set(queued_at=None, waiting_since=None)


def ask_nobody(draft: Draft) -> None:
    """Takes the offer back, if there is one, and forgets who was asked; the conversation goes on waiting."""
    draft.set(offered_to=None, offer_seq=None, asked=())
