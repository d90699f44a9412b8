"""How long is `30s`, `5m`, `2h`, `3d`, `2w`, `1y` or `2 working hours`; and what to write for it instead of `5 min`."""

import re
from dataclasses import dataclass

LONGEST_SECONDS = 10 * 366 * 86_400
"""Ten years: longer than anything in a site is meant to last."""

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800, "y": 31_536_000}
"""A year has 365 days. A month is not there: its letter is taken, and people mean 28 to 31 days by it."""
UNITS = frozenset(_SECONDS)
_UNIT_OF = {
    word: unit
    for unit, words in {
        "s": "s sec secs second seconds",
        "m": "m min mins minute minutes",
        "h": "h hr hrs hour hours",
        "d": "d day days",
        "w": "w wk wks week weeks",
        "y": "y yr yrs year years",
    }.items()
    for word in words.split()
}
_WORKING_WORD = {"m": "minute", "h": "hour"}

_PLAIN = re.compile(r"([0-9]{1,9})([smhdwy])")
_WORKING = re.compile(r"([0-9]{1,9}) working (minute|hour)s?")
_LOOSE_PART = re.compile(r"([0-9]{1,9}(?:[.,][0-9]{1,3})?)\s*([a-zA-Z]*)\s*")
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Duration:
    seconds: int
    working: bool = False
    """Only the time in which the department is open counts."""

    def __str__(self) -> str:
        if self.working:
            unit = "h" if self.seconds % 3_600 == 0 else "m"
            amount = self.seconds // _SECONDS[unit]
            return f"{amount} working {_WORKING_WORD[unit]}{'' if amount == 1 else 's'}"
        return _shortest(self.seconds)


class NotADuration(ValueError):
    """A text that is no duration; `str()` of it is a sentence, `write` what to put instead where that is clear."""

    def __init__(self, message: str, write: str | None = None) -> None:
        super().__init__(message if write is None else f"{message} — did you mean {write}?")
        self.write = write


def parse_duration(text: str, usual: str = "s") -> Duration:
    """Returns the duration this text stands for; raises `NotADuration`, whose words are meant for a marketer.

    `usual` is the unit that was likely meant where none is written.
    """
    written = " ".join(text.split())
    if plain := _PLAIN.fullmatch(written):
        return _bounded(Duration(int(plain[1]) * _SECONDS[plain[2]]), written)
    if working := _WORKING.fullmatch(written):
        return _bounded(Duration(int(working[1]) * _SECONDS[working[2][0]], working=True), written)
    raise _explained(written, usual)


def _bounded(duration: Duration, written: str) -> Duration:
    if duration.seconds > LONGEST_SECONDS:
        raise NotADuration(f"'{written}' is longer than ten years")
    return duration


def _explained(written: str, usual: str) -> NotADuration:
    shown = written if len(written) <= _SHOWN else written[:_SHOWN] + "…"
    how = "a duration is a number and a unit: 10s, 5m, 2h, 3d, 2w, 1y or 2 working hours"
    if not written:
        return NotADuration(f"the duration is empty; {how}")
    if re.fullmatch(r"[0-9]{1,9}", written):
        return NotADuration(f"'{shown}' has no unit", write=f"{written}{usual}")
    if written.startswith("-"):
        return NotADuration(f"'{shown}' is less than nothing; {how}")
    if re.match(r"[0-9]+ ?working ?(days?|weeks?|d|w)\b", written, re.IGNORECASE):
        return NotADuration(f"'{shown}' has no fixed length; write it in hours, for example 16 working hours")
    without_working, count = re.subn(r"working", " ", written, flags=re.IGNORECASE)
    seconds = _loosely(without_working)
    if seconds is None or seconds > LONGEST_SECONDS:
        return NotADuration(f"'{shown}' is not a duration; {how}")
    if count and seconds % 60:
        return NotADuration(f"'{shown}' is not a duration; working time is written in minutes or hours")
    return NotADuration(f"'{shown}' is not how a duration is written", write=str(Duration(seconds, bool(count))))


def _loosely(written: str) -> int | None:
    """Returns the seconds of things like `5 min`, `1h30m`, `1.5 hours`, `00:30`; None where it would be a guess."""
    if clock := re.fullmatch(r"([0-9]{1,2}):([0-5][0-9])(?::([0-5][0-9]))?", written):
        # Home-automation habit: 00:00:30. Two parts could be either, so only three are read.
        return int(clock[1]) * 3_600 + int(clock[2]) * 60 + int(clock[3]) if clock[3] else None
    at, seconds = 0, 0.0
    written = written.strip()
    while at < len(written):
        part = _LOOSE_PART.match(written, at)
        unit = part and _UNIT_OF.get(part[2].lower())
        if not part or not unit:
            return None
        seconds += float(part[1].replace(",", ".")) * _SECONDS[unit]
        at = part.end()
    return int(seconds) if seconds == int(seconds) else None


def _shortest(seconds: int) -> str:
    """Returns the duration in the largest unit that a person would use: 90m, not 5400s; 24h stays 1d."""
    for unit in ("y", "w", "d", "h", "m"):
        if seconds and seconds % _SECONDS[unit] == 0:
            return f"{seconds // _SECONDS[unit]}{unit}"
    return f"{seconds}s"
