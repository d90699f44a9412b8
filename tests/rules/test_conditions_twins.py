"""Python and the browser decide alike: the laws, and 200,000 generated cases, in a real Chromium.

What is expected comes from the Python evaluator, and that is held against a third one, which is slow and written
straight from the laws.
"""

import json
import random
import re
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from playwright.sync_api import Page

from rules.conditions import IR, compile_condition, evaluate

pytestmark = pytest.mark.xdist_group("generated cases")  # What takes long to make is made by one process.

VECTORS = json.loads((Path(__file__).parents[1] / "conditions.vectors.json").read_text())
SEED = 20_260_304
CONDITIONS, WORLDS, WORLDS_EACH = 20_000, 2_000, 10

COMPARE = """async ({ conditions, worlds, cases }) => {
  const { evaluate } = await import("/static/shared/conditions.js");
  const wrong = [];
  for (const [condition, world, expected] of cases) {
    const found = evaluate(conditions[condition], worlds[world]);
    if (found !== expected) wrong.push([conditions[condition], worlds[world], expected, found]);
  }
  return [cases.length, wrong.length, wrong.slice(0, 5)];
}"""


def by_the_laws(ir: IR, facts: Mapping[str, Any]) -> float:
    """1 for true, 0 for false, one half for unknown."""
    op, *rest = ir
    if op == "all":
        return min([1.0, *(by_the_laws(part, facts) for part in rest)])
    if op == "any":
        return max([0.0, *(by_the_laws(part, facts) for part in rest)])
    if op == "not":
        return 1 - by_the_laws(rest[0], facts)
    if op == "known":
        return float(facts.get(rest[0]) is not None)
    names = rest[1:] if op == "cmp" else rest[:1]
    if not all(name in facts for name in names):
        return 0.5
    if any(facts[name] is None for name in names):
        return 0.0
    if op == "cmp":
        return float(compared(rest[0], facts[rest[1]], facts[rest[2]]))
    return float(compared(op, facts[rest[0]], rest[1]))


def compared(op: str, seen: Any, wanted: Any) -> bool:
    if op == "in":
        return True in [compared("is", seen, one) for one in wanted]
    if op == "has":
        return type(seen) is list and True in [compared("is", one, wanted) for one in seen]
    if kind(seen) != kind(wanted) or kind(seen) == "list":
        return False
    if kind(seen) == "yes/no":
        return op == "is" and seen == wanted
    if kind(seen) == "number":
        a: Any = float(seen)
        b: Any = float(wanted)
    else:
        a, b = units(seen), units(wanted)
        text, part = "".join(map(chr, a)), "".join(map(chr, b))
        if op == "contains":
            return re.search(re.escape(part), text) is not None
        if op == "starts":
            return a[: len(b)] == b
        if op == "ends":
            return a[len(a) - len(b) :] == b if len(b) <= len(a) else False
        if op == "glob":
            return re.fullmatch(".*".join(map(re.escape, part.split("*"))), text, re.DOTALL) is not None
    return {"is": a == b, ">": a > b, ">=": a >= b, "<": a < b, "<=": a <= b}.get(op, False)


def kind(value: Any) -> str:
    if isinstance(value, bool):
        return "yes/no"
    return "number" if isinstance(value, int | float) else "text" if isinstance(value, str) else "list"


def units(text: str) -> list[int]:
    """UTF-16 units of the composed text, lower-case below U+1C80."""
    low = "".join(letter.lower() if ord(letter) < 0x1C80 else letter for letter in normalize("NFC", text))
    raw = low.encode("utf-16-le")
    return list(struct.unpack(f"<{len(raw) // 2}H", raw))


NAMES = ("page", "title", "visits", "scroll", "returning", "date", "tags", "x")
TEXTS = (
    *("", "/", "/pricing", "/Pricing/Team", "/cart", "a", "A", "ab", "aBa", "abba", "café", "cafe\u0301", "CAFÉ"),
    *("İ", "i̇", "ΣΑΣ", "σας", "ß", "ẞ", "2026-12-01", "2026-12-24", "09:00", "\uffee", "😀", "😀a", "true", "1", "30"),
    *("Ა", "ა", "Ａ", "Ω", "Ω", "Å", "K", "k", "a\nb", "a*b", "*", "Ж", "ж", "Ǆ", "ǆ"),
)
PATTERNS = ("*", "/pricing*", "*/team", "a*", "*a", "a*a", "a*b*a", "*b*", "**", "CAF*", "*\n*", "😀*", "/", "")
NUMBERS = (0, -0.0, 1, 1.0, 2, 29.5, 30, 30.000000001, 99, -1, 1e300, 9007199254740992, 9007199254740993, 0.1)


def a_value(dice: random.Random) -> Any:
    return dice.choice(dice.choice((TEXTS, TEXTS, NUMBERS, NUMBERS, (True, False))))


def a_leaf(dice: random.Random) -> IR:
    name = dice.choice(NAMES)
    op = dice.choice(
        ("is", "is", "in", ">=", ">", "<=", "<", "contains", "starts", "ends", "glob", "glob", "has", "known", "cmp")
    )
    if op == "known":
        return ("known", name)
    if op == "cmp":
        return ("cmp", dice.choice(("is", ">=", ">", "<=", "<")), name, dice.choice(NAMES))
    if op == "in":
        return ("in", name, tuple(a_value(dice) for _ in range(dice.randrange(4))))
    return (op, name, dice.choice(PATTERNS) if op == "glob" and dice.random() < 0.7 else a_value(dice))


def a_condition(dice: random.Random, depth: int = 0) -> IR:
    if depth == 4 or dice.random() < 0.25 + 0.1 * depth:
        return a_leaf(dice)
    op = dice.choice(("all", "all", "any", "any", "not"))
    count = 1 if op == "not" else dice.choice((0, 1, 2, 2, 3, 3, 4))
    return (op, *(a_condition(dice, depth + 1) for _ in range(count)))


def a_world(dice: random.Random) -> dict[str, Any]:
    world: dict[str, Any] = {}
    for name in NAMES:
        chance = dice.random()
        if chance < 0.25:
            continue
        lists = [a_value(dice) for _ in range(dice.randrange(4))]
        world[name] = None if chance < 0.35 else lists if name == "tags" and chance < 0.9 else a_value(dice)
    return world


@pytest.fixture(scope="module")
def generated() -> tuple[list[IR], list[dict[str, Any]], list[tuple[int, int, bool | None]]]:
    dice = random.Random(SEED)
    worlds = [a_world(dice) for _ in range(WORLDS)]
    conditions = [a_condition(dice) for _ in range(CONDITIONS)]
    cases = []
    for number, condition in enumerate(conditions):
        holds = compile_condition(condition)
        for world in dice.sample(range(WORLDS), WORLDS_EACH):
            cases.append((number, world, holds(worlds[world])))
    return conditions, worlds, cases


def test_the_generated_cases_are_many_and_of_every_outcome(generated: Any) -> None:
    cases = generated[2]
    assert len(cases) >= 200_000
    shares = [sum(outcome is wanted for *_, outcome in cases) / len(cases) for wanted in (True, False, None)]
    assert min(shares) > 0.12


def test_the_quick_evaluators_follow_the_laws(generated: Any) -> None:
    conditions, worlds, cases = generated
    outcomes = {1.0: True, 0.0: False, 0.5: None}
    wrong = []
    for number, world, outcome in cases:
        expected = outcomes[by_the_laws(conditions[number], worlds[world])]
        if outcome is not expected or evaluate(conditions[number], worlds[world]) is not expected:
            wrong.append((conditions[number], worlds[world], expected, outcome))
    assert wrong == []


def test_the_browser_decides_the_generated_cases_alike(generated: Any, empty_page: Page) -> None:
    conditions, worlds, cases = generated
    count, wrong, samples = empty_page.evaluate(
        f"async (text) => ({COMPARE})(JSON.parse(text))",
        json.dumps({"conditions": conditions, "worlds": worlds, "cases": cases}, separators=(",", ":")),
    )
    assert (count, wrong, samples) == (len(cases), 0, [])


def test_the_browser_keeps_the_laws(empty_page: Page) -> None:
    laws = VECTORS["evaluate"]
    data = {
        "conditions": [condition for _, condition, _, _ in laws],
        "worlds": [facts for _, _, facts, _ in laws],
        "cases": [[at, at, expected] for at, (*_, expected) in enumerate(laws)],
    }
    text = json.dumps(data)
    assert empty_page.evaluate(f"async (text) => ({COMPARE})(JSON.parse(text))", text) == [len(laws), 0, []]


def test_the_browser_lowers_every_letter_as_python_does(empty_page: Page) -> None:
    letters = [chr(code) for code in range(0x1C80)]
    tries = [(letter, other) for letter in letters for other in (letter.upper(), letter.lower(), letter.title())]
    data = {
        "conditions": [("is", "x", letter) for letter, _ in tries],
        "worlds": [{"x": other} for _, other in tries],
        "cases": [[at, at, evaluate(("is", "x", a), {"x": b})] for at, (a, b) in enumerate(tries)],
    }
    text = json.dumps(data)
    assert empty_page.evaluate(f"async (text) => ({COMPARE})(JSON.parse(text))", text) == [len(tries), 0, []]


def test_the_browser_knows_when_time_alone_may_change_something(empty_page: Page) -> None:
    script = """async (times) => {
      const { mayChangeIn } = await import("/static/shared/conditions.js");
      return times.map(([condition, facts]) => mayChangeIn(condition, facts));
    }"""
    times = [[condition, facts] for condition, facts, _ in VECTORS["may_change"]]
    found = [None if wait == float("inf") else wait for wait in empty_page.evaluate(script, times)]
    assert found == [seconds for _, _, seconds in VECTORS["may_change"]]
