"""`site:` — what the site is called, where and when it is, and which languages it speaks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from rules.kinds import ListOf, Word
from rules.nodes import Node, Scalar
from rules.problems import suggestion
from rules.schema import Key, Kind, Read, Table, Walker
from rules.zones import zones

_HOST = r"([A-Za-z0-9-]+\.)*[A-Za-z0-9-]+(:[0-9]{1,5})?"
_DOMAIN = rf"(\*\.)?{_HOST}"


@dataclass(frozen=True, slots=True)
class About:
    name: str
    url: str | None
    timezone: str
    languages: tuple[str, ...]
    """The first is the default."""
    domains: tuple[str, ...]
    """Pages that may embed the widget; loopback always may."""
    currency: str

    @property
    def country(self) -> str | None:
        """The country of the time zone: where a phone number without a country code is taken to be from."""
        return countries_by_timezone().get(self.timezone)


@dataclass(frozen=True)
class Zone(Kind):
    """Value: the name of a time zone that exists."""

    @property
    def words(self) -> str:
        return "a time zone like Europe/Berlin"

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        text = node.text if isinstance(node, Scalar) else ""
        if text in zones():
            return text
        if not text.strip():
            return walker.refuse(node, self, label)
        # Places alone: `Etc/GMT+1` is an hour behind UTC, and `UTC` is not what whoever writes `UTC+1` means.
        places = sorted(zone for zone in zones() if "/" in zone and not zone.startswith("Etc/"))
        cities = {zone.rpartition("/")[2].lower(): zone for zone in places}
        near = cities.get(re.sub(r"[ -]+", "_", text.rpartition("/")[2].strip().lower()))
        hint = f" — did you mean '{near}'?" if near else suggestion(text, places)
        hint = hint or "; it is called by a place, like Europe/Berlin"
        return walker.report("K006", node.place, f"there is no time zone '{text[:40]}'{hint}")

    def instead(self) -> str:
        return "UTC"


ABOUT = Table(
    "site",
    {
        "name": Key(Word(), "what the site is called, in the widget and in texts", required=True),
        "url": Key(
            Word("an address like https://shop.example", r"https?://\S+"),
            "the address of the website; its pages may embed the widget if 'domains' are left out",
        ),
        "timezone": Key(Zone(), "all times in all files are in this zone", default="UTC"),
        "languages": Key(
            ListOf(Word("a language code like en or de-AT", r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*"), at_least=1),
            "the languages the site speaks, the default first",
            default=["en"],
        ),
        "domains": Key(
            ListOf(Word("a domain like shop.example or *.shop.example", _DOMAIN)),
            "pages that may embed the widget, else those of 'url'; this computer itself always may",
            default=[],
        ),
        "currency": Key(
            Word("a currency code like EUR", r"[A-Z]{3}"), "the currency of amounts of money", default="EUR"
        ),
    },
)


def about(read: Read) -> About:
    """Returns the site's own description."""
    return About(
        name=read["name"] or "",
        url=read["url"],
        timezone=read["timezone"],
        languages=tuple(dict.fromkeys(read["languages"])) or ("en",),
        domains=tuple(read["domains"]) if read.wrote("domains") else _domain_of(read["url"]),
        currency=read["currency"],
    )


def _domain_of(url: str | None) -> tuple[str, ...]:
    """Returns the domain of the website's address; none if it has none that could be written under `domains`."""
    found = re.match(rf"https?://(?:[^/?#]*@)?({_HOST})(?=[/?#]|$)", url or "")
    return (found[1].lower(),) if found else ()


@cache
def countries_by_timezone() -> dict[str, str]:
    """Returns the country of each time zone, by the table that comes with the time zones."""
    table = files("tzdata") / "zoneinfo" / "zone.tab"
    rows = (line.split("\t") for line in table.read_text().splitlines() if line and not line.startswith("#"))
    return {row[2]: row[0] for row in rows}
