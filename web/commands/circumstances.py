"""What somebody says at the shell about a visitor, `--fact visits=3`: read as the conditions of the site read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from bot.site.site import Site
from rules.comparisons import Unfit, Written, read_values
from rules.facts import Scope
from rules.hours import MINUTES_A_DAY, OpeningHours, Window
from rules.problems import NOWHERE, Problem

_OPTIONS = {
    "page": "--page",
    "page.path": "--page",
    "language": "--language",
    "agents_online": "--agents",
    "agents_available": "--agents",
}
"""What has an option of its own, for more depends on it than conditions."""
_COME_ABOUT = ("chat", "last_message")
"""What the talk itself makes true."""


class CannotBe(Exception):
    """A circumstance that a visitor of this site cannot be in; the text says what to write instead."""


def circumstances(site: Site, *, page: str, facts: Iterable[str]) -> dict[str, Any]:
    """Returns fact → value for a visitor on this page, with what follows from that; raises CannotBe."""
    scope = site.attributes.scope("rule", triggers=frozenset(site.triggers), languages=site.languages)
    written, _, query = page.partition("?")
    path = _value("--page", scope, "page", written)
    told = dict(_fact(each, scope) for each in facts)
    return {"page": path, "page.path": path, **_asked_of_page(query, told), **told, **_visits(told)}


def as_told(site: Site, facts: dict[str, Any], now: datetime) -> Site:
    """Returns the site with its hours on this day as `opening_hours` says, which is taken out of the facts.

    So that conditions, hand overs and texts agree about it, and time that passes goes on into the next day.
    """
    told = facts.pop("opening_hours", None)
    if told is None:
        return site
    windows = (Window(0, MINUTES_A_DAY),) if told == "open" else ()

    def on_this_day(hours: OpeningHours) -> OpeningHours:
        today = now.astimezone(hours.zone).date()
        # What began yesterday may go over midnight.
        days = {today: windows} if windows else {today - timedelta(days=1): (), today: ()}
        return replace(hours, exceptions={**hours.exceptions, **days})

    departments = {
        id: replace(each, opening_hours=on_this_day(each.opening_hours)) for id, each in site.departments.items()
    }
    return replace(site, hours={name: on_this_day(each) for name, each in site.hours.items()}, departments=departments)


def language_spoken(site: Site, written: str) -> str:
    """Returns the language of the site that is meant; raises CannotBe."""
    scope = site.attributes.scope("rule", triggers=None, languages=site.languages)
    return str(_value("--language", scope, "language", written))


def _asked_of_page(query: str, told: Mapping[str, Any]) -> dict[str, str]:
    """Returns what stands behind the ? of an address; of a name that comes twice the first, as in a browser."""
    pairs = parse_qsl(query.partition("#")[0], keep_blank_values=True)
    found = {f"page.query.{name}": value for name, value in reversed(pairs)}
    for name, value in found.items():
        if told.get(name, value) != value:
            raise CannotBe(f"--fact {name}={told[name]}: --page says '{value}'.")
    return found


def _visits(told: Mapping[str, Any]) -> dict[str, Any]:
    """Returns how often somebody was here and whether they return, as far as one says the other."""
    visits, returning = told.get("visits"), told.get("returning")
    if visits is None:
        return {"visits": 1} if returning is False else {}
    if visits < 1:
        raise CannotBe(f"--fact visits={visits}: this visit counts as 1, so there is at least 1.")
    if returning is not None and returning != (visits > 1):
        both = f"--fact visits={visits} and --fact returning={'yes' if returning else 'no'}"
        raise CannotBe(f"{both}: whoever returns is here for the second time at least.")
    return {"returning": visits > 1}


def _fact(written: str, scope: Scope) -> tuple[str, Any]:
    name, equals, value = written.partition("=")
    if not equals or not name:
        raise CannotBe(f"'{written}' is no fact. Write NAME=VALUE, such as visits=3.")
    if name in _OPTIONS:
        raise CannotBe(f"--fact {written}: write {_OPTIONS[name]} for that.")
    if name in _COME_ABOUT:
        raise CannotBe(f"--fact {written}: '{name}' comes about while you talk.")
    return name, _value(f"--fact {written}", scope, name, value)


def _value(option: str, scope: Scope, name: str, written: str) -> Any:
    problems: list[Problem] = []
    fact = scope.resolve(name, NOWHERE, problems)
    values = read_values(fact, Written(written)) if fact is not None else Unfit(problems[0].message)
    if isinstance(values, Unfit):
        better = "" if values.write is None or values.write in values.message else f" — write {values.write}"
        sentence = f"{option}: {values.message}{better}"
        raise CannotBe(sentence if sentence.endswith("?") else f"{sentence}.")
    if len(values) > 1:
        raise CannotBe(f"{option}: those are several. Write one, such as {name}={values[0]}.")
    return values[0]
