"""Speaking first: what a visitor's page may decide, and the server's own decision before anything is shown.

The browser arbitrates (it knows time, scroll, what is on screen); the server folds in what only it knows and has the
last word on fresh facts. No conversation exists until the visitor acts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

from bot.change import Guard, Refused
from bot.circumstances import Facts, Staffing
from bot.contact import Known
from bot.first_words import FirstWords, first_words
from bot.impressions import Impressions, answered
from bot.proposals import Proposals
from bot.site.site import Site
from bot.versions import SiteVersions
from bot.visits import Stay, Visits
from rules.compact import compact_json
from rules.conditions import evaluate, facts_in, reasons
from rules.facts import completed
from rules.phrases import normalised
from rules.texts import base_of, in_language
from triggers.arbiter import Candidate, decide
from triggers.buttons import Button
from triggers.limits import held_out
from triggers.trigger import Trigger

Outcome = Literal["seen", "dismissed"]


@dataclass(frozen=True, slots=True)
class Viewed:
    """What a page that is viewed is told."""

    told: Mapping[str, Any]
    triggers: str
    """Those it may decide about, as they travel."""

    def to_json(self, **more: Any) -> str:
        """Returns it as it travels, with what else there is to tell."""
        rest = compact_json({**self.told, **more})
        return f'{rest[:-1]},"triggers":{self.triggers}}}'


@dataclass(frozen=True, slots=True)
class Shown:
    """A showing that was granted."""

    impression: str
    say: str
    buttons: tuple[tuple[str, str], ...]
    speaker: str | None
    """For whom the bot speaks: a department, and one of its agents who is there."""
    open: bool = False
    badge: bool = False
    dismissing: frozenset[str] = frozenset()
    """Values of the buttons by which it is waved away."""

    def to_json(self) -> dict[str, Any]:
        """Returns it as the widget gets it."""
        return {
            "impression": self.impression,
            "say": self.say,
            "buttons": [
                {"label": label, "value": value, **({"kind": "dismiss"} if value in self.dismissing else {})}
                for label, value in self.buttons
            ],
            "from": {"role": "bot", "name": self.speaker},
            "open": self.open,
            "badge": self.badge,
        }


@dataclass(frozen=True, slots=True)
class Answered:
    """A bubble the visitor answered: what it said, why it was shown, and what the answer begins."""

    impression: str
    trigger: str
    title: str
    said: str
    why: Any
    row: Mapping[str, Any]
    chosen: bool = False
    """It was one of its buttons, pressed or written out; else the words are the visitor's own."""
    pressed: bool = False
    start: str | None = None
    began: bool = False
    """What it said were the first words of the flow it starts, so that the answer is one to the flow."""
    calls: bool = False
    """It fetches a person, of this department if there is one."""
    department: str | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)
    dismissed: bool = False
    """It was waved away by one of its buttons: nothing begins."""

    @property
    def begins(self) -> str | None:
        """Returns the flow that words of the visitor's own begin, if nothing else takes them."""
        return None if self.began else self.start

    def guard(self, conversation_id: str, now: datetime) -> Guard:
        """Returns the guard that records the answer with the conversation it began."""
        return answered(self.row, conversation_id, now)


class Whereabouts(NamedTuple):
    """Where a visitor is as a message leaves: facts of page and visit, and the language they are spoken to in."""

    language: str
    visit_id: str | None = None
    facts: Mapping[str, Any] = {}


class Greeting:
    """Decides what may be said unasked, and remembers what was."""

    def __init__(
        self,
        sites: SiteVersions,
        visits: Visits,
        impressions: Impressions,
        staffing: Staffing,
        *,
        known: Callable[[str], Known],
        now: Callable[[], datetime],
    ):
        self._sites = sites
        self._visits = visits
        self._impressions = impressions
        self._staffing = staffing
        self._known = known
        self._now = now
        self._proposals: Proposals | None = None

    def view(
        self, visitor_id: str, facts: Mapping[str, Any], *, languages: Sequence[str], again: bool = False
    ) -> Viewed:
        """Records a page view and returns what this visitor's page may decide by itself.

        `again`: the same page asks anew, because what the server knows may have changed.
        """
        site, now = self._sites.current, self._now()
        language = spoken_language(site, languages)
        facts = {**facts, "language": language}
        stay = self._visits.go_on(visitor_id, now) if again else None
        stay = stay or self._visits.view(visitor_id, language=language, facts=facts, now=now)
        known = self._known(visitor_id)
        counters = self._impressions.counters(site, stay, now)
        proposals = self._proposals_of(site)
        told = proposals.remainders.of(lambda department: self._server_facts(site, department, known, now))
        answer = {
            "site": site.version[:12],
            "language": language,
            "manners": site.manners.as_json(),
            "counters": counters.as_json(),
            "ask_again_after": proposals.again_after(now),
        }
        return Viewed(answer, told.json)

    def show(self, visitor_id: str, trigger_id: str, told: Mapping[str, Any], *, chatting: bool) -> Shown | str:
        """Decides again on fresh facts and reserves the showing, or returns the code of why not.

        `told` are the facts of the page; what the server knows itself is never taken from there.
        """
        site, now = self._sites.current, self._now()
        trigger = site.triggers.get(trigger_id)
        stay = self._visits.current(visitor_id, now)
        if trigger is None or not trigger.enabled or stay is None:
            return "gone"
        known = self._known(visitor_id)
        counters = self._impressions.counters(site, stay, now)
        asked = facts_in(trigger.condition)
        own = self._server_facts(site, trigger.department, known, now)
        facts = {**stay.facts, **told, "language": stay.language, **counters.facts(site.triggers)}
        facts |= {name: own[name] for name in asked if name in own}
        facts = completed(facts, asked)
        if evaluate(trigger.condition, facts) is not True:
            return "condition"
        candidate = Candidate(
            trigger.id,
            trigger.order,
            trigger.priority,
            trigger.limit,
            trigger.ignore_manners,
            _held(site, trigger, visitor_id),
        )
        decision = decide([candidate], {"chat_open"} if chatting else (), site.manners, counters)
        if decision.winner is None:
            return decision.reasons[trigger.id]
        words = self._words(site, trigger, stay, own)
        if words is None:
            return "nothing_to_say"
        return self._reserve(site, trigger, stay, words, reasons(trigger.condition, facts).as_json(), now)

    def remembers(self, visitor_id: str) -> bool:
        """Says whether anything is recorded of this visitor. Nothing is of who was erased, or was here too long ago."""
        return self._visits.last(visitor_id) is not None or self._known(visitor_id).visitor_revision > 0

    def look_again(self, visitor_id: str) -> bool:
        """Says whether anything is recorded of this visitor, whatever is remembered here."""
        self._visits.forget(visitor_id)
        return self.remembers(visitor_id)

    def note(self, visitor_id: str, impression_id: str, outcome: Outcome) -> bool:
        """Notes what became of a showing; returns whether there is such a one."""
        return self._impressions.note(visitor_id, impression_id, f"{outcome}_at", self._now())

    def answered(
        self, visitor_id: str, impression_id: str, label: str | None = None, text: str = ""
    ) -> Answered | None:
        """Returns what an answer to a bubble begins, a pressed button or what was typed instead; None for one that was
        never shown to this visitor."""
        row = self._impressions.find(visitor_id, impression_id)
        if row is None:
            return None
        trigger = self._sites.current.triggers.get(row["trigger_id"])
        written = label or _value_typed(text, row["said"])
        button = trigger.button(written) if trigger and written else None
        return Answered(
            chosen=button is not None,
            pressed=bool(label),
            impression=impression_id,
            trigger=row["trigger_id"],
            title=in_language(trigger.title, "", self._sites.current.default_language)
            if trigger
            else row["trigger_id"],
            said=row["said"]["text"],
            why=row["why"],
            row=row,
            start=row["said"].get("began") or _flow_of(trigger, button),
            began="began" in row["said"],
            calls=bool(button and _leads(button, "handoff")),
            department=button.then.name if button and button.then and _leads(button, "handoff") else None,
            inputs={trigger.save_as: button.value} if trigger and trigger.save_as and button else {},
            dismissed=bool(button and _leads(button, "dismiss")),
        )

    def whereabouts(self, visitor_id: str) -> Whereabouts:
        """Returns where the visitor is, as far as their page has told.

        A visit that is over has no part in what begins now, but who writes is still where its last page was seen.
        """
        default = self._sites.current.default_language
        current = self._visits.current(visitor_id, self._now())
        stay = current or self._visits.last(visitor_id)
        if stay is None:
            return Whereabouts(default)
        return Whereabouts(stay.language or default, current.id if current else None, stay.facts)

    def _proposals_of(self, site: Site) -> Proposals:
        if self._proposals is None or self._proposals.site is not site:
            self._proposals = Proposals(site)
        return self._proposals

    def _server_facts(self, site: Site, department: str | None, known: Known, now: datetime) -> Facts:
        return Facts(site, known, self._staffing, now, department=department)

    def _words(self, site: Site, trigger: Trigger, stay: Stay, own: Facts) -> FirstWords | None:
        """Returns what the trigger says, without a text if it only opens or counts; None if its flow says nothing."""
        language, default = stay.language, site.default_language
        if trigger.say or not trigger.start:
            buttons = tuple((in_language(each.label, language, default), each.value) for each in trigger.buttons)
            return FirstWords(in_language(trigger.say or {}, language, default), buttons)
        told = {**stay.facts, "language": language, "site.name": site.name}
        facts = Facts(site, own.known, self._staffing, own.now, department=trigger.department, told=told)
        return first_words(
            self._sites, trigger.start, facts, visitor_id=stay.visitor_id, language=language, now=own.now
        )

    def _reserve(
        self, site: Site, trigger: Trigger, stay: Stay, words: FirstWords, why: Any, now: datetime
    ) -> Shown | str:
        said: dict[str, Any] = {
            "text": words.text,
            "buttons": [{"label": label, "value": value} for label, value in words.options],
        }
        if not trigger.say and trigger.start:
            said["began"] = trigger.start
        try:
            impression = self._impressions.reserve(stay, trigger.id, version=site.version, said=said, why=why, now=now)
        except Refused:
            self._visits.look_again(stay.visitor_id)
            return "busy"
        self._visits.reserved(stay)
        speaker = self._speaker(site, trigger, stay.language)
        dismissing = frozenset(each.value for each in trigger.buttons if _leads(each, "dismiss"))
        return Shown(impression, words.text, words.options, speaker, trigger.open, trigger.badge, dismissing)

    def _speaker(self, site: Site, trigger: Trigger, language: str) -> str | None:
        """Returns for whom the bot speaks. Nobody is named who is not there to stand by it."""
        department = site.departments.get(trigger.department or "")
        wanted = (trigger.speaker.agent or "").casefold()
        here = self._staffing.names_available(trigger.department) if wanted else ()
        agent = next((name for name in here if name.casefold() == wanted), None)
        return ", ".join(filter(None, (agent, department.title_in(language) if department else None))) or None


def spoken_language(site: Site, wished: Sequence[str]) -> str:
    """Returns the first wished language the site speaks, by its base if need be, else the site's own."""
    spoken = {code.lower(): code for code in site.languages}
    bases = {base_of(code): code for code in reversed(site.languages)}
    for wish in wished:
        found = spoken.get(wish.lower()) or bases.get(base_of(wish))
        if found:
            return found
    return site.default_language


def _held(site: Site, trigger: Trigger, visitor_id: str) -> str | None:
    if held_out(site.manners.holdout, "site", visitor_id):
        return "holdout_site"
    return "holdout" if held_out(trigger.holdout, trigger.id, visitor_id) else None


def _value_typed(text: str, said: Mapping[str, Any]) -> str | None:
    """Returns the value of the button that was shown with these words on it; a flow knows its own buttons."""
    if not text or "began" in said:
        return None
    for alike in (str.casefold, normalised):
        for button in said["buttons"]:
            if alike(button["label"].strip()) == alike(text.strip()):
                return str(button["value"])
    return None


def _leads(button: Button, kind: Literal["start", "handoff", "dismiss"]) -> bool:
    return button.then is not None and button.then.kind == kind


def _flow_of(trigger: Trigger | None, button: Button | None) -> str | None:
    if button and button.then:
        return button.then.name if button.then.kind == "start" else None
    return trigger.start if trigger else None
