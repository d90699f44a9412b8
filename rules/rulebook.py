"""All rules of a site, asked about one message: which of them act, in which order, and why.

heard = rulebook.heard("My card is 4111 …", lambda: Standing("en", "en", facts))
heard.text                      # what is kept and shown: masked
heard.blocked                   # the rule that stops it, or None
heard.noted                     # rules that only note something: all of them act
heard.speaking("free_answer")   # the one rule that answers or leads away, if what the flow makes of it lets one
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from rules.conditions import label
from rules.matching.index import Index
from rules.matching.masks import masked, stretches_of
from rules.matching.match import Found
from rules.matching.words import Message
from rules.rule import Rule, Who
from rules.texts import base_of, in_language

Reading = Literal["human", "label", "phrase", "answer", "free_answer", "none"]
"""What the running flow would take a message for: the phrase for a person, the label of an option, another phrase, an
answer, an answer only because any text would be one, or nothing."""

Facts = Mapping[str, Any]

LONGEST_KEPT = 8_000
"""Letters of a message after something was masked in it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a conversation stands, as far as rules ask."""

    language: str
    default_language: str
    facts: Facts = field(default_factory=dict)
    holder: str = "bot"
    running: Collection[str] = ()
    """Ids of the flows it stands in, the interrupted ones too."""
    applied: Collection[str] = ()
    """Ids of the rules that have acted in this conversation."""
    applied_before: Collection[str] = ()
    """Ids of those that act once for a visitor, and have."""


@dataclass(frozen=True, slots=True)
class Applied:
    """A rule that acts on a message, and why."""

    rule: Rule
    found: Found | None = None
    fresh: bool = True
    """False if it has acted as often as it may: then it only goes on taking out of messages what it masks."""

    @property
    def speaks(self) -> bool:
        return self.fresh and self.rule.speaks

    @property
    def why(self) -> str:
        """Returns the reason in words, without anything the visitor wrote."""
        rule = self.rule
        looked_for = self.found.told(rule.match) if self.found and rule.match else ""
        held = label(rule.condition) if rule.condition is not None else ""
        return ", and ".join(part for part in (looked_for, held) if part)


class Heard(NamedTuple):
    """What the rules make of a message."""

    text: str
    """The message with what was masked in it."""
    blocked: Applied | None = None
    """The rule that does not let it be kept at all."""
    noted: tuple[Applied, ...] = ()
    """Rules that neither answer nor lead away: all of them act, whatever the message is taken for."""
    candidates: tuple[Applied, ...] = ()
    """Rules that answer or lead away, the first of them first."""

    @property
    def warning(self) -> Applied | None:
        """Returns the rule whose sentence the sender is told; one is enough."""
        return next((each for each in self.noted if each.rule.warn and each.fresh), None)

    def speaking(self, reading: Reading, *, may_lead: bool = True) -> Applied | None:
        """Returns the rule that answers the message or leads away from it, given what the flow would take it for.

        A valid answer goes before every rule. Any text is an answer to some questions; there a rule goes first whose
        phrases are the whole message.
        """
        if reading not in ("none", "free_answer"):
            return None
        for each in self.candidates:
            whole = each.found is not None and each.found.whole
            if (whole or reading == "none") and (may_lead or not each.rule.leads):
                return each
        return None


class Rulebook:
    """The rules of a site, prepared for being asked."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        ordered = sorted(rules, key=lambda rule: -rule.priority)
        self._of_visitors = _Shelf(rule for rule in ordered if rule.who == "visitor")
        self._of_agents = _Shelf(rule for rule in ordered if rule.who == "agent")

    def has(self, who: Who = "visitor") -> bool:
        """Says whether there is any rule about what they write."""
        return bool(self._shelf(who).rules)

    def moderates(self, who: Who = "visitor") -> bool:
        """Says whether any rule masks or blocks what they write."""
        return self._shelf(who).moderates

    def heard(self, text: str, look: Callable[[], Standing], *, who: Who = "visitor") -> Heard:
        """Returns what the rules make of a message. Masks come first, and the other rules see what they leave.

        Where the conversation stands is looked up only if there is anything in the message for a rule.
        """
        shelf = self._shelf(who)
        found = shelf.found(text)
        if found is None:
            return Heard(text)
        standing = look()
        applied = shelf.applied(text, found, standing)
        moderating = [each for each in applied if each.rule.moderates]
        kept = _masked(text, moderating, standing) if moderating else text
        blocked = next((each for each in moderating if each.rule.block), None)
        if blocked is not None:
            return Heard(kept, blocked=blocked, noted=(blocked,))
        if kept != text:
            others = shelf.applied(kept, shelf.found(kept) or {}, standing)
            others = [each for each in others if not each.rule.moderates]
            applied = sorted([*moderating, *others], key=lambda each: shelf.order[each.rule.id])
        noted = tuple(each for each in applied if not each.speaks)
        return Heard(kept, noted=noted, candidates=tuple(each for each in applied if each.speaks))

    def _shelf(self, who: Who) -> _Shelf:
        return self._of_visitors if who == "visitor" else self._of_agents


class _Shelf:
    """The rules about the messages of one side, the first to be asked first."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self.order = {rule.id: number for number, rule in enumerate(self.rules)}
        self.moderates = any(rule.moderates for rule in self.rules)
        self._index = Index([rule.match for rule in self.rules])
        self._without_match = tuple(number for number, rule in enumerate(self.rules) if rule.match is None)

    def found(self, text: str) -> Mapping[int, Found] | None:
        """Returns how each rule was found in the message, or None when it can concern none of them."""
        found = self._index.find(Message(text)) if self.rules else {}
        return found if found or self._without_match else None

    def applied(self, text: str, found: Mapping[int, Found], standing: Standing) -> list[Applied]:
        """Returns the rules that act on a message."""
        seen: Facts = ChainMap({"last_message": text}, standing.facts)  # type: ignore[arg-type]
        numbers = sorted([*found, *self._without_match])
        return [each for each in self._act(numbers, found, standing) if _holds(each.rule, seen)]

    def _act(self, numbers: Iterable[int], found: Mapping[int, Found], standing: Standing) -> Iterator[Applied]:
        for number in numbers:
            rule = self.rules[number]
            fresh = _is_fresh(rule, standing)
            if (fresh or rule.moderates) and _is_in_scope(rule, standing):
                yield Applied(rule, found.get(number), fresh)


def _is_fresh(rule: Rule, standing: Standing) -> bool:
    """Says that a rule has not acted as often as it may; a flow in which one stands already is not begun again."""
    if rule.start in standing.running or rule.call in standing.running:
        return False
    spent = {"message": (), "conversation": standing.applied, "visitor": standing.applied_before}[rule.once_per]
    return rule.id not in spent


def _is_in_scope(rule: Rule, standing: Standing) -> bool:
    return _SCOPES[rule.scope](standing) and _speaks_language(rule, standing.language)


_SCOPES: Mapping[str, Callable[[Standing], bool]] = {
    "always": lambda standing: True,
    "no_agent": lambda standing: standing.holder != "agent",
    "bot_idle": lambda standing: standing.holder == "bot" and not standing.running,
}


def _speaks_language(rule: Rule, language: str) -> bool:
    wanted = rule.match.language if rule.match else None
    return wanted is None or wanted in (language, base_of(language))


def _holds(rule: Rule, facts: Facts) -> bool:
    return rule.holds is None or rule.holds(facts) is True


def _masked(text: str, moderating: Iterable[Applied], standing: Standing) -> str:
    message = Message(text)
    masks = [
        (stretch, in_language(each.rule.mask, standing.language, standing.default_language))
        for each in moderating
        if each.rule.mask is not None
        for stretch in stretches_of(message, each.rule.match)
    ]
    kept = masked(text, masks)
    # Small holes all over may be filled with more than fits; then the words of one of them stand for everything.
    return kept if len(kept) <= max(LONGEST_KEPT, len(text)) else masks[0][1]
