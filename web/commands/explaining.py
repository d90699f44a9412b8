"""`parlour explain conversation`: what happened and why, step by step, with file and line."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bot.database import CannotOpen
from bot.events import Event
from bot.journal import PAGE, Journal
from flows.telling import told
from web.commands.places import open_database

MOMENT = "%Y-%m-%d %H:%M:%S"
_INTERNAL = ("agent", "impression")
"""Ids that mean nothing to a reader."""


class NoSuchConversation(Exception):
    """The text says what to do."""


def explained(site: Path, conversation_id: str, *, data: Path | None, database: str | None) -> Iterator[str]:
    """Yields the lines of the explanation, the oldest event first."""
    try:
        opened = open_database(site, data, database)
    except CannotOpen as problem:
        raise NoSuchConversation(str(problem)) from problem
    journal = Journal(opened)
    after = 0
    while events := journal.events_after(conversation_id, after):
        for event in events:
            yield from lines_of(event)
        after = events[-1].seq
        if len(events) < PAGE:
            break
    if after == 0:
        raise NoSuchConversation(f"There is no conversation {conversation_id} in this database.")


def lines_of(event: Event) -> Iterator[str]:
    """Yields what one event tells."""
    at = f"{event.at:{MOMENT}}"
    if event.kind != "turn":
        yield f"{event.seq:>4}  {at}  {_who(event)}: {_what(event)}"
        return
    yield f"{event.seq:>4}  {at}  the bot took a turn"
    for entry in event.body["trace"]:
        yield f"        {told(entry)}"
    for timer in event.body.get("timers", ()):
        due = datetime.fromisoformat(timer["at"]).astimezone(UTC)
        yield f"        {'':<28} {timer['step']:<32} timer {timer['n']} set for {due:{MOMENT}}"


def _who(event: Event) -> str:
    return str(event.body.get("name") if event.role == "agent" else event.role)


def _what(event: Event) -> str:
    if event.kind in ("message", "note"):
        return f"{'' if event.kind == 'message' else '(note) '}{event.body['text']}"
    told = {name: value for name, value in event.body.items() if name not in _INTERNAL}
    told |= {name: ", ".join(value) for name, value in told.items() if name == "tags"}
    details = ", ".join(f"{name} {value}" for name, value in told.items() if isinstance(value, str | int))
    return f"{event.kind.replace('_', ' ')}{f' ({details})' if details else ''}"
