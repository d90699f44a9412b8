"""Rules at work on one message: what they are asked with, and what follows of it besides words in a flow."""

from collections.abc import Mapping
from typing import Any

from bot.circumstances import Facts, WithSlots
from bot.contact import Known, remember_rule
from bot.conversation import Draft
from bot.site.site import Site
from bot.tagging import tag
from flows.cursor import Cursor
from flows.sentences import sentence
from rules.rulebook import Applied, Heard, Standing
from rules.saying import Manner, Saying
from rules.zones import zone_of_reader

MOST_URGENT = 2
"""The highest priority a conversation can have in the queue."""
BOT_NAME = "Assistant"
"""Who the agents are told a note of a rule is from."""


def standing_of(draft: Draft, known: Known, site: Site, facts: Facts) -> Standing:
    """Returns where a conversation stands, as far as rules ask."""
    state = draft.state
    return Standing(
        language=state.language,
        default_language=site.default_language,
        facts=WithSlots(facts, state.cursor),
        holder=state.holder,
        running=_flows_of(state.cursor),
        applied=state.rules,
        applied_before=known.rules,
    )


def _flows_of(cursor: Cursor) -> tuple[str, ...]:
    return tuple(flow for flow, _ in cursor.versions())


class Ruling:
    """Carries out in a draft what rules do by themselves."""

    def __init__(self, site: Site, facts: Facts, draft: Draft, known: Known) -> None:
        self.known = known
        self._site = site
        self._draft = draft
        self._values = WithSlots(facts, draft.state.cursor)
        self._told = False

    def note(self, heard: Heard, *, by_agent: bool = False) -> None:
        """Does what rules do whatever a message is taken for, and tells its sender what one of them says about it."""
        for applied in heard.noted:
            say = self._warning(applied, heard)
            did = [*_moderated(applied), *(["warned"] if say else []), *self._do(applied)]
            self._record(applied, did, say if by_agent else None)
            if say and not by_agent:
                self._say(say, applied)

    def speak(self, applied: Applied) -> None:
        """Does what the one rule does that answers a message or leads away from it; leading is left to the caller."""
        rule = applied.rule
        did = [*_moderated(applied), *self._do(applied)]
        did += [word for word, done in (("answered", rule.answer), ("warned", rule.warn)) if done]
        did += [f"started {rule.start}"] if rule.start else []
        did += [f"called {rule.call}"] if rule.call else []
        did += [word for word, done in (("handed over", rule.handoff), ("closed", rule.close)) if done]
        self._record(applied, did)
        for saying in (rule.warn, rule.answer):
            if saying is not None:
                self._say(self._said(saying), applied)

    def _warning(self, applied: Applied, heard: Heard) -> str | None:
        """Returns what is told about the message; one sentence is enough, and a message that is gone needs one."""
        if self._told or not (applied.fresh or applied is heard.blocked):
            return None
        if applied.rule.warn is not None:
            said = self._said(applied.rule.warn)
        elif applied is heard.blocked:
            said = sentence("message_blocked", self._draft.state.language)
        else:
            return None
        self._told = True
        return said

    def _do(self, applied: Applied) -> list[str]:
        """Tags, notes, routes and hurries; returns what was done."""
        rule, state = applied.rule, self._draft.state
        if not applied.fresh:
            return []
        did = []
        if rule.tags:
            did.append(f"tagged {', '.join(rule.tags)}")
            tag(self._draft, rule.tags, source={"rule": rule.id})
        if rule.note is not None:
            did.append("noted")
            body = {"text": self._said(rule.note), "name": BOT_NAME, "rule": rule.id}
            self._draft.add("note", body, actor="bot")
        if rule.route and state.holder == "bot":
            did.append(f"routed to {rule.route}")
            self._draft.set(department=rule.route)
        if rule.priority_up and state.priority < MOST_URGENT:
            did.append("priority up")
            self._draft.set(priority=state.priority + 1)
        return did

    def _record(self, applied: Applied, did: list[str], say: str | None = None) -> None:
        rule, draft = applied.rule, self._draft
        body: dict[str, Any] = {"rule": rule.id, "did": did, "why": applied.why}
        body |= {"file": rule.place.file, "line": rule.place.line}
        draft.add("rule_applied", body | ({"say": say} if say else {}), actor="bot")
        if rule.id not in draft.state.rules:
            draft.set(rules=(*draft.state.rules, rule.id))
        if rule.once_per == "visitor" and rule.id not in self.known.rules:
            self.known = remember_rule(draft, self.known, rule.id)

    def _say(self, text: str, applied: Applied) -> None:
        self._draft.add("message", {"text": text, "rule": applied.rule.id}, actor="bot")

    def _said(self, saying: Saying) -> str:
        site = self._site
        zone = zone_of_reader(self._draft.state.context, site.timezone)
        manner = Manner(self._draft.state.language, site.default_language, site.about.currency, zone)
        return saying.said(self._values, manner)


def _moderated(applied: Applied) -> list[str]:
    return [word for word, done in (("masked", applied.rule.mask), ("blocked", applied.rule.block)) if done]


def each_text(value: Any, change: Any) -> Any:
    """Returns a value with every text in it changed, however deep it lies."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {name: each_text(each, change) for name, each in value.items()}
    return [each_text(each, change) for each in value] if isinstance(value, list | tuple) else value
