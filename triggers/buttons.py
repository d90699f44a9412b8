"""The buttons below a trigger's message: what each says, what it is worth, and where it leads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from rules.kinds import Text, Word
from rules.meant_targets import meant_target
from rules.nodes import List, Map, Node, Scalar, Unreadable
from rules.problems import Place, did_you_mean
from rules.schema import WRONG, Key, Kind, Table, Walker, found, shortened
from rules.texts import Text as Texts

MOST = 3
"""A bubble has no room for more."""


@dataclass(frozen=True, slots=True)
class ButtonTarget:
    """`start` a flow, `handoff` to a department (None: whichever is open), or `dismiss` the message."""

    kind: Literal["start", "handoff", "dismiss"]
    name: str | None = None
    place: Place = field(default=Place("", 1, 1), compare=False)

    def __str__(self) -> str:
        return self.kind if self.name is None else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Button:
    label: Texts
    value: str
    """What is stored and answered: its own value, else the label in the site's first language."""
    then: ButtonTarget | None = None
    """Where it leads; None: to the trigger's flow, with the value in the trigger's slot."""
    place: Place = field(default=Place("", 1, 1), compare=False)


@dataclass(frozen=True)
class Target(Kind):
    """Value: `ButtonTarget`."""

    @property
    def words(self) -> str:
        return "'start' and a flow, 'handoff' or 'dismiss'"

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        text = node.text if isinstance(node, Scalar) and isinstance(node.value, str) else ""
        word, _, name = " ".join(text.split()).partition(" ")
        if (word == "start" and name) or word == "handoff":
            return ButtonTarget("start" if word == "start" else "handoff", name or None, node.place)
        if word == "dismiss" and not name:
            return ButtonTarget("dismiss", None, node.place)
        meant = _meant(text, walker) if text else None
        hint = f" — did you mean '{meant}'?" if meant else ""
        if word == "start":
            flows = tuple(walker.ids.get("flows", ("welcome",)))
            hint = f" — a flow is needed: 'start {flows[0]}'" if flows else " — a flow is needed"
        return walker.report("K005", node.place, f"{label} leads to {self.words}, not to {found(node)}{hint}")


def _meant(text: str, walker: Walker) -> str | None:
    """Returns the target that was probably meant; a flow only if there is one of that name, as far as that is known."""
    flows = walker.ids.get("flows")
    if flows is not None and text in flows:
        return f"start {text}"
    if text.lower() in _DISMISSING:
        return "dismiss"
    named = {"start": flows, "handoff": walker.ids.get("departments")}
    meant = meant_target(text, ("dismiss", *named), named, alone=("handoff",))
    if meant is None and " " not in text:
        flow = text if flows is None else did_you_mean(text, flows, {})
        meant = f"start {flow}" if flow else None
    return meant


_DISMISSING = ("close", "end", "cancel", "hide", "no", "none", "nothing")
"""What people write for `dismiss`."""

BUTTON = Table(
    "button",
    {
        "label": Key(Text(), "what it says", required=True),
        "value": Key(Word(), "what is stored instead of the label"),
        "then": Key(Target(), "where it leads"),
    },
    noun="a button",
)


@dataclass(frozen=True)
class Buttons(Kind):
    """Value: tuple of `Button`."""

    @property
    def words(self) -> str:
        return "a list of labels, each with its target if it has one: - Yes please: start welcome"

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        if not isinstance(node, List):
            return walker.refuse(node, self, label)
        buttons = [button for item in node.items if (button := self._button(item, walker)) is not None]
        self._check(node, buttons, walker)
        return tuple(buttons)

    def instead(self) -> tuple[Button, ...]:
        return ()

    def _button(self, item: Node, walker: Walker) -> Button | None:
        if isinstance(item, Unreadable):
            return None
        if isinstance(item, Scalar) and item.text.strip() and item.value is not None:
            return Button({walker.default_language: item.text}, item.text, None, item.place)
        if not isinstance(item, Map) or not item.entries:
            walker.report("K006", item.place, f"a button is a label like 'Yes please', not {found(item)}")
            return None
        if item.get("label") is not None or len(item.entries) > 1:
            return self._long(item, walker)
        key, value = item.entries[0]
        then = walker.value(value, Target(), f"the button {shortened(key.text)}")
        return Button({walker.default_language: key.text}, key.text, None if then is WRONG else then, key.place)

    def _long(self, item: Map, walker: Walker) -> Button | None:
        read = walker.read(item, BUTTON)
        if not read["label"]:
            return None
        value = read["value"] or read["label"].get(walker.default_language) or next(iter(read["label"].values()))
        return Button(read["label"], value, read["then"], item.place)

    def _check(self, node: List, buttons: list[Button], walker: Walker) -> None:
        if len(node.items) > MOST:
            extra = node.items[MOST].place
            walker.report("K006", extra, f"a message has room for {MOST} buttons, and this one would not be seen")
        seen: dict[tuple[str, str], Button] = {}
        for button in buttons:
            twice = next((key for key in button.label.items() if key in seen), None)
            if twice:
                line = seen[twice].place.line
                message = f"two buttons say {shortened(twice[1])}; the first is in line {line}"
                walker.report("F011", button.place, message)
            seen |= dict.fromkeys(button.label.items(), button)
