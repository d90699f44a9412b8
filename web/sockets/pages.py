"""How much of a conversation is told at once: as much as may wait for a slow reader."""

from collections.abc import Iterable

from bot.events import Event
from bot.journal import PAGE
from handoff.audience import Ears, as_heard, may_hear
from web.hub import Frame, encoded

PAGE_BYTES = 64 * 1024


def page_of(events: Iterable[Event], ears: Ears) -> tuple[list[Frame], bool]:
    """Returns what this recipient may hear of the next events (a page of the journal), and whether more is there."""
    heard: list[Frame] = []
    read = size = 0
    for event in events:
        read += 1
        if may_hear(event, ears):
            frame = as_heard(event, ears)
            size += len(encoded(frame))
            if heard and size > PAGE_BYTES:
                return heard, True
            heard.append(frame)
    return heard, read == PAGE
