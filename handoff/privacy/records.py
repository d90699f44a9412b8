"""All that is recorded of one person, read a little at a time: histories may be longer than memory."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, select

from bot.change import table_of
from bot.models import Contact, ConversationRow, EventRow, Impression, JobRow, PageView, Reading, Visit, Visitor
from bot.webhooks import WebhookRow
from handoff.models import AgentRow
from handoff.privacy.people import Person, conversations_of, slices

READ_AT_ONCE = 500

_contacts = table_of(Contact)
_visitors = table_of(Visitor)
_visits = table_of(Visit)
_page_views = table_of(PageView)
_impressions = table_of(Impression)
_conversations = table_of(ConversationRow)
_events = table_of(EventRow)
_jobs = table_of(JobRow)
_readings = table_of(Reading)

_INNER = frozenset({"revision", "lease_until"})
"""Columns by which the program works, and which say nothing of a person."""

Entry = dict[str, Any]


class Records:
    """Reads the record of a person on one connection."""

    def __init__(self, connection: Connection, person: Person):
        self._connection = connection
        self.person = person
        self.conversation_ids = conversations_of(connection, person.visitors)
        agents = connection.execute(select(table_of(AgentRow).c.id, table_of(AgentRow).c.name))
        self._names = {f"agent:{id_}": name for id_, name in agents}
        self._webhooks = dict(connection.execute(select(table_of(WebhookRow).c.id, table_of(WebhookRow).c.url)).all())

    def contacts(self) -> Iterator[Entry]:
        """Yields what they told of themselves: each value with where it came from."""
        return self._rows(_contacts, _contacts.c.id.in_(self.person.contacts), _contacts.c.created_at)

    def visitors(self) -> Iterator[Entry]:
        """Yields the browsers they were seen in."""
        return self._rows(_visitors, _visitors.c.id.in_(self.person.visitors), _visitors.c.first_seen_at)

    def visits(self) -> Iterator[Entry]:
        """Yields their stays on the site."""
        return self._rows(_visits, _visits.c.visitor_id.in_(self.person.visitors), _visits.c.started_at)

    def page_views(self) -> Iterator[Entry]:
        """Yields the pages they looked at."""
        return self._rows(_page_views, _page_views.c.visitor_id.in_(self.person.visitors), _page_views.c.at)

    def impressions(self) -> Iterator[Entry]:
        """Yields what triggers showed them, and why."""
        return self._rows(_impressions, _impressions.c.visitor_id.in_(self.person.visitors), _impressions.c.reserved_at)

    def conversations(self) -> Iterator[Entry]:
        """Yields their conversations as they stand."""
        for id_ in self.conversation_ids:
            for row in self._rows(_conversations, _conversations.c.id == id_, _conversations.c.id):
                yield {**row, "cursor": json.loads(row["cursor"])}

    def events(self, conversation_id: str) -> Iterator[Entry]:
        """Yields what happened in a conversation, but for notes."""
        mine = (_events.c.conversation_id == conversation_id) & (_events.c.kind != "note")
        return map(self._named, self._rows(_events, mine, _events.c.seq))

    def notes(self) -> Iterator[Entry]:
        """Yields what was said among agents."""
        return self._of_kind("note")

    def consents(self) -> Iterator[Entry]:
        """Yields to what they said yes or no."""
        return self._of_kind("consented")

    def jobs(self) -> Iterator[Entry]:
        """Yields what was, or is to be, done elsewhere or later because of them, and what came of it."""
        for some in slices(self.conversation_ids):
            for row in self._rows(_jobs, _jobs.c.conversation_id.in_(some), _jobs.c.id):
                yield {**row, "address": self._webhooks.get(row["target"])}

    def readings(self) -> Iterator[Entry]:
        """Yields how far everybody has read."""
        for some in slices(self.conversation_ids):
            yield from self._rows(_readings, _readings.c.conversation_id.in_(some), _readings.c.conversation_id)

    def _of_kind(self, kind: str) -> Iterator[Entry]:
        for some in slices(self.conversation_ids):
            mine = (_events.c.kind == kind) & _events.c.conversation_id.in_(some)
            yield from map(self._named, self._rows(_events, mine, _events.c.at))

    def _named(self, event: Entry) -> Entry:
        return {**event, "name": self._names.get(event["actor"])} if event["actor"] in self._names else event

    def _rows(self, table: Table, condition: ColumnElement[bool], *order: Any) -> Iterator[Entry]:
        query = select(table).where(condition).order_by(*order)
        result = self._connection.execution_options(yield_per=READ_AT_ONCE).execute(query)
        for row in result.mappings():
            yield {name: _plain(value) for name, value in row.items() if name not in _INNER}


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def as_json(fields: Mapping[str, Any]) -> Iterator[str]:
    """Yields a map as JSON, piece by piece; a value that is an iterator becomes a list, read as it is written."""
    yield "{"
    for number, (name, value) in enumerate(fields.items()):
        yield f"{',' if number else ''}\n{json.dumps(name)}: "
        yield from _written(value)
    yield "\n}"


def _written(value: Any) -> Iterator[str]:
    if isinstance(value, Iterator):
        yield "["
        for number, item in enumerate(value):
            yield ",\n" if number else "\n"
            yield from _written(item)
        yield "\n]"
    elif isinstance(value, Mapping) and any(isinstance(each, Iterator) for each in value.values()):
        yield from as_json(value)
    else:
        yield json.dumps(value, ensure_ascii=False)
