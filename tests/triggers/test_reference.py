"""The reference says everything there is, and its examples are right."""

import re
from pathlib import Path

import pytest

from rules.condition_reading import parse_conditions
from rules.document import read
from rules.facts import VOCABULARY, Kind, Scope
from rules.nodes import Map
from rules.problems import Problem
from rules.schema import Walker
from triggers.arbiter import REASONS
from triggers.limits import LIMIT, MANNERS, Limits, Manners, limit, manners
from triggers.trigger import TRIGGER, read_triggers

DOCS = Path(__file__).parents[2] / "docs"
CONDITIONS = (DOCS / "conditions.md").read_text()
TRIGGERS = (DOCS / "triggers.md").read_text()
SCOPE = Scope(
    inside="trigger",
    contact={"plan": Kind("choice", ("free", "team", "business")), "email": Kind("text")},
    languages=("en", "de"),
)


@pytest.mark.parametrize("fact", VOCABULARY, ids=lambda fact: fact.name)
def test_every_fact_is_in_the_reference(fact: object) -> None:
    assert f"| `{fact.name}` |" in CONDITIONS  # type: ignore[attr-defined]
    assert f"`{fact.example}`" in CONDITIONS  # type: ignore[attr-defined]


def test_what_is_not_there_yet_is_marked() -> None:
    for fact in VOCABULARY:
        row = next(line for line in CONDITIONS.splitlines() if line.startswith(f"| `{fact.name}` |"))
        assert ("not yet in this version" in row) is not fact.in_this_version


def test_every_key_of_a_trigger_is_in_the_reference() -> None:
    for key in TRIGGER.keys:
        assert f"`{key}`" in TRIGGERS, key


def test_the_limits_in_the_reference_are_those_that_apply() -> None:
    trigger, site = limit(Walker([]).read(None, LIMIT)), manners(Walker([]).read(None, MANNERS))
    seconds = {"": None, "without limit": None, "45s": 45, "2h": 7_200, "24h": 86_400, "7d": 604_800}
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in TRIGGERS.splitlines()]
    told = {row[0].strip("`"): row[1:3] for row in rows if len(row) == 4}
    for name in Limits.__slots__:
        for written, applied in zip(told[name], (getattr(trigger, name), getattr(site, name)), strict=True):
            assert seconds.get(written, written) in (applied, str(applied)) or applied in (None, "never"), name
    assert "`holdout` | | 0%" in TRIGGERS
    assert Manners().holdout == site.holdout == 0


def test_every_reason_is_in_the_reference() -> None:
    for code, words in REASONS.items():
        assert f"| `{code}` | {words} |" in TRIGGERS


@pytest.mark.parametrize("text", re.findall(r"```yaml\n(.*?)```", CONDITIONS + TRIGGERS, re.DOTALL))
def test_every_example_is_read_without_a_problem(text: str) -> None:
    problems: list[Problem] = []
    root = read(text, "docs.yaml", problems)
    assert isinstance(root, Map)
    walker = Walker(problems, SCOPE.languages)
    if root.get("triggers"):
        assert read_triggers(root.get("triggers"), SCOPE, walker)
    elif root.get("manners"):
        assert walker.read(root.get("manners"), MANNERS).sound
    else:
        assert parse_conditions(root, SCOPE, problems)
    assert problems == []
