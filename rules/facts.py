"""The vocabulary: what conditions may ask about, who knows it, and what it is called in the words of the site.

`VOCABULARY` is the one list of facts; a `Scope` adds what a site brings along: attributes, triggers, slots.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import unquote

from rules import later
from rules.problems import Place, Problem, did_you_mean, error

Type = Literal[
    "text",
    "page",
    "number",
    "money",
    "clock",
    "percent",
    "yes_no",
    "choice",
    "language",
    "set",
    "date",
    "time",
    "weekday",
    "any",
]
"""`clock` counts seconds; `any` is typed only when it is met, as the fields of a record are."""

Knower = Literal["browser", "server", "site", "flow"]
"""`site` is a call of the website's own JavaScript; `flow` is known only inside flows and rules."""

ORDERED: frozenset[Type] = frozenset({"number", "money", "clock", "percent", "date", "time", "any"})
"""Types that have a more and a less."""
NUMERIC: frozenset[Type] = frozenset({"number", "money", "percent"})
TEXTUAL: frozenset[Type] = frozenset({"text", "page", "choice", "language", "weekday"})

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Kind:
    """What sort of value something has; `choices` where the list of them is closed."""

    type: Type
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """Something a condition may ask about. A name such as `page.query.<name>` stands for a family."""

    name: str
    kind: Kind
    known_by: tuple[Knower, ...]
    label: str
    """How a sentence about it begins: "on this page at least 30s". In a family, {} is where the name goes."""
    example: str
    """As a marketer writes it, the line below `when:`."""
    meaning: str
    in_this_version: bool = True

    @property
    def type(self) -> Type:
        return self.kind.type

    @property
    def family(self) -> str | None:
        """Returns `page.query.` for `page.query.<name>`, None for a single fact."""
        return self.name.partition("<")[0] if "<" in self.name else None


def _fact(
    name: str,
    type: Type | Kind,
    known_by: str,
    label: str,
    example: str,
    meaning: str,
    *,
    later: bool = False,
) -> Fact:
    kind = type if isinstance(type, Kind) else Kind(type)
    knowers: tuple[Any, ...] = tuple(known_by.split())
    return Fact(name, kind, knowers, label, example, meaning, in_this_version=not later)


_DEVICES = Kind("choice", ("desktop", "tablet", "mobile"))
_HOURS = Kind("choice", ("open", "closed"))
_CHAT = Kind("choice", ("never", "open", "minimized", "ended"))
_CHANNELS = Kind("choice", ("widget", "rest", "callback", "socketio"))

VOCABULARY: tuple[Fact, ...] = (
    _fact("page", "page", "browser", "page", "page: /pricing*", "path of the current page, without what follows ?"),
    _fact("page.path", "page", "browser", "page", "page.path: /cart", "the same as page"),
    _fact("page.url", "text", "browser", "page address", 'page.url: {starts: "https://shop."}', "the whole address"),
    _fact(
        "page.title", "text", "browser", "page title", "page.title: {contains: sale}", "as the browser's tab shows it"
    ),
    _fact(
        "page.query.<name>", "text", "browser", "{} in the page address", "page.query.step: 2", "a value after the ?"
    ),
    _fact("previous_page", "page", "browser", "previous page", "previous_page: /shop*", "earlier page of this visit"),
    _fact("landing_page", "page", "browser", "landing page", "landing_page: /sale", "first page of this visit"),
    _fact("time_on_page", "clock", "browser", "on this page", "time_on_page: 30s", "only while the tab is visible"),
    _fact("time_on_site", "clock", "browser", "on this site", "time_on_site: 2m", "only while the tab is visible"),
    _fact("idle", "clock", "browser", "idle", "idle: 30s", "nothing moved, pressed or typed; only while visible"),
    _fact("scroll", "percent", "browser", "scrolled", "scroll: 60%", "deepest scroll on this page"),
    _fact(
        "exit_intent",
        "yes_no",
        "browser",
        "about to leave",
        "exit_intent: true",
        "the pointer left through the top, or on a phone a fast scroll up; until the next page",
    ),
    _fact("pages_viewed", "number", "browser", "pages viewed", "pages_viewed: at least 3", "in this visit"),
    _fact("visits", "number", "browser server", "visits", "visits: at least 2", "this visit counts as 1"),
    _fact(
        "days_since_last_visit",
        "number",
        "browser server",
        "days since the last visit",
        "days_since_last_visit: at least 30",
        "whole days since the visit before this one; absent in the first",
    ),
    _fact("returning", "yes_no", "browser", "returning visitor", "returning: true", "visits is more than 1"),
    _fact("referrer", "text", "browser", "came from", "referrer: {contains: google}", "of the landing page"),
    *(
        _fact(f"utm.{part}", "text", "browser", f"campaign {part}", f"utm.{part}: {example}", "of the landing page")
        for part, example in (
            ("source", "newsletter"),
            ("medium", "email"),
            ("campaign", "spring*"),
            ("term", "boots"),
            ("content", "banner"),
        )
    ),
    _fact("device", _DEVICES, "browser", "device", "device: mobile", "by its screen and pointer"),
    _fact("language", "language", "browser", "language", "language: [en, de]", "negotiated with the site's languages"),
    _fact("country", "text", "server", "country", "country: DE", "by the visitor's address", later=True),
    _fact("region", "text", "server", "region", "region: Bavaria", "by the visitor's address", later=True),
    _fact("city", "text", "server", "city", "city: Munich", "by the visitor's address", later=True),
    _fact("timezone", "text", "browser", "time zone", "timezone: Europe/*", "as the visitor's computer is set"),
    _fact(
        "opening_hours", _HOURS, "server", "opening hours", "opening_hours: open", "of the department, else the site"
    ),
    _fact(
        "agents_online",
        "number",
        "server",
        "agents online",
        "agents_online: at least 1",
        "of the department, else of all",
    ),
    _fact(
        "agents_available",
        "number",
        "server",
        "agents available",
        "agents_available: at least 1",
        "online and free for one more conversation",
    ),
    _fact("queue_length", "number", "server", "people waiting", "queue_length: at most 3", "in the queue", later=True),
    _fact(
        "wait_estimate",
        "clock",
        "server",
        "expected wait",
        "wait_estimate: at most 2m",
        "until an agent answers",
        later=True,
    ),
    _fact("chat", _CHAT, "browser", "chat", "chat: never", "the conversation with this visitor"),
    _fact(
        "channel",
        _CHANNELS,
        "server",
        "through",
        "channel: rest",
        "the way in: the widget, or a door for Rasa's clients",
    ),
    _fact("contact.known", "yes_no", "server", "contact known", "contact.known: true", "we have a name or an address"),
    _fact("contact.<attribute>", "any", "server", "{}", "contact.plan: [team, business]", "as attributes.yaml says"),
    _fact("attr.<name>", "any", "site", "{}", "attr.seats: at least 5", "what your own script told", later=True),
    _fact("cart.value", "money", "site", "cart value", "cart.value: between 30 and 50", "sum of the cart", later=True),
    _fact("cart.items", "number", "site", "items in the cart", "cart.items: at least 1", "how many", later=True),
    _fact("cart.has", "set", "site", "cart", "cart.has: boots", "what is in it", later=True),
    _fact("segments", "set", "server", "segments", "segments: vip", "groups of visitors you defined", later=True),
    _fact(
        "shown.<trigger>",
        "number",
        "browser server",
        "times {} was shown",
        "shown.pricing_help: at least 1",
        "to this visitor",
    ),
    _fact(
        "dismissed.<trigger>",
        "number",
        "browser server",
        "times {} was dismissed",
        "dismissed.pricing_help: at least 1",
        "by this visitor",
    ),
    _fact(
        "answered.<trigger>",
        "number",
        "browser server",
        "times {} was answered",
        "answered.pricing_help: 0",
        "by this visitor",
    ),
    _fact(
        "event.<name>",
        "number",
        "site",
        "times {} happened",
        "event.video_played: at least 1",
        "in this visit",
        later=True,
    ),
    _fact("date", "date", "server", "date", "date: at least 2026-12-01", "by the clock of the site"),
    _fact("time", "time", "server", "time", "time: between 09:00 and 12:00", "by the clock of the site"),
    _fact("weekday", Kind("weekday", WEEKDAYS), "server", "day", "weekday: mon-fri", "by the clock of the site"),
    _fact("slot.<name>", "any", "flow", "{}", "slot.team_size: More than 50", "or just the name"),
    _fact("turns", "number", "flow", "turns", "turns: at least 3", "of this conversation", later=True),
    _fact("last_message", "text", "flow", "last message", "last_message: {contains: lawyer}", "of the visitor"),
    _fact("intent", "text", "flow", "intent", "intent: refund", "of the last message", later=True),
)

_SINGLE: Mapping[str, Fact] = {fact.name: fact for fact in VOCABULARY if fact.family is None}
_FAMILIES: tuple[tuple[str, Fact], ...] = tuple((fact.family, fact) for fact in VOCABULARY if fact.family)

SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "url": ("page.url", "page"),
    "path": ("page",),
    "pages": ("page",),
    "title": ("page.title",),
    "query": ("page.query.<name>",),
    "seconds": ("time_on_page",),
    "delay": ("time_on_page",),
    "time_spent": ("time_on_site",),
    "hours": ("opening_hours",),
    "open": ("opening_hours",),
    "agents": ("agents_available",),
    "online": ("agents_online",),
    "lang": ("language",),
    "locale": ("language",),
    "new_visitor": ("returning",),
    "returning_visitor": ("returning",),
    "sessions": ("visits",),
    "page_views": ("pages_viewed",),
    "day": ("weekday",),
    "campaign": ("utm.campaign",),
    "email": ("contact.email",),
    "phone": ("contact.phone", "device"),
    "and": ("all",),
    "or": ("any",),
    "unless": ("not",),
    "none": ("not",),
}

_ANSWER_TYPES: Mapping[str, Type] = {
    "yes_no": "yes_no",
    "consent": "yes_no",
    "number": "number",
    "rating": "number",
    "money": "money",
    "date": "date",
    "time": "time",
    "choice": "choice",
    "record": "any",
}


def kind_of_answer(type: str, choices: Iterable[str] = ()) -> Kind:
    """Returns the kind of value that an attribute or a slot of this answer type holds."""
    return Kind(_ANSWER_TYPES.get(type, "text"), tuple(choices))


def fact_named(name: str) -> Fact | None:
    """Returns the fact of the vocabulary with this name, or the family it belongs to."""
    if (single := _SINGLE.get(name)) is not None:
        return single
    return next((fact for prefix, fact in _FAMILIES if name.startswith(prefix) and len(name) > len(prefix)), None)


def known_in_browser(name: str) -> bool:
    """Says whether the page can find out this fact itself; all else is folded in before a condition goes there."""
    fact = fact_named(name)
    return fact is not None and not {"browser", "site"}.isdisjoint(fact.known_by)


COUNTED = ("shown.", "dismissed.", "answered.")
"""Families of facts that say how often something happened with a trigger."""


def completed(facts: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Returns the facts, and for these names also those that nobody lists because there is nothing to tell.

    Whoever knows the page knows which values are not in its address; whoever counts knows what was counted never.
    """
    complete = dict(facts)
    for name in names:
        if name.startswith(COUNTED):
            complete.setdefault(name, 0)
        elif name.startswith("page.query.") and "page" in facts:
            complete.setdefault(name, None)
    return complete


_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#]*", re.IGNORECASE)
_NOT_ENCODED = re.compile(r"%(?![0-9a-fA-F]{2})")


def page_path(address: str) -> str:
    """Returns what pages are compared by: the path, decoded, without query and without a slash at its end."""
    path = re.split(r"[?#]", _ORIGIN.sub("", address, count=1) if _ORIGIN.match(address) else address, maxsplit=1)[0]
    return _decoded(path).rstrip("/") or "/"


def _decoded(path: str) -> str:
    # All or nothing, as decodeURIComponent does it in the page.
    if _NOT_ENCODED.search(path):
        return path
    try:
        return unquote(path, errors="strict")
    except UnicodeDecodeError:
        return path


@dataclass(frozen=True, slots=True)
class Scope:
    """What may be asked about in one place of a site, and of which kind each is."""

    inside: Literal["trigger", "flow", "rule"] = "flow"
    contact: Mapping[str, Kind] = field(default_factory=dict)
    """Attributes of contacts, by name."""
    visit: Mapping[str, Kind] = field(default_factory=dict)
    """Attributes of visits, by name."""
    slots: Mapping[str, Kind] = field(default_factory=dict)
    triggers: frozenset[str] | None = None
    """Ids of all triggers of the site; None where they are not known, then any id is taken."""
    languages: tuple[str, ...] = ()
    """The site's languages; empty where they are not known, then any is taken."""

    def with_slots(self, slots: Mapping[str, Kind]) -> Scope:
        """Returns this scope with more slots in it."""
        return replace(self, slots={**self.slots, **slots})

    def find(self, name: str) -> Fact | None:
        """Returns the fact with this name, of the kind it has here, or None if there is none."""
        if name in _SINGLE:
            fact = _SINGLE[name]
            return replace(fact, kind=Kind("language", self.languages)) if name == "language" else fact
        if name in self.slots and self.inside != "trigger":
            return _slot(name, self.slots[name])
        head, _, rest = name.partition(".")
        if not rest:
            return None
        if self.inside != "trigger":
            if head == "slot":
                return self._slot_called(rest)
            if head in self.slots and self.slots[head].type == "any":
                return _slot(name, Kind("any"))
        return self._of_family(name, head, rest)

    def _slot_called(self, name: str) -> Fact | None:
        """Returns the slot under its bare name, so that `slot.size` and `size` are one fact."""
        if name in self.slots:
            return _slot(name, self.slots[name])
        record = self.slots.get(name.partition(".")[0])
        return _slot(name, Kind("any")) if record is not None and record.type == "any" else None

    def _of_family(self, name: str, head: str, rest: str) -> Fact | None:
        family = fact_named(name)
        if family is None or head == "slot":
            return None
        if head == "contact":
            kind = self.contact.get(rest)
            return replace(family, name=name, kind=kind, label=spoken(rest)) if kind else None
        if head == "attr":
            kind = self.visit.get(rest, Kind("any"))
            return replace(family, name=name, kind=kind, label=spoken(rest))
        if f"{head}." in COUNTED and self.triggers is not None and rest not in self.triggers:
            return None
        return replace(family, name=name)

    def names(self) -> list[str]:
        """Returns every name that may be written here, for suggestions and completion."""
        single = [fact.name for fact in VOCABULARY if fact.family is None and fact.in_this_version]
        here = [name for name in single if self.inside != "trigger" or "flow" not in _SINGLE[name].known_by]
        named = [f"contact.{attribute}" for attribute in self.contact]
        counted = [f"{family}{trigger}" for trigger in self.triggers or () for family in COUNTED]
        slots = list(self.slots) if self.inside != "trigger" else []
        return [*slots, *here, *named, *counted]

    def resolve(self, name: str, place: Place, problems: list[Problem], *, also: Iterable[str] = ()) -> Fact | None:
        """Returns the fact with this name, or None after saying what is wrong; `also` may be meant instead."""
        fact = self.find(name)
        if fact is None:
            problems.append(error("K003", place, self._unknown(name, also)))
            return None
        if not fact.in_this_version:
            problems.append(error("K007", place, later.sentence(f"the fact '{name}'")))
            return None
        if self.inside == "trigger" and fact.known_by == ("flow",):
            problems.append(error("K003", place, f"'{name}' is known only inside flows and rules, not in triggers"))
            return None
        return fact

    def _unknown(self, name: str, also: Iterable[str]) -> str:
        head, _, rest = name.partition(".")
        if self.inside == "trigger" and (head == "slot" or name in self.slots):
            return f"'{name}' is a slot, and slots are known only inside flows"
        nearby = self._nearby(name, also)
        meant = f" — did you mean '{nearby}'?" if nearby else ""
        if name in ("page.query", "page.query."):
            return "'page.query' needs a name, as in page.query.step"
        if head == "contact" and rest:
            return f"there is no contact attribute '{rest}'{meant}"
        if f"{head}." in COUNTED and rest:
            return f"there is no trigger '{rest}'{meant}"
        if head == "slot" and rest:
            return f"there is no slot '{rest}'{meant}"
        return f"there is no fact '{_cut(name)}'{meant}"

    def _nearby(self, name: str, also: Iterable[str]) -> str | None:
        candidates = [*self.names(), *also]
        if "." in name:
            same_family = [one for one in candidates if one.partition(".")[0] == name.partition(".")[0]]
            if near := did_you_mean(name, same_family, {}):
                return near
        # A bare attribute name is more often forgotten to be of the contact than misspelt.
        if f"contact.{name}" in candidates:
            return f"contact.{name}"
        return did_you_mean(name, candidates, SYNONYMS)


def _slot(name: str, kind: Kind) -> Fact:
    return Fact(name, kind, ("flow",), spoken(name), f"{name}: …", "a slot")


def spoken(name: str) -> str:
    """Returns an id as it stands in a sentence."""
    return name.replace("_", " ")


def _cut(text: str) -> str:
    return text if len(text) <= 40 else text[:40] + "…"
