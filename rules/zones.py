"""Whose clock is meant: that of the reader where their browser told its zone, else that of the site."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

_YEAR = 2026
"""By which it is judged whether two clocks agree; any year would do."""


@cache
def zones() -> frozenset[str]:
    """Returns those there are, looked for once: that takes as long as reading a small site."""
    return frozenset(available_timezones()) - {"Factory", "localtime"}  # Which mean that nobody knows.


def zone_of_reader(facts: Mapping[str, Any], site: str) -> ZoneInfo:
    """Returns the zone that times are told in: of the fact `timezone` if there is such a zone, else the site's."""
    told = facts.get("timezone")
    return ZoneInfo(told if isinstance(told, str) and told in zones() else site)


@cache
def agree(one: ZoneInfo, other: ZoneInfo) -> bool:
    """Says whether clocks in these zones show the same all the year round, as in Berlin and Vienna."""
    firsts = [datetime(_YEAR, month, 1, tzinfo=UTC) for month in range(1, 13)]
    return one == other or all(
        first.astimezone(one).utcoffset() == first.astimezone(other).utcoffset() for first in firsts
    )
