"""What of a site every flow needs to know: languages, money, time zone, and the phrases that interrupt."""

from __future__ import annotations

from dataclasses import dataclass, field

from rules.phrases import DEFAULT_PHRASES, Phrases


@dataclass(frozen=True, slots=True)
class Settings:
    """The same for all flows of a site; part of no flow's version."""

    default_language: str = "en"
    currency: str = "EUR"
    timezone: str = "UTC"
    country: str | None = None
    """Where a phone number without a country code is taken to be from, such as `DE`."""
    phrases: Phrases = field(default_factory=lambda: Phrases(DEFAULT_PHRASES))
    """What interrupts a question, by name: `human`, `restart`, `back`, `cancel`, `help`."""
    start: str | None = None
    """The flow that conversations begin with: where a visitor starts over when no flow is running."""
    actions: frozenset[str] = frozenset()
    """The custom actions there are, as far as anybody knows."""
