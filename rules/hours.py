"""When is somebody there: weekly hours, holidays and dated exceptions in the zone of the site.

The law behind every answer: it is open whenever the clock on the wall of the site shows a time inside a window. So a
window of the hour that spring skips does not happen, and one in the hour that autumn repeats happens twice.
"""

from bisect import insort
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from types import MappingProxyType
from zoneinfo import ZoneInfo

import holidays as public_holidays
from babel.dates import get_day_names

from rules.texts import base_of, locale_of

MINUTES_A_DAY = 1_440

_LOOK_AHEAD = timedelta(days=800)
_LOOK_AHEAD_WITHOUT_DATES = timedelta(days=22)
_WORKING_CHUNK = timedelta(days=60)
_WORKING_LIMIT = timedelta(days=20 * 366)
_LARGEST_OFFSET = timedelta(hours=15)

_WORDS = {
    "en": ("every day", "around the clock", "and", "closed"),
    "de": ("täglich", "rund um die Uhr", "und", "geschlossen"),
    "fr": ("tous les jours", "24 heures sur 24", "et", "fermé"),
    "es": ("todos los días", "las 24 horas", "y", "cerrado"),
    "it": ("tutti i giorni", "24 ore su 24", "e", "chiuso"),
}


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """One stretch of a day, in minutes after its midnight."""

    opens: int
    closes: int
    """More than 1,440 when it ends on the following day; it belongs to the day on which it begins."""

    def __str__(self) -> str:
        return f"{clock_time(self.opens)}-{clock_time(self.closes)}"


Day = tuple[Window, ...]
_Stretch = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class OpeningHours:
    zone: ZoneInfo
    week: tuple[Day, ...] = ((),) * 7
    """Monday first."""
    exceptions: Mapping[date, Day] = field(default_factory=lambda: MappingProxyType({}))
    """These days follow neither the week nor the holidays."""
    holidays: tuple[str, ...] = ()
    """Regions whose public holidays are closed days: `DE-BY`, `US`."""

    def is_open(self, at: datetime) -> bool:
        wall = _on_the_wall(at, self.zone)
        return any(
            opens <= wall < closes
            for day in (wall.date() - timedelta(days=1), wall.date())
            for opens, closes in self._walls_of(day)
        )

    def next_opening(self, at: datetime) -> datetime | None:
        """Returns when it opens next after this moment (UTC), or None if it does not in the next two years."""
        at = _utc(at)
        return next((opens for opens, _ in self._stretches(at, at + self._look_ahead) if opens > at), None)

    def next_change(self, at: datetime) -> datetime | None:
        """Returns when it next opens or closes (UTC), or None if it stays as it is for the next two years."""
        at = _utc(at)
        until = at + self._look_ahead
        for opens, closes in self._stretches(at, until):
            if opens > at:
                return opens
            if closes > at:
                return closes if closes < until else None
        return None

    def add_working(self, at: datetime, seconds: int) -> datetime | None:
        """Returns the first moment with this many open seconds since `at`, None if that takes twenty years."""
        left = float(seconds)
        since = _utc(at)
        give_up = since + _WORKING_LIMIT
        if left <= 0:
            return since
        while since < give_up:
            until = since + _WORKING_CHUNK
            for clipped in self._clipped(since, until):
                if left <= _seconds(clipped):
                    return clipped[0] + timedelta(seconds=left)
                left -= _seconds(clipped)
            since = until
        return None

    def windows_on(self, day: date) -> Day:
        if day in self.exceptions:
            return self.exceptions[day]
        if any(day in _holiday_dates(region, day.year) for region in self.holidays):
            return ()
        return self.week[day.weekday()]

    def summary(self, language: str) -> str:
        """Returns the ordinary week in words: `Mon–Fri 09:00–18:00, Sat 10:00–13:00 and 14:00–16:00`."""
        every_day, around_the_clock, _, closed = _words(language)
        if not any(self.week):
            return closed
        if len(set(self.week)) > 1 or not every_day:
            return ", ".join(self._runs_in_words(language))
        if self.week[0] == (Window(0, MINUTES_A_DAY),):
            return around_the_clock
        return f"{every_day} {_in_words(self.week[0], language)}"

    def _runs_in_words(self, language: str) -> Iterator[str]:
        names = get_day_names("abbreviated", context="stand-alone", locale=locale_of(language))
        first = 0
        while first < 7:
            last = first
            while last < 6 and self.week[last + 1] == self.week[first]:
                last += 1
            if self.week[first]:
                days = names[first] if first == last else f"{names[first]}–{names[last]}"
                yield f"{days} {_in_words(self.week[first], language)}"
            first = last + 1

    @property
    def _look_ahead(self) -> timedelta:
        """Without dates every week is like the next, so a few of them tell all there is."""
        return _LOOK_AHEAD if self.exceptions or self.holidays else _LOOK_AHEAD_WITHOUT_DATES

    def _walls_of(self, day: date) -> Iterator[_Stretch]:
        midnight = datetime.combine(day, time())
        for window in self.windows_on(day):
            yield midnight + timedelta(minutes=window.opens), midnight + timedelta(minutes=window.closes)

    def _clipped(self, since: datetime, until: datetime) -> Iterator[_Stretch]:
        for opens, closes in self._stretches(since, until):
            if max(opens, since) < min(closes, until):
                yield max(opens, since), min(closes, until)

    def _stretches(self, since: datetime, until: datetime) -> Iterator[_Stretch]:
        """Yields the open stretches (UTC, in order, joined where they meet) from before `since` to after `until`."""
        pending: list[_Stretch] = []
        for day in self._days(_on_the_wall(since, self.zone).date(), _on_the_wall(until, self.zone).date()):
            # Nothing of this day or a later one begins before this moment, whatever the zone.
            settled = datetime.combine(day, time(), UTC) - _LARGEST_OFFSET
            while pending and pending[0][1] < settled:
                yield pending.pop(0)
            for wall in self._walls_of(day):
                for stretch in _instants(wall, self.zone):
                    insort(pending, stretch)
            pending = _joined(pending)
        yield from pending

    def _days(self, first: date, last: date) -> Iterator[date]:
        first, last = first - timedelta(days=2), last + timedelta(days=2)
        if any(self.week):
            yield from (first + timedelta(days=n) for n in range((last - first).days + 1))
        else:
            yield from (day for day in sorted(self.exceptions) if first <= day <= last)


def clock_time(minutes: int) -> str:
    """Returns `09:00`; the end of the day is `24:00`, what lies beyond it is a time of the next morning."""
    if minutes > MINUTES_A_DAY:
        minutes -= MINUTES_A_DAY
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _words(language: str) -> tuple[str, str, str, str]:
    """Returns our few words in this language, or signs that every language reads."""
    return _WORDS.get(base_of(language), ("", "", "+", "–"))


def _in_words(day: Day, language: str) -> str:
    conjunction = _words(language)[2]
    windows = [f"{clock_time(window.opens)}–{clock_time(window.closes)}" for window in day]
    return f" {conjunction} ".join(windows)


def _seconds(stretch: _Stretch) -> float:
    return (stretch[1] - stretch[0]).total_seconds()


def _joined(stretches: list[_Stretch]) -> list[_Stretch]:
    joined: list[_Stretch] = []
    for opens, closes in stretches:
        if joined and opens <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], closes))
        else:
            joined.append((opens, closes))
    return joined


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("opening hours are asked about a moment with a zone")
    return at.astimezone(UTC)


def _on_the_wall(at: datetime, zone: ZoneInfo) -> datetime:
    return _utc(at).astimezone(zone).replace(tzinfo=None, fold=0)


def _instants(wall: _Stretch, zone: ZoneInfo) -> Iterator[_Stretch]:
    """Yields the stretches of real time in which a clock of this zone shows a time inside the stretch of wall time."""
    opens, closes = (moment.replace(tzinfo=UTC) for moment in wall)
    for since, until, offset in _offsets(opens - _LARGEST_OFFSET, closes + _LARGEST_OFFSET, zone):
        begin, end = max(opens - offset, since), min(closes - offset, until)
        if begin < end:
            yield begin, end


def _offsets(since: datetime, until: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Yields the parts of a few days in which the zone's distance from UTC stays the same."""
    begin, offset, at = since, _offset(since, zone), since
    while at < until:
        ahead = min(at + timedelta(hours=12), until)
        if _offset(ahead, zone) != offset:
            change = _first_with_another_offset(at, ahead, zone)
            yield begin, change, offset
            begin, offset = change, _offset(change, zone)
            ahead = change
        at = ahead
    yield begin, until, offset


def _first_with_another_offset(same: datetime, other: datetime, zone: ZoneInfo) -> datetime:
    """Returns the moment of the change, which zones make at a full second."""
    offset = _offset(same, zone)
    low, high = 0, int((other - same).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(same + timedelta(seconds=middle), zone) == offset:
            low = middle
        else:
            high = middle
    return same + timedelta(seconds=high)


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


@lru_cache(maxsize=1_024)
def _holiday_dates(region: str, year: int) -> frozenset[date]:
    country, _, subdivision = region.partition("-")
    return frozenset(public_holidays.country_holidays(country, subdiv=subdivision or None, years=year))
