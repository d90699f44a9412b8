"""Who speaks, and why the others do not: one file of cases, played on the server's side and in the page."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.readiness import Readiness, Watched
from triggers.arbiter import REASONS, SUPPRESSIONS, Candidate, Decision, decide
from triggers.limits import Counters, Limits, Manners, Tally

CASES = json.loads((Path(__file__).parents[1] / "arbiter.cases.json").read_text())
DECISIONS, RUNS = CASES["decisions"], CASES["readiness"]


@pytest.mark.parametrize("case", DECISIONS, ids=lambda case: case["name"])
def test_the_server_decides(case: dict[str, Any]) -> None:
    decision = decide(
        [Candidate(**{**each, "limit": Limits(**each["limit"])}) for each in case["candidates"]],
        case["suppressed"],
        Manners(**case["manners"]),
        _counters(**case["counters"]),
    )
    assert decision == Decision(case["expected"]["winner"], case["expected"]["reasons"])
    assert set(decision.reasons.values()) <= set(REASONS)


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run["name"])
def test_the_model_knows_who_is_ready(run: dict[str, Any]) -> None:
    readiness = Readiness(Watched(t["id"], t["when"], t["for"], t.get("waits", False)) for t in run["triggers"])
    for step in run["steps"]:
        if "took" in step:
            readiness.take(step["took"]["reasons"])
        elif "passed" in step:
            readiness.pass_over(step["passed"])
        else:
            assert readiness.ready(step["facts"], step["at"]) == step["ready"], step
            assert readiness.may_change_in(step["facts"], step["at"]) == step["next"], step


def test_the_page_decides_alike(empty_page: Page) -> None:
    cases = [case for case in DECISIONS if not any("held" in each for each in case["candidates"])]
    found = empty_page.evaluate(
        """async (cases) => {
          const { decide } = await import("/static/widget/arbiter.js");
          return cases.map(({ candidates, suppressed, manners, counters }) => {
            const { winner, reasons, againIn } = decide(candidates, suppressed, manners, counters);
            return { winner: winner?.id ?? null, reasons, again_in: againIn < Infinity ? againIn : null };
          });
        }""",
        cases,
    )
    assert dict(zip(_names(cases), found, strict=True)) == {case["name"]: case["expected"] for case in cases}


def test_every_silence_is_one_the_page_can_be_in() -> None:
    """Whatever reason marketers are told must be one that somebody can give."""
    page = (Path(__file__).parents[2] / "web" / "static" / "widget" / "main.js").read_text(encoding="utf-8")
    silences = re.search(r"^  #silences\(.*?^  }$", page, re.DOTALL | re.MULTILINE)
    assert silences and re.findall(r"^ +(\w+): ", silences[0], re.MULTILINE) == list(SUPPRESSIONS)


def test_the_page_knows_alike_who_is_ready(empty_page: Page) -> None:
    found = empty_page.evaluate(
        """async (runs) => {
          const { Readiness } = await import("/static/widget/arbiter.js");
          return runs.map(({ triggers, steps }) => {
            const readiness = new Readiness(triggers);
            return steps.map(({ took, passed, facts, at }) => {
              if (took) return readiness.take(took), null;
              if (passed) return passed.forEach((id) => readiness.passOver(id)), null;
              const ready = readiness.ready(facts, at).map(({ id }) => id);
              const next = readiness.mayChangeIn(facts, at);
              return { at, facts, ready, next: next < Infinity ? next : null };
            });
          });
        }""",
        RUNS,
    )
    expected = [[step if "ready" in step else None for step in run["steps"]] for run in RUNS]
    assert dict(zip(_names(RUNS), found, strict=True)) == dict(zip(_names(RUNS), expected, strict=True))


def _counters(all: dict[str, Any] | None = None, triggers: dict[str, Any] | None = None) -> Counters:
    return Counters(Tally(**(all or {})), {id: Tally(**tally) for id, tally in (triggers or {}).items()})


def _names(cases: list[dict[str, Any]]) -> list[str]:
    return [case["name"] for case in cases]
