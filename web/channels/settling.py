"""When the bot has done with a message: at once, unless a custom action of the flow is still at work."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Event as Signal

from bot.events import Event
from handoff.announcements import Announcement, StaffChanged

Wait = Callable[[float], None]


def is_at_work(events: Iterable[Event]) -> bool:
    """Says whether an action was called among these events and has not come back yet."""
    under_way = 0
    for event in events:
        under_way += (event.kind == "action_called") - (event.kind == "action_returned")
    return under_way > 0


class Settling:
    """Wakes those who wait for more to happen in a conversation."""

    def __init__(self) -> None:
        self._signals: dict[str, set[Signal]] = {}

    def on_news(self, news: Announcement | StaffChanged) -> None:
        """Subscribed to the desk's announcements."""
        if isinstance(news, Announcement):
            for signal in self._signals.get(news.after.id, ()):
                signal.set()

    def visitors_here(self) -> Iterable[str]:
        return ()

    def conversations_here(self) -> Iterable[str]:
        """Returns the conversations in which somebody waits."""
        return set(self._signals)

    def follows(self, visitor_id: str, conversation_id: str) -> bool:
        return conversation_id in self._signals

    def has_agents(self) -> bool:
        return False

    @contextmanager
    def listening(self, conversation_id: str) -> Iterator[Wait]:
        """Yields what waits, at most so many seconds, until something has happened since it was last asked."""
        signal = Signal()
        self._signals.setdefault(conversation_id, set()).add(signal)

        def wait(seconds: float) -> None:
            signal.wait(max(seconds, 0))
            signal.clear()

        try:
            yield wait
        finally:
            here = self._signals[conversation_id]
            here.discard(signal)
            if not here:
                del self._signals[conversation_id]
