"""The facts of a conversation or of a visitor on a page: the only place where rows become facts.

Costly facts are looked up when somebody asks, and then once.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol

from bot.contact import Known
from bot.conversation import Conversation
from bot.site.site import Site


class Staffing(Protocol):
    """What the bot may know of the people behind it; `handoff` answers."""

    def agents_online(self, department: str | None) -> int:
        """Returns how many members are here, free or not."""

    def agents_available(self, department: str | None) -> int:
        """Returns how many members could take one more conversation now."""


class Facts(Mapping[str, Any]):
    """Fact → value, some of them worked out on demand. A missing key is unknown, None is absent."""

    __slots__ = ("_known", "_later")

    def __init__(self, known: Mapping[str, Any], later: Mapping[str, Callable[[], Any]]):
        self._known = dict(known)
        self._later = later

    def __getitem__(self, fact: str) -> Any:
        try:
            return self._known[fact]
        except KeyError:
            value = self._known[fact] = self._later[fact]()
            return value

    def __contains__(self, fact: object) -> bool:
        return fact in self._known or fact in self._later

    def __iter__(self) -> Iterator[str]:
        yield from {**self._known, **self._later}

    def __len__(self) -> int:
        return len({**self._known, **self._later})


def server_facts(
    site: Site, known: Known, staffing: Staffing, now: datetime, *, department: str | None = None
) -> dict[str, Callable[[], Any]]:
    """Returns the facts that only the server knows, each as a way to find it out."""
    place = site.departments.get(department) if department else None
    hours = place.opening_hours if place else site.opening_hours
    local = now.astimezone(site.zone)
    facts: dict[str, Callable[[], Any]] = {
        "opening_hours": lambda: "open" if hours.is_open(now) else "closed",
        "agents_online": lambda: staffing.agents_online(department),
        "agents_available": lambda: staffing.agents_available(department),
        "date": lambda: local.date().isoformat(),
        "time": lambda: local.strftime("%H:%M"),
        "weekday": lambda: ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[local.weekday()],
    }
    values = known.values()
    facts["contact.known"] = lambda: bool(values)
    for attribute in site.attributes.contact:
        facts[f"contact.{attribute}"] = lambda attribute=attribute: values.get(attribute)  # type: ignore[misc]
    return facts


def of_conversation(site: Site, conversation: Conversation, known: Known, staffing: Staffing, now: datetime) -> Facts:
    """Returns the facts a turn of the bot may ask about."""
    told = {
        **conversation.context,
        "language": conversation.language,
        "chat": "open",
        "site.name": site.name,
        "last_message": conversation.last_message.get("text"),
    }
    later = server_facts(site, known, staffing, now, department=conversation.department)
    hours = site.opening_hours
    later["site.next_opening"] = lambda: hours.next_opening(now)
    later["site.opening_hours"] = lambda: hours
    return Facts(told, later)
