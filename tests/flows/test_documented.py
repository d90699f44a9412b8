"""`docs/flows.md` names everything a flow may say, and its example works."""

import re
from pathlib import Path

import pytest

from flows.reading import FLOW, STEPS
from flows.targets import WORDS

PAGE = (Path(__file__).parents[2] / "docs" / "flows.md").read_text(encoding="utf-8")
KEYS = {f"{kind}.{key}": key for kind, step in STEPS.items() for key in step.table.keys}


@pytest.mark.parametrize("word", sorted({*STEPS, *FLOW.keys, *WORDS}))
def test_every_step_key_and_target_is_explained(word):
    assert re.search(rf"`{word}[`, ]", PAGE), word


@pytest.mark.parametrize("name", sorted(KEYS))
def test_every_key_of_every_step_is_explained(name):
    assert f"`{KEYS[name]}" in PAGE


def test_the_example_works(play):
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    bot = play(example, start="advice")
    assert bot.hears == ["Two short questions.", "How large is your team?"]
    bot.press("More than 50")
    bot.write("Ann")
    assert bot.hears == ["Nice to meet you, Ann. Where can we reach you?"]
    bot.write("ann@x.io")
    assert bot.at == "advice.handoff_1"
