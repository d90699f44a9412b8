"""The facts of a conversation or of a visitor on a page: the only place where rows become facts.

Costly facts are looked up when somebody asks, and then once.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol

from bot.contact import Known
from bot.conversation import Conversation
from bot.site.site import Site
from flows.cursor import Cursor
from rules.facts import fact_named
from rules.hours import OpeningHours


class Staffing(Protocol):
    """What the bot may know of the people behind it; `handoff` answers."""

    def agents_online(self, department: str | None) -> int:
        """Returns how many members are here, free or not."""

    def agents_available(self, department: str | None) -> int:
        """Returns how many members could take one more conversation now."""

    def names_available(self, department: str | None) -> Collection[str]:
        """Returns the names of those who could."""


class Facts(Mapping[str, Any]):
    """Fact → value, some of them worked out on demand. A missing key is unknown, None is absent.

    The server's own are those of a department, else of the site; `told` are what somebody else found out.
    """

    __slots__ = ("_found", "department", "known", "now", "site", "staffing")

    def __init__(
        self,
        site: Site,
        known: Known,
        staffing: Staffing,
        now: datetime,
        *,
        department: str | None = None,
        told: Mapping[str, Any] | None = None,
    ):
        self.site = site
        self.staffing = staffing
        self.now = now
        self.department = department
        self.known = known
        self._found = dict(told or {})

    @property
    def hours(self) -> OpeningHours:
        """Returns the opening hours that count here."""
        place = self.site.departments.get(self.department) if self.department else None
        return place.opening_hours if place else self.site.opening_hours

    @property
    def local(self) -> datetime:
        """Returns now by the clock of the site."""
        return self.now.astimezone(self.site.zone)

    def __getitem__(self, fact: str) -> Any:
        try:
            return self._found[fact]
        except KeyError:
            value = self._found[fact] = self._find(fact)
            return value

    def _find(self, fact: str) -> Any:
        if fact in _SERVER_FACTS:
            return _SERVER_FACTS[fact](self)
        contact, _, attribute = fact.partition(".")
        if contact == "contact" and attribute == "known":
            return bool(self.known.values())
        if contact == "contact" and attribute in self.site.attributes.contact:
            return self.known.value(attribute)
        raise KeyError(fact)

    def __iter__(self) -> Iterator[str]:
        yield from self._found.keys() | self._names()

    def __len__(self) -> int:
        return len(self._found.keys() | self._names())

    def _names(self) -> set[str]:
        return {*_SERVER_FACTS, "contact.known", *(f"contact.{name}" for name in self.site.attributes.contact)}


class WithSlots(Mapping[str, Any]):
    """Facts with the slots of a conversation among them: a slot that nothing has filled is known to be empty."""

    __slots__ = ("_cursor", "_facts")

    def __init__(self, facts: Mapping[str, Any], cursor: Cursor) -> None:
        self._facts = facts
        self._cursor = cursor

    def __getitem__(self, name: str) -> Any:
        slots = self._cursor.slots
        name = name.removeprefix("slot.")
        if name in slots:
            return slots[name]
        head, _, rest = name.partition(".")
        record = slots.get(head)
        if rest and isinstance(record, Mapping):
            return record.get(rest)
        return self._facts[name] if rest or fact_named(name) else self._facts.get(f"contact.{name}")

    def __iter__(self) -> Iterator[str]:
        return iter({**self._facts, **self._cursor.slots})

    def __len__(self) -> int:
        return len({**self._facts, **self._cursor.slots})


_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SERVER_FACTS: Mapping[str, Callable[[Facts], Any]] = {
    "opening_hours": lambda facts: "open" if facts.hours.is_open(facts.now) else "closed",
    "agents_online": lambda facts: facts.staffing.agents_online(facts.department),
    "agents_available": lambda facts: facts.staffing.agents_available(facts.department),
    "channel": lambda facts: "widget",  # Who comes through another door has it in the conversation's context.
    "date": lambda facts: facts.local.date().isoformat(),
    "time": lambda facts: facts.local.strftime("%H:%M"),
    "weekday": lambda facts: _WEEKDAYS[facts.local.weekday()],
    "site.next_opening": lambda facts: facts.site.opening_hours.next_opening(facts.now),
    "site.opening_hours": lambda facts: facts.site.opening_hours,
}
"""Fact → how the server finds it out; those of the contact come on top."""


def of_conversation(
    site: Site, conversation: Conversation, known: Known, staffing: Staffing, now: datetime, *, said: str | None = None
) -> Facts:
    """Returns the facts a turn of the bot may ask about; `said` is the visitor's message if one is being answered."""
    told = {
        **conversation.context,
        "language": conversation.language,
        "chat": "open",
        "site.name": site.name,
    }
    last = conversation.last_message
    if said is not None or last.get("from") == "visitor":
        told["last_message"] = last.get("text") if said is None else said
    return Facts(site, known, staffing, now, department=conversation.department, told=told)
