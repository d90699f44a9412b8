"""What is proved about the rules of a site together: none stands in the shade of another, none takes an answer away."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rules.matching.index import Index
from rules.matching.match import Match
from rules.matching.words import Message, Wanted, WantedWord
from rules.problems import Problem, warning
from rules.rule import Rule, Scope


@dataclass(frozen=True, slots=True)
class NameQuestion:
    """A question for a name, to which any word is an answer."""

    flow: str
    slot: str


def check_rules(rules: Iterable[Rule], names: Collection[NameQuestion]) -> Iterator[Problem]:
    """Yields what is wrong with rules that are right each by itself."""
    speaking = sorted((rule for rule in rules if rule.speaks), key=lambda rule: -rule.priority)
    for rule in speaking:
        yield from _taken_answers(rule, names)
    nearby = _Nearby(speaking)
    for place, rule in enumerate(speaking):
        yield from _shadow(rule, nearby.before(place))


class _Nearby:
    """Finds the rules that something of a rule's own words would be found by; comparing all with all takes too long."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._index = Index([replace(rule.match, pattern=None) if rule.match else None for rule in rules])
        self._by_pattern: dict[str, list[int]] = defaultdict(list)
        for number, rule in enumerate(rules):
            if rule.match and rule.match.pattern:
                self._by_pattern[rule.match.pattern].append(number)

    def before(self, place: int) -> Iterator[Rule]:
        """Yields those that are asked before this one."""
        match = self._rules[place].match
        if match is None:
            return
        alternatives = [*match.phrases, *match.words, sum(match.all_words, ())]
        first = " ".join(word.text for word in next((words for words in alternatives if words), ()))
        numbers = self._by_pattern[match.pattern] if match.pattern else self._index.find(Message(first))
        yield from (self._rules[number] for number in sorted(numbers) if number < place)


def _shadow(rule: Rule, earlier: Iterable[Rule]) -> Iterator[Problem]:
    for other in earlier:
        if _takes_all_of(other, rule):
            first = "never answers" if other.once_per == "message" else f"answers only when '{other.id}' has already"
            why = f"priority {other.priority}" if other.priority > rule.priority else "written earlier"
            message = f"rule '{rule.id}' {first}: every message it matches is taken by '{other.id}' ({why})"
            yield warning("R001", rule.place, message)
            return


_WIDTHS: Mapping[Scope, int] = {"bot_idle": 0, "no_agent": 1, "always": 2}


def _takes_all_of(other: Rule, rule: Rule) -> bool:
    """Says that whenever this rule could act, the other one does instead."""
    if other.condition not in (None, rule.condition) or other.match is None:
        return False
    if _WIDTHS[other.scope] < _WIDTHS[rule.scope] or rule.match is None:
        return False
    if other.match.language not in (None, rule.match.language):
        return False
    return _covers(other.match, rule.match)


def _covers(other: Match, match: Match) -> bool:
    """Says that the other match is found in every message in which this one is."""
    if match.pattern and match.pattern != other.pattern:
        return False
    alternatives = [(words,) for words in match.words] + ([match.all_words] if match.all_words else [])
    return all(_is_covered(present, other) for present in alternatives) and all(
        words in other.phrases or _is_covered((words,), other) for words in match.phrases
    )


def _is_covered(present: tuple[Wanted, ...], other: Match) -> bool:
    """Says that a message in which all of these words are present has what the other match looks for."""
    found = any(_contains(here, words) for here in present for words in other.words)
    wanted = other.all_words
    return found or bool(wanted and all(any(_contains(here, words) for here in present) for words in wanted))


def _contains(here: Wanted, words: Wanted) -> bool:
    """Says that these words are found wherever those are."""
    starts = range(len(here) - len(words) + 1)
    return any(all(_is_wider(word, here[start + n]) for n, word in enumerate(words)) for start in starts)


def _is_wider(wide: WantedWord, narrow: WantedWord) -> bool:
    """Says that whatever fits the one fits the other, too."""
    if wide.begins:
        return narrow.typos == 0 and narrow.text.startswith(wide.text)
    return wide.text == narrow.text and not narrow.begins and wide.typos >= narrow.typos


def _taken_answers(rule: Rule, names: Collection[NameQuestion]) -> Iterator[Problem]:
    """A whole message goes before an answer where any text is one; a single word may well be somebody's name."""
    for words in rule.match.phrases if rule.match else ():
        if len(words) == 1 and names:
            question = next(iter(names))
            said = rule.match.written.get(words, words[0].text) if rule.match else ""
            message = (
                f"rule '{rule.id}' takes the message '{said}', which may be an answer to 'collect: {question.slot}'"
                f" in flow '{question.flow}'; below 'words' it lets answers go first"
            )
            yield warning("R004", rule.place, message)
            return
