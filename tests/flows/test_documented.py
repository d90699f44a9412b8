"""`docs/flows.md` names everything a flow may say, and its example works."""

import re
from pathlib import Path

import pytest

from flows.reading import FLOW, STEPS
from flows.targets import WORDS

PAGE = (Path(__file__).parents[2] / "docs" / "flows.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
KEYS = {f"{kind}.{key}": key for kind, step in STEPS.items() for key in step.table.keys}


@pytest.mark.parametrize("word", sorted({*STEPS, *FLOW.keys, *WORDS}))
def test_every_step_key_and_target_is_explained(word):
    assert re.search(rf"`{word}[`, ]", PAGE), word


@pytest.mark.parametrize("name", sorted(KEYS))
def test_every_key_of_every_step_is_explained(name):
    assert f"`{KEYS[name]}" in PAGE


def test_the_example_works(play):
    bot = play(EXAMPLES[0], start="advice")
    assert bot.hears == ["Two short questions.", "How large is your team?"]
    bot.press("More than 50")
    bot.write("Ann")
    assert bot.hears == ["Nice to meet you, Ann. Where can we reach you?"]
    bot.write("ann@x.io")
    assert bot.at == "advice.handoff_1"


def test_one_message_answers_several_questions_as_the_page_says(play):
    bot = play(EXAMPLES[1], start="booking")
    bot.write("two of us, 3 to 7 January")
    assert bot.slots == {"arrival": "2027-01-03", "departure": "2027-01-07", "guests": 2}
    bot.write("No, I leave on the 8th, departure the 8th of January")
    assert bot.slots["departure"] == "2027-01-08"
    assert bot.press("Skip") == ["2 guests, Jan 3, 2027 to Jan 8, 2027."]


def test_silence_leads_on_as_the_page_says(play):
    bot = play(EXAMPLES[3], start="contact_me")
    assert bot.silent(1) == ["Still there? Your number is enough, we do the rest."]
    assert bot.silent(2) == ["Or shall we write to you?"]
    assert bot.silent(1) == []
    assert bot.at == ""
