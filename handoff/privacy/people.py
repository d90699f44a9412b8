"""Who is meant: one person, with all visitors and contacts that are theirs, found by what is known of them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import Connection, func, select

from bot.change import table_of
from bot.database import Database
from bot.models import (
    ID_LENGTH,
    Contact,
    ConversationRow,
    EventRow,
    Impression,
    PageView,
    Visit,
    Visitor,
)
from handoff.models import Hold

AT_ONCE = 200
"""Ids named in one statement."""
MOST_FOUND = 50

_contacts = table_of(Contact)
_visitors = table_of(Visitor)
_visits = table_of(Visit)
_page_views = table_of(PageView)
_impressions = table_of(Impression)
_conversations = table_of(ConversationRow)
_events = table_of(EventRow)
_holds = table_of(Hold)
_SEEN = tuple(table.c.visitor_id for table in (_visits, _page_views, _impressions))
OF_VISITORS = (_visitors.c.id, _conversations.c.visitor_id, *_SEEN)
"""Where a record of somebody may be: the visitor's id in each table."""
_PHONE = re.compile(r"\+?[0-9][0-9 ()/.-]{4,}[0-9]")


@dataclass(frozen=True, slots=True)
class Held:
    """Why a record must stay, and since when."""

    because: str
    since: str


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever stands behind these visitors."""

    visitors: tuple[str, ...]
    contacts: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    """Attribute → value of their contacts."""
    held: Held | None = None

    @property
    def id(self) -> str:
        """Returns the id by which this person is found again, and nobody else."""
        return (self.visitors or self.contacts)[0]

    @property
    def called(self) -> str:
        """Returns how to speak of them: the name, else the e-mail address, else the visitor's id."""
        known = (self.values.get(name) for name in ("name", "email", "phone"))
        return str(next(filter(None, known), f"visitor {self.id}"))


class Ambiguous(Exception):
    """Several people are meant; `people` says whom."""

    def __init__(self, people: list[Person]):
        super().__init__()
        self.people = people


class NobodyFound(Exception):
    """There is nobody of this id, name, number or address."""


class People:
    """Finds people."""

    def __init__(self, database: Database):
        self._database = database

    def one(self, who: str) -> Person:
        """Returns the one person meant by an id, e-mail address, phone number or name.

        Raises NobodyFound or Ambiguous.
        """
        found = self.all(who)
        if not found:
            raise NobodyFound
        if len(found) > 1:
            raise Ambiguous(found)
        return found[0]

    def all(self, who: str) -> list[Person]:
        """Returns everybody who may be meant. An id is that of a visitor, a contact or a conversation."""
        who = who.strip()
        if not who or not who.isprintable():  # PostgreSQL takes no NUL, not even to look for it.
            return []
        with self._database.reading() as connection:
            by_id = person_of(connection, _visitors_by_id(connection, who)) if len(who) <= ID_LENGTH else None
            if by_id:
                return [by_id]
            found: list[Person] = []
            for visitors in _visitors_known_as(connection, who):
                person = person_of(connection, visitors)
                if person and person not in found:
                    found.append(person)
            return found

    def held(self, visitor_id: str) -> Held | None:
        """Returns why the record of this visitor must stay, or None."""
        with self._database.reading() as connection:
            person = person_of(connection, [visitor_id])
        return person.held if person else None

    def tally(self, person: Person) -> dict[str, int]:
        """Returns how much there is of a person."""
        with self._database.reading() as connection:
            conversations = conversations_of(connection, person.visitors)
            said = [_events.c.kind == "message"]
            return {
                "conversations": len(conversations),
                "messages": sum(
                    _count(connection, _events.c.conversation_id.in_(some), *said) for some in slices(conversations)
                ),
                "visits": _count(connection, _visits.c.visitor_id.in_(person.visitors)),
                "page_views": _count(connection, _page_views.c.visitor_id.in_(person.visitors)),
            }


def person_of(connection: Connection, visitors: Iterable[str]) -> Person | None:
    """Returns the person behind these visitors, with the others behind the same contacts; None without a visitor."""
    known = set(visitors)
    contacts: set[str] = set()
    while True:
        rows = connection.execute(select(_visitors.c.id, _visitors.c.contact_id).where(_visitors.c.id.in_(known)))
        contacts |= {contact for _, contact in rows if contact}
        more = set(connection.scalars(select(_visitors.c.id).where(_visitors.c.contact_id.in_(contacts)))) - known
        known |= more
        if not more:
            break
    if not known:
        return None
    values: dict[str, Any] = {}
    for attributes in connection.scalars(select(_contacts.c.attributes).where(_contacts.c.id.in_(contacts))):
        values |= {name: each["value"] for name, each in attributes.items()}
    return Person(tuple(sorted(known)), tuple(sorted(contacts)), values, _held(connection, known))


def conversations_of(connection: Connection, visitors: Iterable[str]) -> list[str]:
    """Returns the conversations of these visitors, the oldest first."""
    query = select(_conversations.c.id).where(_conversations.c.visitor_id.in_(list(visitors)))
    return list(connection.scalars(query.order_by(_conversations.c.created_at, _conversations.c.id)))


def slices(ids: Iterable[str]) -> Iterator[list[str]]:
    """Yields the ids, as many at once as one statement names."""
    left = iter(ids)
    while some := list(islice(left, AT_ONCE)):
        yield some


def _held(connection: Connection, visitors: Iterable[str]) -> Held | None:
    mine = select(_holds.c.because, _holds.c.since).where(_holds.c.visitor_id.in_(list(visitors)))
    row = connection.execute(mine.order_by(_holds.c.since).limit(1)).first()
    return Held(row.because, row.since.isoformat(timespec="seconds")) if row else None


def _visitors_by_id(connection: Connection, id_: str) -> set[str]:
    asked = [
        select(_visitors.c.id).where((_visitors.c.id == id_) | (_visitors.c.contact_id == id_)),
        select(_conversations.c.visitor_id).where((_conversations.c.id == id_) | (_conversations.c.visitor_id == id_)),
        *(select(visitor).where(visitor == id_) for visitor in _SEEN),
    ]
    return {found for query in asked for found in connection.scalars(query.limit(1))}


def _visitors_known_as(connection: Connection, who: str) -> Iterator[list[str]]:
    """Yields the visitors of each contact of which one value is this. Nobody's case or spacing counts."""
    found: list[str] = []
    rows = connection.execution_options(yield_per=1000).execute(select(_contacts.c.id, _contacts.c.attributes))
    for id_, attributes in rows:
        if any(_is_same(each["value"], who) for each in attributes.values()):
            found.append(id_)
        if len(found) == MOST_FOUND:
            break
    rows.close()
    for contact in found:
        yield list(connection.scalars(select(_visitors.c.id).where(_visitors.c.contact_id == contact)))


def _is_same(value: Any, who: str) -> bool:
    if not isinstance(value, str):
        return False
    if _PHONE.fullmatch(who):
        return _digits(value) == _digits(who)
    return " ".join(value.split()).casefold() == " ".join(who.split()).casefold()


def _digits(text: str) -> str:
    return re.sub(r"[^0-9+]", "", text)


def _count(connection: Connection, *conditions: Any) -> int:
    return connection.scalar(select(func.count()).where(*conditions)) or 0
