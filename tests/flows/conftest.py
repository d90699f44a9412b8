"""Flows in tests are written as marketers write them, and played by somebody who writes, presses and hears."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from flows.cursor import Cursor
from flows.effects import Card, Effect, Say
from flows.engine import FlowMachine
from flows.reading import Flows, read_flows
from flows.runner import Event, Result, turn
from flows.settings import Settings
from rules.document import read
from rules.facts import Kind, Scope
from rules.nodes import Map
from rules.problems import Problem, in_reading_order
from rules.schema import Walker
from tests.browser import browser_type_launch_args, empty_page

__all__ = ["browser_type_launch_args", "empty_page"]

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Attribute:
    type: str
    choices: tuple[str, ...] = ()
    title: Mapping[str, str] | None = None


CONTACT = {
    "name": Attribute("name"),
    "email": Attribute("email"),
    "phone": Attribute("phone"),
    "plan": Attribute("choice", ("free", "team"), {"en": "Your plan", "de": "Ihr Tarif"}),
    "bought": Attribute("number"),
    "since": Attribute("date"),
    "is_vip": Attribute("yes_no"),
    "homepage": Attribute("url"),
}


def read_text(text: str, languages: tuple[str, ...] = ("en", "de")) -> tuple[Flows, list[Problem]]:
    """Returns the flows of a file and everything that is wrong with them, in reading order."""
    problems: list[Problem] = []
    document = read(textwrap.dedent(text), "flows/test.yaml", problems)
    assert isinstance(document, Map)
    walker = Walker(problems, languages)
    kinds = {name: Kind("choice" if each.choices else "text", each.choices) for name, each in CONTACT.items()}
    scope = Scope(contact=kinds, languages=languages)
    flows = read_flows(
        document.get("flows"), walker, scope=scope, contact=CONTACT, visit={}, departments=("sales", "support")
    )
    return flows, in_reading_order(problems)


class Player:
    """One conversation with the bot. Every turn is checked for what must hold of all turns."""

    def __init__(self, flows: Flows, *, language: str, facts: Mapping[str, Any], name: str = "c1") -> None:
        self.machines: dict[str, dict[str, FlowMachine]] = {}
        self.current: dict[str, FlowMachine] = {}
        self.deploy(flows)
        self.facts = {"language": language, "opening_hours": "open", "visits": 1, "site.name": "Shop"}
        self.facts |= {f"contact.{attribute}": None for attribute in CONTACT} | dict(facts)
        self.cursor = Cursor(name, language)
        self.last: Result | None = None
        self.settings = Settings()

    def deploy(self, flows: Flows) -> None:
        """Makes these the flows that new runs get; the older ones stay for whoever is inside of them."""
        self.current = dict(flows.machines)
        for machine in self.current.values():
            self.machines.setdefault(machine.id, {})[machine.version] = machine

    def machine(self, flow: str, version: str | None = None) -> FlowMachine:
        return self.current[flow] if version is None else self.machines[flow][version]

    def start(self, flow: str, **inputs: Any) -> list[str]:
        return self.happens(Event("start", data={"flow": flow, "with": inputs}))

    def write(self, text: str) -> list[str]:
        return self.happens(Event("input", text=text))

    def press(self, label: str) -> list[str]:
        """Presses a button that was shown last."""
        said = next(each for each in reversed(self.effects) if isinstance(each, Say) and each.options)
        value = next(option.value for option in said.options if option.label == label)
        return self.press_value(f"{said.flow}.{said.step}", value)

    def press_value(self, step: str, value: object) -> list[str]:
        return self.happens(Event("input", button={"step": step, "value": value, "label": "whatever"}))

    def fill_in(self, step: str, **values: Any) -> list[str]:
        """Sends a card back."""
        return self.happens(Event("input", form={"step": step, "values": values}))

    def silent(self, n: int = 1, *, late: int = 0) -> list[str]:
        """Lets the n-th timer run out that was set last."""
        return self.happens(Event("timer", data={"n": n, "late": late}, epoch=self.cursor.epoch))

    @property
    def card(self) -> Card:
        """The card that was shown last."""
        return next(each.form for each in reversed(self.effects) if isinstance(each, Say) and each.form)

    def happens(self, event: Event) -> list[str]:
        """Takes one event; returns what the visitor hears."""
        before = self.cursor.to_json()
        result = turn(self.machine, self.cursor, event, dict(self.facts), NOW, self.settings)
        again = turn(self.machine, Cursor.from_json(before), event, dict(self.facts), NOW, self.settings)
        assert self.cursor.to_json() == before, "a turn changed the cursor it was given"
        assert (again.cursor, again.effects, again.trace) == (result.cursor, result.effects, result.trace)
        assert Cursor.from_json(result.cursor.to_json()) == result.cursor
        self.last, self.cursor = result, result.cursor
        if self.cursor.flow is not None:
            state = self.machine(self.cursor.flow, self.cursor.version).state(self.cursor.state)
            assert state.kind == "wait", "a turn ended where nobody is waited for"
        for effect in result.effects:
            if getattr(effect, "save_to", None) == "contact":
                self.facts[f"contact.{effect.slot}"] = effect.value  # type: ignore[union-attr]
        return self.hears

    @property
    def effects(self) -> tuple[Effect, ...]:
        return self.last.effects if self.last else ()

    @property
    def hears(self) -> list[str]:
        """What the bot said in the last turn."""
        said = [effect.text if isinstance(effect, Say) else getattr(effect, "say", None) for effect in self.effects]
        return [text for text in said if text]

    @property
    def buttons(self) -> list[str]:
        """The quick replies under the last thing the bot said."""
        said = [effect for effect in self.effects if isinstance(effect, Say)]
        return [option.label for option in said[-1].options] if said else []

    @property
    def slots(self) -> dict[str, Any]:
        return self.cursor.slots

    @property
    def at(self) -> str:
        """Where the conversation stands: `flow.step`, or nothing."""
        return f"{self.cursor.flow}.{self.cursor.state}" if self.cursor.flow else ""

    def effects_of(self, kind: type) -> list[Any]:
        """Returns what the last turn wants done, of one kind."""
        return [effect for effect in self.effects if isinstance(effect, kind)]


@pytest.fixture
def flows_of() -> Callable[[str], Flows]:
    """Flows of a text that has no problems."""

    def load(text: str) -> Flows:
        flows, problems = read_text(text)
        assert [str(problem) for problem in problems if problem.level == "error"] == []
        return flows

    return load


@pytest.fixture
def play(flows_of: Callable[[str], Flows]) -> Callable[..., Player]:
    """Somebody who talks to the flows of a text: `play(text, start="welcome")`."""

    def begin(
        text: str,
        *,
        start: str | None = None,
        language: str = "en",
        facts: Mapping[str, Any] | None = None,
        name: str = "c1",
        **inputs: Any,
    ) -> Player:
        player = Player(flows_of(text), language=language, facts=facts or {}, name=name)
        if start:
            player.start(start, **inputs)
        return player

    return begin


@pytest.fixture
def problems_in() -> Callable[[str], list[str]]:
    """What is wrong with a text, each with its code before it."""

    def find(text: str) -> list[str]:
        return [f"{problem.code} {problem}" for problem in read_text(text)[1]]

    return find


@pytest.fixture
def read_flows_of() -> Callable[[str], tuple[Flows, list[Problem]]]:
    """The flows of a text, right or wrong, and its problems."""
    return read_text
