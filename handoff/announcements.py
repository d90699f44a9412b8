"""Something happened: the one indirect call, by which what is committed travels up to whoever shows it."""

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NamedTuple

import structlog

from bot.conversation import Conversation
from bot.events import Event
from handoff.queue import is_in_hand

log = structlog.get_logger()

_listed_where = attrgetter("holder", "left", "department")


class Announcement(NamedTuple):
    """A committed change of a conversation: how it was, how it is, and what happened in between."""

    before: Conversation | None
    """None when it was not known here: another worker brought it about."""
    after: Conversation
    events: tuple[Event, ...]
    elsewhere: bool = False
    """It was another worker's doing."""

    def differs(self, look: Callable[[Conversation], Any]) -> bool:
        """Says whether what is looked at is not as it was, as far as one can know."""
        return self.before is None or look(self.before) != look(self.after)

    @property
    def concerns_agents(self) -> bool:
        """Says whether it may change what the lists of agents show."""
        return is_in_hand(self.after) or self.differs(_listed_where)


@dataclass(frozen=True, slots=True)
class StaffChanged:
    """An agent came, went, or has more or less room."""

    agent_id: str
    elsewhere: bool = False


Listener = Callable[[Announcement | StaffChanged], None]


class Announcements:
    """Tells every listener, in the order they subscribed. Listeners look up at most
    what stands in an index: whoever announces waits for them."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> None:
        """Calls the listener with everything announced from now on."""
        self._listeners.append(listener)

    def announce(self, news: Announcement | StaffChanged) -> None:
        """Says that something has been committed."""
        for listener in self._listeners:
            try:
                listener(news)
            except Exception:  # It is committed all the same, and the others have to hear of it.
                log.exception("announcement.not_heard")
