"""What a conversation carries while it waits for an agent, and puts down when it does not any more."""

from bot.conversation import Draft


def leave_queue(draft: Draft) -> None:
    """Ends the waiting: nobody is asked, and nobody owes an answer, except to a message that was left before."""
    ask_nobody(draft)
    if draft.state.left:
        draft.set(queued_at=draft.state.waiting_since or draft.state.queued_at)
    else:
        draft.set(queued_at=None, waiting_since=None)


def ask_nobody(draft: Draft) -> None:
    """Takes the offer back, if there is one, and forgets who was asked; the conversation goes on waiting."""
    draft.set(offered_to=None, offer_seq=None, asked=())
