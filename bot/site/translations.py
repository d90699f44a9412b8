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
from flows.steps.collect import CollectStep
from flows.steps.step import Step, Then
from flows.wording import Wording
from rules.nodes import List, Map, Node, Scalar, Unreadable
from rules.problems import did_you_mean, suggestion
from rules.schema import found

_FIRST_TEXTS = ("texts", "text", "ask", "say")
"""The text of a step that is meant by the address of the step itself."""
_FIELDS = "fields"
"""What a form asks for, each found by its own name below the step."""
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


@dataclass
class Translations:
    """All translations of a site, and which addresses were found."""

    by_address: dict[str, list[Translation]] = field(default_factory=dict)
    addresses: set[str] = field(default_factory=set)

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
        if not self.by_address:
            return flow
        base = f"flows.{flow.id}"
        steps = tuple(self._step(step, base) for step in flow.steps)
        title = self._wording(Wording(flow.title), f"{base}.title").texts
        on_silence = self._value(flow.on_silence, f"{base}.on_silence")
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

    def _step(self, step: Step, base: str) -> Step:
        address = f"{base}.{step.id}"
        changes: dict[str, Any] = {}
        for each in fields(step):
            value = getattr(step, each.name)
            if each.name in _NOT_BY_NUMBER:
                continue
            of_step = each.name in _FIRST_TEXTS or each.name == _FIELDS
            changed = self._value(value, address if of_step else f"{address}.{each.name}")
            if changed is not value:
                changes[each.name] = changed
        if isinstance(step, CollectStep) and step.choices:
            changes |= self._choices(step, f"{address}.choices")
        translated = replace(step, **changes) if changes else step
        thens = translated.inner()
        return translated.with_inner(tuple(self._then(then, base) for then in thens)) if thens else translated

    def _choices(self, step: CollectStep, base: str) -> dict[str, Any]:
        """Returns the answers there are in more languages, each found by what is stored of it."""
        written = step.choices_written or tuple(Wording(choice.labels) for choice in step.choices)
        pairs = list(zip(step.choices, written, strict=False))
        wordings = [self._wording(label, f"{base}.{choice.value}") for choice, label in pairs]
        choices = (
            replace(choice, labels={**choice.labels, **wording.texts})
            for (choice, _), wording in zip(pairs, wordings, strict=True)
        )
        return {"choices": tuple(choices), "choices_written": tuple(wordings) if step.choices_written else ()}

    def _then(self, then: Then, base: str) -> Then:
        return tuple(self._step(step, base) for step in then) if isinstance(then, tuple) else then

    def _value(self, value: Any, address: str) -> Any:
        if isinstance(value, Wording):
            return self._wording(value, address)
        if isinstance(value, tuple) and value and isinstance(value[0], Wording):
            return tuple(
                self._wording(each, address if place == 1 else f"{address}.{place}")
                for place, each in enumerate(value, start=1)
            )
        if isinstance(value, tuple) and value and isinstance(value[0], Step):
            return tuple(self._step(each, address) for each in value)
        if isinstance(value, tuple) and value and isinstance(value[0], Level):
            return tuple(
                each if each.say is None else replace(each, say=self._wording(each.say, f"{address}.{place}"))
                for place, each in enumerate(value, start=1)
            )
        if isinstance(value, tuple) and value and isinstance(getattr(value[0], "label", None), Wording):
            return tuple(replace(each, label=self._wording(each.label, f"{address}.{each.value}")) for each in value)
        return value

    def _wording(self, wording: Wording, address: str) -> Wording:
        if not wording.texts:
            return wording
        self.addresses.add(address)
        for translation in self.by_address.get(address, ()):
            node = translation.node
            if isinstance(node, Scalar):
                texts = {**wording.texts, translation.language: node.text}
                wording = replace(wording, texts=texts, nodes={**wording.nodes, translation.language: node})
        return wording


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
