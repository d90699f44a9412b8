"""`parlour explain triggers`: which trigger would speak to a visitor in these circumstances, and why each other not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.circumstances import Facts
from bot.contact import Known
from bot.site.site import Site
from flows.telling import in_a_word
from rules.conditions import IR, Reason, evaluate, facts_in, reasons, value_label
from rules.facts import completed
from rules.texts import in_language
from triggers.arbiter import REASONS, Candidate, decide
from triggers.limits import Counters
from triggers.trigger import Trigger
from web.commands.circumstances import circumstances, language_spoken
from web.commands.talking import content_of, moment_of

_NEW_VISITOR = {"visits": 1, "returning": False}
"""What is so while nothing is said of either."""
_NOBODY_YET = Counters()


@dataclass(frozen=True)
class _Here:
    """So many agents, free, in every department."""

    agents: int

    def agents_online(self, _: str | None) -> int:
        return self.agents

    def agents_available(self, _: str | None) -> int:
        return self.agents

    def names_available(self, _: str | None) -> list[str]:
        return []


def proposals(
    site: Path, *, page: str, language: str | None, facts: tuple[str, ...], agents_here: int, at: str | None
) -> Iterator[str]:
    """Yields what each trigger would do, those that are ready first; raises CannotTalk and CannotBe."""
    content = content_of(site)
    now = moment_of(at, content) if at else datetime.now(UTC)
    spoken = language_spoken(content, language) if language else content.default_language
    told = {"chat": "never", "language": spoken, **circumstances(content, page=page, facts=facts)}
    if "returning" not in told:
        told |= _NEW_VISITOR
    known = {
        trigger.id: _known(content, trigger, told, _Here(agents_here), now) for trigger in content.triggers.values()
    }
    ready = [each for each in content.triggers.values() if each.enabled and evaluate(each.condition, known[each.id])]
    candidates = [Candidate(each.id, each.order, each.priority, each.limit, each.ignore_manners) for each in ready]
    decision = decide(candidates, (), content.manners, _NOBODY_YET)
    unsaid: dict[str, None] = {}
    for trigger in sorted(content.triggers.values(), key=lambda each: (each not in ready, each.order)):
        conditions = list(_conditions(trigger.condition, known[trigger.id]))
        if not trigger.enabled:
            yield f"{trigger.id} is switched off"
        elif trigger.id == decision.winner:
            yield f"{trigger.id} speaks{_when(trigger)}: {_words(content, trigger, spoken)}"
            yield from map(_line, conditions)
        elif trigger in ready:
            yield f"{trigger.id} is ready, but {REASONS[decision.reasons[trigger.id]]}"
        else:
            yield f"{trigger.id} stays quiet"
            against = [each for each in conditions if each.outcome is False]
            unknown = [each for each in conditions if each.outcome is None]
            yield from map(_line, against or unknown)
            for each in unknown if not against else ():
                unsaid.update(dict.fromkeys(leaf.fact for leaf in each.leaves() if leaf.fact and leaf.unknown))
    if unsaid:
        yield f"Say what is unknown:  {' '.join(f'--fact {name}=…' for name in unsaid)}"


def _known(site: Site, trigger: Trigger, told: Mapping[str, Any], here: _Here, now: datetime) -> dict[str, Any]:
    """Returns the facts that a trigger asks for; what was said counts more than what would be so."""
    asked = facts_in(trigger.condition)
    own = Facts(site, Known("explain", visitor_revision=1), here, now, department=trigger.department)
    return completed({**{name: own[name] for name in asked if name in own}, **told}, asked)


def _conditions(condition: IR, facts: Mapping[str, Any]) -> Iterator[Reason]:
    """Yields each condition that must hold, with what came of it; one that is made of several as a whole."""
    if condition[0] != "all":
        yield reasons(condition, facts)
        return
    for part in condition[1:]:
        yield from _conditions(part, facts)


def _line(reason: Reason) -> str:
    seen = {
        each.fact: value_label(each.fact, each.seen) for each in reason.leaves() if each.fact and each.seen is not None
    }
    words = f"{reason.label} ({', '.join(seen.values())})" if seen else reason.label
    return f"  {in_a_word(reason.outcome):<7}  {words}"


def _when(trigger: Trigger) -> str:
    return f" after {value_label('time_on_page', trigger.steady_for)}" if trigger.steady_for else ""


def _words(site: Site, trigger: Trigger, language: str) -> str:
    if trigger.say:
        return in_language(trigger.say, language, site.default_language)
    return f"the first words of the flow {trigger.start}" if trigger.start else "the greeting"
