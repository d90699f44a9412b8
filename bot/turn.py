"""What one turn of the bot comes to for whoever holds the conversation next."""

from typing import NamedTuple

from bot.contact import Known
from flows.effects import MessageLeft, WantsAgent


class Turn(NamedTuple):
    """What was said is in the draft already; this is what only the desk can do about it."""

    known: Known
    wants_agent: WantsAgent | None = None
    left: MessageLeft | None = None
    closes: bool = False
    """A rule ends the conversation."""
    entered: frozenset[str] = frozenset()
    """The flows that began."""
