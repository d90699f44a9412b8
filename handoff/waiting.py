"""What a conversation carries while it waits for an agent, and puts down when it does not any more."""

from bot.conversation import Draft


def leave_queue(draft: Draft) -> None:
    """Ends the waiting: nobody owes an answer, and nobody is asked."""
    ask_nobody(draft)
    draft.set(queued_at=None, waiting_since=None)


def ask_nobody(draft: Draft) -> None:
    """Takes the offer back, if there is one, and forgets who was asked; the conversation goes on waiting."""
    draft.set(offered_to=None, offer_seq=None, asked=())
