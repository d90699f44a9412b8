"""The composers of widget and panel know as the server does what nobody can read."""

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from rules.readable import LONGEST_MESSAGE

CASES = json.loads((Path(__file__).parents[1] / "readable.cases.json").read_text())
SCRIPT = """async (texts) => {
  const { MOST, NOTHING } = await import("/static/shared/readable.js");
  return [MOST, texts.map((text) => NOTHING.test(text))];
}"""


def test_the_same_messages_are_refused_before_they_are_sent(empty_page: Page) -> None:
    told: Any = empty_page.evaluate(SCRIPT, CASES["read"] + CASES["nothing"])
    assert told == [LONGEST_MESSAGE, [False] * len(CASES["read"]) + [True] * len(CASES["nothing"])]
