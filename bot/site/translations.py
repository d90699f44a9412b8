"""`translations:` — texts in other languages, kept in a file for each language and found by their addresses.

An address is the way to a text through the files: `widget.greeting`, `departments.sales.title`, `triggers.help.say`.
Texts of a flow are found by the id of their step: `flows.welcome.say_1`, `flows.welcome.menu.options.Prices`,
`flows.welcome.collect_size.choices.Small`, `flows.welcome.collect_email.invalid`, `flows.welcome.collect_email.2` for
the second of several; those of a field of a form by its slot, `flows.stay.form_1.guests`; what is said in a silence by
its number, `flows.stay.form_1.if_silent.1`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import PurePosixPath
from typing import Any

from bot.site.reading import Reading
from flows.flow import Flow
from flows.steps.asking import Level
from flows.steps.branch import BranchStep
from flows.steps.buttons import ButtonOption
from flows.steps.collect import CollectStep
from flows.steps.note import NoteStep
from flows.steps.step import Step, Then
from flows.wording import Wording
from rules.conditions import IR, TRUE, all_of, negated
from rules.nodes import List, Map, Node, Scalar, Unreadable
from rules.problems import did_you_mean, suggestion
from rules.schema import found

_FIRST_TEXTS = ("texts", "text", "ask", "say")
"""The text of a step that is meant by the address of the step itself."""
_FIELDS = "fields"
"""What a form asks for, each found by its own name below the step."""
_FOR_AGENTS = ("note",)
"""What no visitor reads."""
_NOT_BY_NUMBER = ("choices_written",)
"""What is found by its name, together with something else."""


@dataclass(frozen=True, slots=True)
class Translation:
    """One text in one language."""

    language: str
    key: Scalar
    node: Scalar | List
    default_language: str
    """That of the text it stands beside."""

    @property
    def address(self) -> str:
        return self.key.text.removeprefix("site.")


@dataclass(frozen=True, slots=True)
class Said:
    """One text that visitors read."""

    address: str
    wording: Wording
    holds: IR = TRUE
    """What is true whenever it is said."""


@dataclass
class Translations:
    """All translations of a site, and which addresses were found."""

    by_address: dict[str, list[Translation]] = field(default_factory=dict)
    addresses: set[str] = field(default_factory=set)
    said: list[Said] = field(default_factory=list)
    """What flows say to visitors, in all the languages that it has."""

    def into(self, section: str, node: Node | None) -> Node | None:
        """Returns a section with the translations written into it, as if they had been written in place."""
        for address, translations in self.by_address.items():
            head, _, rest = address.partition(".")
            if head != section or node is None or not rest:
                continue
            for translation in translations:
                changed = _placed(node, rest, translation)
                if changed is None:
                    break
                node = changed
                self.addresses.add(address)
        return node

    def into_flow(self, flow: Flow) -> Flow:
        """Returns a flow, whose steps have their names, with the translations in it."""
        base, holds = f"flows.{flow.id}", flow.start_when or TRUE
        steps = tuple(self._step(step, base, holds) for step in flow.steps)
        title = self._wording(Wording(flow.title), f"{base}.title", None).texts
        on_silence = self._value(flow.on_silence, f"{base}.on_silence", holds)
        return replace(flow, steps=steps, title=title, on_silence=on_silence)

    def report_unused(self, reading: Reading) -> None:
        """Reports translations of texts that are not there."""
        if not reading.complete:
            return
        for address, translations in self.by_address.items():
            if address in self.addresses:
                continue
            for translation in translations:
                hint = suggestion(address, self.addresses)
                reading.walker.report("K005", translation.key.place, f"no text has the address '{address}'{hint}")

    def _step(self, step: Step, base: str, holds: IR) -> Step:
        address = f"{base}.{step.id}"
        holds = all_of([holds, step.condition or TRUE])
        changes: dict[str, Any] = {}
        for each in fields(step):
            value = getattr(step, each.name)
            if each.name in _NOT_BY_NUMBER:
                continue
            of_step = each.name in _FIRST_TEXTS or each.name == _FIELDS
            for_agents = isinstance(step, NoteStep) or each.name in _FOR_AGENTS
            where = address if of_step else f"{address}.{each.name}"
            changed = self._value(value, where, None if for_agents else holds)
            if changed is not value:
                changes[each.name] = changed
        if isinstance(step, CollectStep) and step.choices:
            changes |= self._choices(step, f"{address}.choices", holds)
        translated = replace(step, **changes) if changes else step
        thens = translated.inner()
        if not thens:
            return translated
        ways = zip(thens, _ways(step, holds, len(thens)), strict=True)
        return translated.with_inner(tuple(self._then(then, base, way) for then, way in ways))

    def _choices(self, step: CollectStep, base: str, holds: IR) -> dict[str, Any]:
        """Returns the answers there are in more languages, each found by what is stored of it."""
        written = step.choices_written or tuple(Wording(choice.labels) for choice in step.choices)
        pairs = list(zip(step.choices, written, strict=False))
        wordings = [self._wording(label, f"{base}.{choice.value}", holds) for choice, label in pairs]
        choices = (
            replace(choice, labels={**choice.labels, **wording.texts})
            for (choice, _), wording in zip(pairs, wordings, strict=True)
        )
        return {"choices": tuple(choices), "choices_written": tuple(wordings) if step.choices_written else ()}

    def _then(self, then: Then, base: str, holds: IR) -> Then:
        return tuple(self._step(step, base, holds) for step in then) if isinstance(then, tuple) else then

    def _value(self, value: Any, address: str, holds: IR | None) -> Any:
        if isinstance(value, Wording):
            return self._wording(value, address, holds)
        if isinstance(value, tuple) and value and isinstance(value[0], Wording):
            return tuple(
                self._wording(each, address if place == 1 else f"{address}.{place}", holds)
                for place, each in enumerate(value, start=1)
            )
        if isinstance(value, tuple) and value and isinstance(value[0], Step):
            return tuple(self._step(each, address, holds or TRUE) for each in value)
        if isinstance(value, tuple) and value and isinstance(value[0], Level):
            return tuple(
                each if each.say is None else replace(each, say=self._wording(each.say, f"{address}.{place}", holds))
                for place, each in enumerate(value, start=1)
            )
        if isinstance(value, tuple) and value and isinstance(value[0], ButtonOption):
            return tuple(
                replace(each, label=self._wording(each.label, f"{address}.{each.value}", _also(holds, each.condition)))
                for each in value
            )
        return value

    def _wording(self, wording: Wording, address: str, holds: IR | None) -> Wording:
        if not wording.texts:
            return wording
        self.addresses.add(address)
        for translation in self.by_address.get(address, ()):
            node = translation.node
            if isinstance(node, Scalar):
                texts = {**wording.texts, translation.language: node.text}
                wording = replace(wording, texts=texts, nodes={**wording.nodes, translation.language: node})
        if holds is not None:
            self.said.append(Said(address, wording, holds))
        return wording


def _also(holds: IR | None, condition: IR | None) -> IR | None:
    return None if holds is None else all_of([holds, condition or TRUE])


def _ways(step: Step, holds: IR, count: int) -> list[IR]:
    """Returns what is true behind each of the ways on from a step."""
    if not isinstance(step, BranchStep):
        return [holds] * count
    ways = []
    for case in step.cases:
        ways.append(all_of([holds, case.condition or TRUE]))
        holds = all_of([holds, negated(case.condition or TRUE)])
    return ways


def read_translations(files: Mapping[str, Map], reading: Reading) -> Translations:
    """Returns the translations in these sections, of which each stands in a file called after its language."""
    translations = Translations()
    for file, section in files.items():
        language = PurePosixPath(file).stem
        if not _is_language(language, section, reading):
            continue
        for key, node in section.entries:
            if isinstance(node, Unreadable):
                continue
            if isinstance(node, Map) or (isinstance(node, Scalar) and not node.text.strip()):
                reading.walker.report(
                    "K006", node.place, f"'{key.text}' is a text or a list of texts, not {found(node)}"
                )
                continue
            translation = Translation(language, key, node, reading.walker.default_language)
            translations.by_address.setdefault(translation.address, []).append(translation)
    return translations


def _is_language(language: str, section: Map, reading: Reading) -> bool:
    languages = reading.walker.languages
    if language in languages or not languages:
        return True
    meant = did_you_mean(language, languages) or languages[-1]
    reading.walker.report(
        "K001",
        section.place,
        f"'{language}' is not a language of this site ({', '.join(languages)});"
        f" translations stand in a file called after their language, such as translations/{meant}.yaml",
    )
    return False


def _placed(node: Node, path: str, translation: Translation) -> Node | None:
    """Returns the node with a text at this path in one more language, or None if there is no text there."""
    if not path:
        return _in_one_more_language(node, translation)
    if isinstance(node, Map):
        return _placed_in_map(node, path, translation)
    return _placed_in_list(node, path, translation) if isinstance(node, List) else None


def _placed_in_map(node: Map, path: str, translation: Translation) -> Node | None:
    for place, (key, value) in enumerate(node.entries):
        rest = _rest(path, key.text)
        changed = None if rest is None else _placed(value, rest, translation)
        if changed is not None:
            return replace(node, entries=(*node.entries[:place], (key, changed), *node.entries[place + 1 :]))
    return None


def _placed_in_list(node: List, path: str, translation: Translation) -> Node | None:
    for place, item in enumerate(node.items):
        if isinstance(item, Scalar) and item.text == path:
            changed: Node | None = _in_one_more_language(item, translation, wrap="label")
        elif isinstance(item, Map) and _label(item) == path:
            changed = _placed(_written_out(item), "label", translation)
        else:
            continue
        return (
            None if changed is None else replace(node, items=(*node.items[:place], changed, *node.items[place + 1 :]))
        )
    return None


def _label(item: Map) -> str | None:
    named = item.get("value") or item.get("label") or (_short(item) or (None,))[0]
    return named.text if isinstance(named, Scalar) else None


def _short(item: Map) -> tuple[Scalar, Node] | None:
    """Returns label and target of a button that is written as `Yes please: start welcome`."""
    return item.entries[0] if len(item.entries) == 1 and item.get("label") is None else None


def _written_out(item: Map) -> Map:
    """Returns such a button with all its keys, so that there is a place for its label in more languages."""
    short = _short(item)
    if short is None:
        return item
    label, then = short
    named = ((Scalar(node.place, node.end, key, key), node) for key, node in (("label", label), ("value", label)))
    return Map(item.place, item.end, (*named, (Scalar(then.place, then.end, "then", "then"), then)))


def _rest(path: str, key: str) -> str | None:
    """Returns what is left of a path behind a key; keys may have dots in them."""
    if path == key:
        return ""
    return path[len(key) + 1 :] if path.startswith(f"{key}.") else None


def _in_one_more_language(node: Node, translation: Translation, wrap: str = "") -> Node | None:
    key = Scalar(translation.node.place, translation.node.end, translation.language, translation.language)
    entry = (key, translation.node)
    if isinstance(node, Map):
        if not all(isinstance(value, Scalar | List) for _, value in node.entries):
            return None
        return replace(node, entries=(*_without(node.entries, translation.language), entry))
    if isinstance(node, Unreadable):
        return None
    default = Scalar(node.place, node.end, translation.default_language, translation.default_language)
    both = Map(node.place, node.end, ((default, node), entry))
    if not wrap:
        return both
    label = Scalar(node.place, node.end, wrap, wrap)
    value = Scalar(node.place, node.end, "value", "value")
    return Map(node.place, node.end, ((label, both), (value, node)))


def _without(entries: Iterable[tuple[Scalar, Node]], language: str) -> list[tuple[Scalar, Node]]:
    return [entry for entry in entries if entry[0].text != language]
