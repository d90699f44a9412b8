"""The content of one site, checked as a whole and immutable: whatever the program asks for words and rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from bot.site.about import About
from bot.site.attributes import Attributes
from bot.site.conversation import ConversationSettings
from bot.site.departments import Department
from bot.site.look import Look
from bot.site.privacy import Keep
from bot.site.responses import Response
from flows.engine import FlowMachine
from flows.flow import Flow
from flows.settings import Settings
from rules.conditions import IR
from rules.hours import OpeningHours
from rules.problems import Place
from rules.rule import Rule
from rules.rulebook import Rulebook
from triggers.limits import Manners
from triggers.trigger import Trigger


@dataclass(frozen=True, slots=True)
class StartedByMessage:
    """A flow that begins when a visitor writes and its conditions hold."""

    id: str
    condition: IR
    holds: Callable[[Mapping[str, Any]], bool | None]
    place: Place


@dataclass(frozen=True, slots=True)
class Site:
    version: str
    """The hash of the files it was read from."""
    about: About
    hours: Mapping[str, OpeningHours]
    departments: Mapping[str, Department]
    """At least one."""
    look: Look
    manners: Manners
    conversation: ConversationSettings
    attributes: Attributes
    responses: Mapping[str, Response]
    flows: Mapping[str, Flow]
    """Those of the site, in the order of its files."""
    triggers: Mapping[str, Trigger]
    rules: Mapping[str, Rule]
    """Those of the site, in the order of its files."""
    rulebook: Rulebook
    """All of them prepared, those of `privacy` too."""
    machines: Mapping[str, FlowMachine]
    """Of all flows, those that come with Parlour too."""
    flow_settings: Settings
    keep: Keep
    """How long what is recorded stays."""
    flows_started_by_messages: tuple[StartedByMessage, ...]

    @property
    def name(self) -> str:
        return self.about.name

    @property
    def languages(self) -> tuple[str, ...]:
        return self.about.languages

    @property
    def default_language(self) -> str:
        return self.about.languages[0]

    @property
    def timezone(self) -> str:
        return self.about.timezone

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.about.timezone)

    @property
    def domains(self) -> tuple[str, ...]:
        return self.about.domains

    @property
    def opening_hours(self) -> OpeningHours:
        """The hours of the site as a whole."""
        return self.hours["default"]
