"""`parlour explain conversation`: what happened and why, step by step, with file and line."""

from collections.abc import Iterator
from pathlib import Path

from bot.database import CannotOpen
from bot.explaining import explained
from bot.journal import PAGE, Journal
from web.commands.places import open_database


class NoSuchConversation(Exception):
    """The text says what to do."""


def explanation(conversation_id: str, *, site: Path, data: Path | None, database: str | None) -> Iterator[str]:
    """Yields the lines of the explanation, the oldest event first."""
    try:
        opened = open_database(site, data, database)
    except CannotOpen as problem:
        raise NoSuchConversation(str(problem)) from problem
    journal = Journal(opened)
    after = 0
    while events := journal.events_after(conversation_id, after):
        for happening in explained(events):
            yield from happening.lines()
        after = events[-1].seq
        if len(events) < PAGE:
            break
    if after == 0:
        raise NoSuchConversation(f"There is no conversation {conversation_id} in this database.")
