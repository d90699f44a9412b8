"""Texts that a language of the site lacks, and gaps that a translation lost."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from bot.site.translations import Said
from flows.wording import Wording
from rules.conditions import FALSE, IR, TRUE, all_of
from rules.nodes import List, Map, Node, Scalar
from rules.partial import simplify
from rules.problems import NOWHERE, Place, Problem, error, warning
from rules.rule import Rule
from rules.templates import TemplateProblem, parse_template
from rules.texts import base_of
from triggers.trigger import Trigger

MOST_NAMED = 5
"""So many of the texts that are missing are told by their addresses."""

_GAP = re.compile(r"\{\{.*?\}\}")
_SAYS_NOTHING = ("site.name",)
"""What visitors know without being told."""


def said_by_sections(
    sections: Mapping[str, Node | None],
    language: str,
    *,
    rules: Mapping[str, Rule],
    triggers: Mapping[str, Trigger],
    has_fallback: bool,
) -> Iterator[Said]:
    """Yields what visitors read besides flows; of a fall-back only if it is a text and no flow."""
    yield from _in(sections.get("widget"), "widget", ("greeting", "privacy_note"), language)
    if has_fallback:
        yield from _in(sections.get("conversation"), "conversation", ("fallback",), language)
    for section, keys in (("departments", ("title",)), ("responses", ("text",))):
        for id, node in _entries(sections.get(section)):
            yield from _in(node, f"{section}.{id}", keys, language)
    for id, node in _entries(sections.get("rules")):
        rule = rules.get(id)
        if rule is not None:
            yield from _in(node, f"rules.{id}", ("answer", "warn"), language, _holds_of(rule))
    for id, node in _entries(sections.get("triggers")):
        trigger = triggers.get(id)
        if trigger is not None and trigger.enabled:
            yield from _in(node, f"triggers.{id}", ("say",), language, trigger.condition)
            yield from _buttons(node, f"triggers.{id}.buttons", language, trigger.condition)


def _holds_of(rule: Rule) -> IR:
    wanted = rule.match.language if rule.match else None
    return all_of([rule.condition or TRUE, ("is", "language", wanted) if wanted else TRUE])


def _entries(section: Node | None) -> Iterator[tuple[str, Node]]:
    yield from ((key.text, node) for key, node in section.entries) if isinstance(section, Map) else ()


def _in(node: Node | None, base: str, keys: Iterable[str], language: str, holds: IR = TRUE) -> Iterator[Said]:
    for key in keys if isinstance(node, Map) else ():
        wording = Wording.written(node.get(key), language) if isinstance(node, Map) else None
        if wording is not None:
            yield Said(f"{base}.{key}", wording, holds)


def _buttons(trigger: Node, base: str, language: str, holds: IR) -> Iterator[Said]:
    buttons = trigger.get("buttons") if isinstance(trigger, Map) else None
    for item in buttons.items if isinstance(buttons, List) else ():
        label: Node | None = item
        if isinstance(item, Map):
            label = item.get("label") or (item.entries[0][0] if item.entries else None)
        wording = Wording.written(label, language)
        if wording is not None:
            value = item.get("value") if isinstance(item, Map) else None
            name = value.text if isinstance(value, Scalar) else wording.texts.get(language, "")
            yield Said(f"{base}.{name}", wording, holds)


def lost_gaps(said: Iterable[Said], languages: Sequence[str]) -> Iterator[Problem]:
    """Yields the gaps that the text in the first language has and one in another has not."""
    first = languages[0]
    for each in said:
        texts = each.wording.texts
        gaps = _gaps(texts.get(first, ""))
        wanted = list(dict.fromkeys(name for name, may_be_left_out in gaps if not may_be_left_out))
        for language in languages[1:] if wanted else ():
            if language not in texts:
                continue
            has = {_slot(name) for name, _ in _gaps(texts[language])}
            lost = [name for name in wanted if _slot(name) not in has and name not in _SAYS_NOTHING]
            if lost:
                named = " and ".join(f"{{{{ {name} }}}}" for name in lost)
                message = (
                    f"'{each.address}' has no {named} in '{language}', though it has in '{first}'. Write it there too; "
                    f"what may be left out has a default in '{first}': {{{{ {lost[0]} | default: \"…\" }}}}"
                )
                yield error("L002", each.wording.place_at(language, 0), message)


def _gaps(text: str) -> list[tuple[str, bool]]:
    try:
        return [(name.name, name.has_default) for name in parse_template(text).names] if "{{" in text else []
    except TemplateProblem:
        return []


def _slot(name: str) -> str:
    return name.removeprefix("slot.").removeprefix("contact.")


def missing_texts(said: Iterable[Said], languages: Sequence[str], declared: Node | None) -> Iterator[Problem]:
    """Yields a problem for each language in which nothing is written, and for what is written in it only in part.

    A flow, a trigger or a rule whose texts are all written once is meant to be read by everybody as it is.
    """
    texts = sorted((each for each in said if each.wording.place != NOWHERE), key=lambda each: each.wording.place)
    for language in languages[1:]:
        base = base_of(language)
        if base == base_of(languages[0]) or (base != language and base in languages):
            continue  # The same with a region: what is written without it, or with the first one, is meant.
        wanted = [each for each in texts if _is_wanted(each, language, languages[0])]
        missing = [each for each in wanted if not {language, base} & set(each.wording.texts)]
        if wanted and len(missing) == len(wanted):
            yield _nothing(wanted, language, languages[0], declared)
            continue
        for part, whole in _by_part(wanted).items():
            lacking = [each for each in missing if each in whole]
            if 0 < len(lacking) < len(whole):
                yield _missing(lacking, len(whole), part, language, languages[0])


def _by_part(said: Iterable[Said]) -> dict[str, list[Said]]:
    """Returns texts by what they are a part of: the flow 'welcome', the departments."""
    parts: dict[str, list[Said]] = {}
    for each in said:
        section, id, *_ = each.address.split(".")
        part = f"{_ONE_OF[section]} '{id}'" if section in _ONE_OF else f"'{section}'"
        parts.setdefault(part, []).append(each)
    return parts


_ONE_OF = {"flows": "flow", "triggers": "trigger", "rules": "rule", "responses": "response"}


def _is_wanted(said: Said, language: str, first: str) -> bool:
    """Says whether somebody who reads this language would read the text in it.

    Not so where it has no words, and where it is said only in other languages or is written in one of those already.
    """
    if not any(letter.isalpha() for text in said.wording.texts.values() for letter in _GAP.sub("", text)):
        return False
    is_of_others = set(said.wording.texts) == {first} and not _is_said_in(first, said)
    return not is_of_others and _is_said_in(language, said)


def _is_said_in(language: str, said: Said) -> bool:
    return simplify(said.holds, {"language": language}, lambda name: True) != FALSE


def _nothing(wanted: Sequence[Said], language: str, first: str, declared: Node | None) -> Problem:
    message = f"no text of this site is written in '{language}', so visitors who read it see '{first}'"
    message += f"; write them into translations/{language}.yaml, or leave '{language}' out"
    place = _place_of(language, declared) or wanted[0].wording.place
    return warning("L001", place, message, write=_to_write(wanted[0]))


def _missing(missing: Sequence[Said], count: int, part: str, language: str, first: str) -> Problem:
    named = ", ".join(each.address for each in missing[:MOST_NAMED])
    more = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
    what = (
        f"{len(missing)} of the {count} texts of {part} {'are' if len(missing) > 1 else 'is'} missing in '{language}'"
    )
    message = f"{what}, and visitors see '{first}' there: {named}{more}; write into translations/{language}.yaml"
    return warning("L001", missing[0].wording.place, message, write=_to_write(missing[0]))


def _to_write(said: Said) -> str:
    return f'{said.address}: "…"'


def _place_of(language: str, declared: Node | None) -> Place | None:
    items = declared.items if isinstance(declared, List) else ()
    return next((item.place for item in items if isinstance(item, Scalar) and item.text == language), None)
