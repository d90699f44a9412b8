"""Opening hours as marketers write them: days and times with the place of each, and every mistake with its remedy."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import combinations, pairwise
from types import MappingProxyType
from zoneinfo import ZoneInfo

import holidays as public_holidays
from babel import Locale

from rules.hours import MINUTES_A_DAY, Day, OpeningHours, Window, clock_time
from rules.nodes import List, Map, Node, Scalar, Unreadable
from rules.problems import Place, Problem, did_you_mean, error, suggestion, warning

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_DAY = "every day"
OTHER_KEYS = ("holidays", "except")

_MINUTES_A_WEEK = 7 * MINUTES_A_DAY
_LONG_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY_WORDS = {
    **{name: number for number, name in enumerate(DAYS)},
    **{name: number for number, name in enumerate(_LONG_NAMES)},
}
_HABITS = {
    "weekdays": "mon-fri",
    "workdays": "mon-fri",
    "weekday": "mon-fri",
    "weekend": "sat-sun",
    "weekends": "sat-sun",
    "daily": EVERY_DAY,
    "everyday": EVERY_DAY,
    "always": EVERY_DAY,
    "tues": "tue",
    "weds": "wed",
    "thur": "thu",
    "thurs": "thu",
    "exceptions": "except",
    "holiday": "holidays",
}
_WINDOW = re.compile(r"([0-9]{1,2}):([0-9]{2})\s*[-–—]\s*([0-9]{1,2}):([0-9]{2})")
_LOOSE_TIME = r"([0-9]{1,2})(?:[:.h]([0-9]{2}))?\s*(am|pm|a\.m\.|p\.m\.|h|uhr|o'clock)?"
_LOOSE_WINDOW = re.compile(rf"{_LOOSE_TIME}\s*(?:[-–—]|to|until|till|bis)\s*{_LOOSE_TIME}", re.IGNORECASE)
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class _Entry:
    """What one line says about some days of the week."""

    key: str
    place: Place
    days: tuple[int, ...]
    windows: tuple[tuple[Window, Place], ...]
    closed: bool
    """Said in so many words; an entry without windows may also be one that could not be read."""


class _Refused(Exception):
    def __init__(self, message: str, write: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.write = write


def read_opening_hours(node: Node, zone: ZoneInfo, name: str, problems: list[Problem]) -> OpeningHours:
    """Returns the hours that one entry of `opening_hours` describes; `name` is how messages speak of it.

    What could not be read is closed in the answer and told in `problems`.
    """
    if not isinstance(node, Map):
        if not isinstance(node, Unreadable):
            message = f"{name} needs days with their times"
            problems.append(error("K006", node.place, message, write="mon-fri: 09:00-18:00"))
        return OpeningHours(zone)
    entries = list(_entries(node, problems))
    _check_week(entries, name, problems)
    if all(key.text in OTHER_KEYS or _days(key.text) is not None for key, _ in node.entries):
        _check_missing(entries, name, node.place, problems)
    week = tuple(
        tuple(sorted(window for entry in entries if day in entry.days for window, _ in entry.windows))
        for day in range(7)
    )
    return OpeningHours(
        zone=zone,
        week=week,
        exceptions=_exceptions(node.get("except"), problems),
        holidays=_holidays(node.get("holidays"), problems),
    )


def _entries(node: Map, problems: list[Problem]) -> Iterator[_Entry]:
    for key, value in node.entries:
        if key.text in OTHER_KEYS:
            continue
        days = _days(key.text)
        if days is None:
            problems.append(_unknown_day(key))
        else:
            yield _entry(key, days, value, problems)


def _entry(key: Scalar, days: tuple[int, ...], value: Node, problems: list[Problem]) -> _Entry:
    return _Entry(key.text, key.place, days, tuple(_windows(value, key.text, problems)), closed=_is_closed(value))


def _is_closed(value: Node) -> bool:
    if isinstance(value, List) and len(value.items) == 1:
        return _is_closed(value.items[0])
    return isinstance(value, Scalar) and _folded(value.text) == "closed"


def _days(text: str) -> tuple[int, ...] | None:
    """Returns the days that `mon`, `mon-fri`, `sat-mon`, `mon, wed` or `every day` names, Monday being 0."""
    if _folded(text) == EVERY_DAY:
        return tuple(range(7))
    found: list[int] = []
    for part in _folded(text).split(","):
        ends = [_DAY_WORDS.get(word.strip()) for word in re.split(r"[-–—]", part)]
        if len(ends) > 2 or any(end is None for end in ends):
            return None
        first, last = ends[0] or 0, ends[-1] or 0
        found += [(first + n) % 7 for n in range((last - first) % 7 + 1)]
    return tuple(dict.fromkeys(found))


def _unknown_day(key: Scalar) -> Problem:
    known = [*DAYS, EVERY_DAY, *OTHER_KEYS, "mon-fri", "sat-sun"]
    meant = _HABITS.get(_folded(key.text)) or did_you_mean(key.text, known)
    if not meant and re.match(r"[0-9]", key.text):
        message = f"'{_short(key.text)}' is no day of the week; a single date belongs under 'except'"
        return error("K001", key.place, message, write="except: {2026-12-24: closed}")
    hint = f" — did you mean '{meant}'?" if meant else "; days are mon, tue, wed, thu, fri, sat, sun or every day"
    return error("K001", key.place, f"'{_short(key.text)}' is no day of the week{hint}")


def _windows(value: Node, key: str, problems: list[Problem]) -> Iterator[tuple[Window, Place]]:
    """Yields the windows of one day; nothing for `closed`."""
    if _is_closed(value):
        return
    items = value.items if isinstance(value, List) else (value,)
    if not items:
        problems.append(error("K006", value.place, f"{key} has no time in its list", write=f"{key}: closed"))
    for item in items:
        if isinstance(item, Unreadable):
            continue
        if not isinstance(item, Scalar):
            message = f"{key} needs a time such as 09:00-18:00, a list of them, or closed"
            problems.append(error("K006", item.place, message, write=f"{key}: 09:00-18:00"))
            continue
        try:
            yield _window(item.text), item.place
        except _Refused as refused:
            write = refused.write and f"{key}: {refused.write}"
            problems.append(error("K006", item.place, refused.message, write=write))


def _window(text: str) -> Window:
    written = text.strip()
    found = _WINDOW.fullmatch(written)
    if not found:
        raise _not_a_window(written)
    opens, closes = _minutes(found[1], found[2], written), _minutes(found[3], found[4], written)
    if opens == closes:
        message = f"'{written}' opens and closes at the same time; the whole day is 00:00-24:00"
        raise _Refused(message, write="00:00-24:00")
    if opens == MINUTES_A_DAY:
        raise _Refused(f"'{written}' opens at the end of the day; write it as 00:00 of the next day")
    return Window(opens, closes if closes > opens else closes + MINUTES_A_DAY)


def _minutes(hour: str, minute: str, written: str) -> int:
    minutes = int(hour) * 60 + int(minute)
    if int(minute) > 59 or minutes > MINUTES_A_DAY:
        raise _Refused(f"'{hour}:{minute}' in '{written}' is no time of the day")
    return minutes


def _not_a_window(written: str) -> _Refused:
    shown, folded = _short(written), _folded(written)
    if not folded:
        return _Refused("there is no time here; a day on which nobody is there is closed", write="closed")
    if folded == "closed":
        return _Refused("'closed' stands alone, not in a list of times")
    if folded in ("no", "off", "false", "none", "null", "~", "-"):
        return _Refused(f"'{shown}' is no opening time; a day on which nobody is there is closed", write="closed")
    if folded in ("yes", "open", "true", "on", "all day", "24h", "24/7", "always", "24 hours"):
        return _Refused(f"'{shown}' is no opening time; the whole day is 00:00-24:00", write="00:00-24:00")
    parts = [part.strip() for part in re.split(r"[,;&+]|\band\b", written)]
    if len(parts) > 1 and all(_WINDOW.fullmatch(part) for part in parts):
        return _Refused(f"'{shown}' is several times; they are written as a list", write=f"[{', '.join(parts)}]")
    if loose := _loosely(written):
        return _Refused(f"'{shown}' is not how opening times are written", write=loose)
    return _Refused(f"'{shown}' is no opening time; write it like 09:00-18:00, or closed")


def _loosely(written: str) -> str | None:
    """Returns `09:00-17:00` for `9am - 5pm`, or None where it would be a guess."""
    found = _LOOSE_WINDOW.fullmatch(written)
    if not found:
        return None
    opens, closes = _loose_minutes(*found.groups()[:3]), _loose_minutes(*found.groups()[3:])
    if opens is None or closes is None or opens in (closes, MINUTES_A_DAY):
        return None
    return f"{clock_time(opens)}-{clock_time(closes)}"


def _loose_minutes(hour: str, minute: str | None, half: str | None) -> int | None:
    hours, minutes = int(hour), int(minute or 0)
    if half and half[0].lower() in "ap" and hours <= 12:
        hours = hours % 12 + (12 if half[0].lower() == "p" else 0)
    total = hours * 60 + minutes
    return total if minutes < 60 and total <= MINUTES_A_DAY else None


def _check_week(entries: list[_Entry], name: str, problems: list[Problem]) -> None:
    for entry in entries:
        _check_gaps(entry, name, problems)
        _check_own_overlaps(entry, problems)
    for one, other in combinations(entries, 2):
        _check_contradiction(one, other, problems)
        _check_overlap(one, other, problems)


def _check_missing(entries: list[_Entry], name: str, place: Place, problems: list[Problem]) -> None:
    spoken_of = {day for entry in entries for day in entry.days}
    missing = tuple(day for day in range(7) if day not in spoken_of)
    if missing:
        names = " and ".join(", ".join(DAYS[day] for day in missing).rsplit(", ", 1))
        verb = "is" if len(missing) == 1 else "are"
        message = f"{name}: {names} {verb} missing, treated as closed"
        problems.append(warning("S001", place, message, write=f"{_days_text(missing)}: closed"))


def _check_gaps(entry: _Entry, name: str, problems: list[Problem]) -> None:
    for (before, _), (after, place) in pairwise(sorted(entry.windows)):
        if before.closes < after.opens:
            gap = f"{clock_time(before.closes)}-{clock_time(after.opens)}"
            message = f"{name}: {entry.key} {gap} is closed between two open times; intended?"
            problems.append(Problem("S001", "info", place, message))


def _check_own_overlaps(entry: _Entry, problems: list[Problem]) -> None:
    for (one, _), (other, place) in combinations(entry.windows, 2):
        if _overlap(entry.days, one, entry.days, other):
            problems.append(error("S002", place, f"{entry.key} {one} and {entry.key} {other} overlap"))


def _check_overlap(one: _Entry, other: _Entry, problems: list[Problem]) -> None:
    for first, _ in one.windows:
        for second, place in other.windows:
            if _overlap(one.days, first, other.days, second):
                problems.append(error("S002", place, f"{one.key} {first} and {other.key} {second} overlap"))


def _overlap(days: tuple[int, ...], window: Window, other_days: tuple[int, ...], other: Window) -> bool:
    """Says whether the two windows share a minute of the week, also where one runs over midnight into the other."""
    for day in days:
        for other_day in other_days:
            ahead = (other_day * MINUTES_A_DAY + other.opens - day * MINUTES_A_DAY - window.opens) % _MINUTES_A_WEEK
            if ahead < window.closes - window.opens or _MINUTES_A_WEEK - ahead < other.closes - other.opens:
                return True
    return False


def _check_contradiction(one: _Entry, other: _Entry, problems: list[Problem]) -> None:
    shared = [day for day in one.days if day in other.days]
    closed, opened = (one, other) if one.closed else (other, one)
    if not shared or not closed.closed or not opened.windows:
        return
    rest = tuple(day for day in opened.days if day not in closed.days)
    times = ", ".join(str(window) for window, _ in opened.windows)
    write = f"{_days_text(rest)}: {times if len(opened.windows) == 1 else f'[{times}]'}" if rest else None
    both = " and ".join(DAYS[day] for day in shared) if len(shared) < 3 else _days_text(tuple(shared))
    message = f"{both}: open by '{opened.key}' (line {opened.place.line}) and closed by '{closed.key}'"
    problems.append(error("S002", closed.place, message, write=write))


def _days_text(days: tuple[int, ...]) -> str:
    """Returns `mon-wed, sat` for 0, 1, 2, 5."""
    runs: list[list[int]] = []
    for day in sorted(days):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ", ".join(DAYS[run[0]] if len(run) == 1 else f"{DAYS[run[0]]}-{DAYS[run[-1]]}" for run in runs)


def _exceptions(node: Node | None, problems: list[Problem]) -> Mapping[date, Day]:
    if node is None or isinstance(node, Unreadable):
        return MappingProxyType({})
    if not isinstance(node, Map):
        message = "'except' needs dates with their times"
        problems.append(error("K006", node.place, message, write="except: {2026-12-24: 09:00-12:00}"))
        return MappingProxyType({})
    exceptions: dict[date, Day] = {}
    for key, value in node.entries:
        day = _date(key, problems)
        entry = _entry(key, (0,), value, problems)
        _check_own_overlaps(entry, problems)
        if day is not None:
            exceptions[day] = tuple(sorted(window for window, _ in entry.windows))
    return MappingProxyType(exceptions)


def _date(key: Scalar, problems: list[Problem]) -> date | None:
    text = key.text.strip()
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
    except ValueError:
        problems.append(error("K006", key.place, f"there is no day {text} in the calendar"))
        return None
    hint = "; a date is written 2026-12-24"
    if turned := re.fullmatch(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})", text):
        hint = f" — did you mean {turned[3]}-{turned[2]:0>2}-{turned[1]:0>2}?"
    elif re.fullmatch(r"[0-9]{1,2}[-./][0-9]{1,2}\.?", text):
        hint = " without its year; a date is written 2026-12-24"
    problems.append(error("K006", key.place, f"'{_short(text)}' is no date{hint}"))
    return None


def _holidays(node: Node | None, problems: list[Problem]) -> tuple[str, ...]:
    if node is None or isinstance(node, Unreadable):
        return ()
    regions: list[str] = []
    for item in node.items if isinstance(node, List) else (node,):
        if isinstance(item, Unreadable):
            continue
        if not isinstance(item, Scalar) or not isinstance(item.value, str) or not item.text.strip():
            message = "'holidays' needs the country or its part whose public holidays are closed days"
            problems.append(error("K006", item.place, message, write="holidays: [DE-BY]"))
        elif problem := _holiday_problem(item):
            problems.append(problem)
        else:
            regions.append(_region(item.text))
    return tuple(dict.fromkeys(regions))


def _region(text: str) -> str:
    """Returns the region as the holidays are filed: `DE-BY` for `de-by`, `DE-Augsburg` for `DE-AUGSBURG`."""
    country, dash, part = text.strip().partition("-")
    country = country.upper()
    parts = public_holidays.list_supported_countries().get(country, ())
    return country + dash + next((known for known in parts if known.upper() == part.upper()), part.upper())


def _holiday_problem(item: Scalar) -> Problem | None:
    region = _region(item.text)
    country, _, part = region.partition("-")
    supported = public_holidays.list_supported_countries()
    if re.match(r"[0-9]{4}-", region):
        message = f"'{_short(region)}' is a date; single dates belong under 'except'"
        return error("K006", item.place, message, write=f"except: {{{region}: closed}}" if len(region) == 10 else None)
    if country not in supported:
        code = _country_code(item.text)
        hint = f" — did you mean '{code}'?" if code else suggestion(country, supported)
        return error("K006", item.place, f"no public holidays are known for '{_short(item.text)}'{hint}")
    if part and part not in supported[country]:
        parts = ", ".join(supported[country]) or "none"
        message = f"no public holidays are known for the part '{_short(part)}' of {country}; its parts are {parts}"
        return error("K006", item.place, message)
    return None


def _country_code(name: str) -> str | None:
    """Returns `DE` for `Germany`."""
    territories = Locale("en").territories
    wanted = name.strip().casefold()
    return next((code for code, shown in territories.items() if shown.casefold() == wanted and len(code) == 2), None)


def _folded(text: str) -> str:
    return " ".join(text.split()).lower()


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
