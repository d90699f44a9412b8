"""What another process did to a conversation that is known here: read again, and told as if it had happened here."""

from collections.abc import Iterator

from bot.events import Event
from bot.journal import PAGE, Journal
from handoff.announcements import Announcement, Announcements
from handoff.live import LiveConversations


class Elsewhere:
    """Keeps what is in memory up with the database. What was told is what is kept, so nothing is told twice."""

    def __init__(self, live: LiveConversations, journal: Journal, announcements: Announcements):
        self._live = live
        self._journal = journal
        self._announcements = announcements

    def catch_up(self, conversation_id: str, *, after: int | None = None) -> bool:
        """Reads a conversation again, announces what was not told here yet, and says whether there was anything.

        `after` is the number from which on a conversation is told that is not known here; without one it is not told.
        """
        while True:
            known = self._live.kept(conversation_id)
            if known is None and after is None:
                return False
            fresh = self._live.read(conversation_id)
            if fresh is None:
                self._live.forget(conversation_id)
                return known is not None
            told = known.conversation.last_seq if known and (known.told or after is None) else after or 0
            events = tuple(self._between(conversation_id, told, fresh.conversation.last_seq))
            if self._live.kept(conversation_id) is not known:
                continue  # Somebody here went on meanwhile, and told it.
            self._live.put(fresh)
            if events:
                before = known.conversation if known and known.told else None
                self._announcements.announce(Announcement(before, fresh.conversation, events, elsewhere=True))
            return bool(events)

    def _between(self, conversation_id: str, after: int, last: int) -> Iterator[Event]:
        while after < last:
            page = self._journal.events_after(conversation_id, after, limit=min(PAGE, last - after))
            if not page:
                return
            yield from page
            after = page[-1].seq
