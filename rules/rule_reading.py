"""Reads the `rules` section of a site: every rule, and everything that is wrong with one taken by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rules.condition_reading import parse_conditions
from rules.conditions import compile_condition
from rules.facts import Scope
from rules.kinds import MapOf, Nested
from rules.matching.match import Match
from rules.matching.patterns import PatternProblem, compiled
from rules.matching.words import NotWords, Wanted, wanted
from rules.mention import Mention
from rules.nodes import List, Map, Node, Scalar
from rules.problems import suggestion
from rules.rule import RULE, OncePer, Rule
from rules.saying import Saying
from rules.schema import Read, Walker

RULES = MapOf(Nested(RULE), "rule")


def read_rules(node: Node | None, scope: Scope, walker: Walker) -> dict[str, Rule]:
    """Returns the rules of a section, in its order; what is wrong is reported, and read as well as it can be."""
    reads = walker.value(node, RULES, "'rules'") if node is not None else {}
    if not isinstance(reads, Mapping):
        return {}
    return {id: _rule(read, scope, walker) for id, read in reads.items()}


def _rule(read: Read, scope: Scope, walker: Walker) -> Rule:
    _check(read, walker)
    condition = parse_conditions(read.map, scope, walker.problems) if read.map is not None else None
    return Rule(
        id=str(read.id),
        place=read.id_place,
        match=_match(read["match"], walker) if isinstance(read["match"], Read) else None,
        condition=condition,
        holds=compile_condition(condition) if condition is not None else None,
        who=read["who"],
        scope="always" if read["who"] == "agent" else read["scope"],
        answer=_saying(read, "answer"),
        start=read["start"] or None,
        call=read["call"] or None,
        route=read["route"] or None,
        handoff=read["handoff"],
        tags=tuple(read["tag"]),
        note=_saying(read, "note"),
        priority_up=read["priority_up"],
        mask=read["mask"] or None,
        block=read["block"],
        warn=_saying(read, "warn"),
        close=read["close"],
        priority=read["priority"],
        once_per=_once_per(read),
        resume=read["then"] != "stop",
        mentions=tuple(_mentions(read)),
    )


def _saying(read: Read, key: str) -> Saying | None:
    return Saying(read[key]) if read[key] else None


def _once_per(read: Read) -> OncePer:
    """An answer that came with every message would be a nuisance, and so would the same note again and again."""
    written: OncePer | None = read["once_per"]
    return written or ("conversation" if read["answer"] or read["note"] else "message")


def _mentions(read: Read) -> Iterator[Mention]:
    for key in ("start", "call"):
        if read[key]:
            yield Mention("flows", read[key], read.place_of(key))
    if read["route"]:
        yield Mention("departments", read["route"], read.place_of("route"))


_LISTS = ("words", "all_words", "phrases")


def _match(read: Read, walker: Walker) -> Match:
    written: dict[Wanted, str] = {}
    typos = read["typos"]
    lists = {name: _wanted_of(read.node(name), typos, written, walker) for name in _LISTS}
    if not any(read.wrote(name) for name in (*_LISTS, "pattern")):
        walker.report("K006", read.place, "'match' looks for nothing: it takes words, all_words, phrases or a pattern")
    return Match(
        words=lists["words"],
        all_words=lists["all_words"],
        phrases=lists["phrases"],
        pattern=_pattern(read, walker),
        language=_language(read, walker),
        written=written,
    )


def _wanted_of(node: Node | None, typos: int, written: dict[Wanted, str], walker: Walker) -> tuple[Wanted, ...]:
    found: dict[Wanted, None] = {}
    for scalar in _scalars(node):
        try:
            words = wanted(scalar.text, typos)
        except NotWords as problem:
            walker.report(problem.code, scalar.place, problem.message)
            continue
        found.setdefault(words)
        written.setdefault(words, scalar.text)
    return tuple(found)


def _scalars(node: Node | None) -> Iterator[Scalar]:
    """Yields the words that are written, in every language."""
    if isinstance(node, Map):
        for _, value in node.entries:
            yield from _scalars(value)
    elif isinstance(node, List):
        for item in node.items:
            yield from _scalars(item)
    elif isinstance(node, Scalar) and node.text.strip():
        yield node


def _pattern(read: Read, walker: Walker) -> str | None:
    node = read.node("pattern")
    if not read["pattern"] or not isinstance(node, Scalar):
        return None
    try:
        compiled(read["pattern"])
    except PatternProblem as problem:
        write = f"pattern: '{problem.write}'" if problem.write else None
        walker.report(problem.code, node.place_at(problem.offset), problem.message, write=write)
        return None
    return str(read["pattern"])


def _language(read: Read, walker: Walker) -> str | None:
    language = read["language"]
    if language and walker.languages and language not in walker.languages:
        hint = suggestion(language, walker.languages)
        known = ", ".join(walker.languages)
        message = f"'{language}' is not a language of this site ({known}){hint}"
        walker.report("K001", read.place_of("language"), message)
    return language


_CONSEQUENCES = (
    "answer",
    "start",
    "call",
    "route",
    "handoff",
    "tag",
    "note",
    "priority_up",
    "mask",
    "block",
    "warn",
    "close",
)
_LEADING = ("start", "call", "handoff", "close")
_NOT_FOR_AGENTS = ("answer", "start", "call", "route", "handoff", "close")


def _check(read: Read, walker: Walker) -> None:
    if read.map is None:
        return
    if not any(read.wrote(key) for key in ("match", "when", "unless", "if")):
        message = f"the rule '{read.id}' would take every message: say in 'match' or 'when' which"
        walker.report("R003", read.id_place, message)
    if not any(read[key] or not read.is_sound(key) for key in _CONSEQUENCES):
        message = f"the rule '{read.id}' does nothing: it needs 'answer' or another thing that follows"
        walker.report("K006", read.id_place, message)
    if read["handoff"] and not read["route"]:
        message = "'handoff' needs 'route', the department to hand over to"
        walker.report("K006", read.key_place("handoff"), message, write="route: sales")
    leading = [key for key in _LEADING if read[key]]
    if len(leading) > 1:
        message = f"'{leading[0]}' and '{leading[1]}' cannot both follow: the conversation can go only one way"
        walker.report("K006", read.key_place(leading[1]), message)
    if read.wrote("then") and not read["answer"]:
        message = "'then' says what comes after an 'answer', and there is none"
        walker.report("K006", read.key_place("then"), message)
    _check_moderation(read, walker)
    _check_who(read, walker)


def _check_moderation(read: Read, walker: Walker) -> None:
    if not read["block"]:
        return
    for key in ("mask", "answer", *_LEADING):
        if read[key]:
            message = f"a message that is blocked has no '{key}'; what its sender is told is 'warn'"
            walker.report("K006", read.key_place(key), message)


def _check_who(read: Read, walker: Walker) -> None:
    if read["who"] == "agent":
        for key in _NOT_FOR_AGENTS:
            if read[key]:
                message = f"'{key}' is about what visitors write; the bot does not answer agents"
                walker.report("K006", read.key_place(key), message)
        if read.wrote("scope"):
            message = "'scope' is about what visitors write; an agent has the conversation whenever one writes"
            walker.report("K006", read.key_place("scope"), message)
    elif read["scope"] == "always":
        for key in ("start", "call", "route", "close"):
            if read[key]:
                message = f"'{key}' does not happen while an agent has the conversation; leave 'scope' out"
                walker.report("K006", read.key_place(key), message)
