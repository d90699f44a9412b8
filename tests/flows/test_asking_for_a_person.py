"""A person is asked for at any moment, in many words; what a button says is that button."""

import pytest

from flows.effects import FlowLeft, WantsAgent
from flows.runner import Event
from tests.flows.passing import LEAD


def test_a_person_can_be_asked_for_at_every_question(play):
    bot = play(LEAD, start="lead")
    before = bot.cursor
    assert bot.write("A person, please!") == []
    assert bot.effects == (WantsAgent(reason="phrase", step="collect_name", flow="lead"),)
    assert bot.cursor == before, "the flow waits where it was"


@pytest.mark.parametrize(
    "wish", ["I want to speak to a human", "agent please", "Kann ich mit einem Menschen sprechen?"]
)
def test_a_wish_for_a_person_is_no_answer_to_a_question_for_a_name(play, wish):
    bot = play(LEAD, start="lead")
    assert bot.write(wish) == []
    assert bot.effects_of(WantsAgent) and "name" not in bot.slots
    bot.happens(Event("agent_joined"))
    bot.happens(Event("agent_left", data={"how": "returned"}))
    assert bot.write("Ann Human") == ["Mail?"], "who only has the word in a name is no such wish"


def test_a_return_repeats_the_open_question(play):
    bot = play(LEAD, start="lead")
    bot.write("human")
    bot.happens(Event("agent_joined"))
    assert bot.hears == []
    assert bot.happens(Event("agent_left", data={"how": "returned"})) == ["Name?"]
    assert bot.write("Ann") == ["Mail?"]


def test_a_conversation_an_agent_closed_is_dropped(play):
    bot = play(LEAD, start="lead")
    bot.start("other")
    bot.happens(Event("agent_left", data={"how": "closed"}))
    assert bot.hears == []
    assert (bot.at, bot.cursor.parked, bot.cursor.stack) == ("", (), ())
    assert bot.effects_of(FlowLeft) == [FlowLeft("other", "ended"), FlowLeft("lead", "ended")]


def test_a_person_can_be_asked_for_when_no_flow_runs(play):
    bot = play(LEAD)
    bot.write("human")
    assert bot.effects == (WantsAgent(reason="phrase"),)
    assert bot.last.handled


def test_phrases_are_whole_messages(play):
    bot = play(LEAD, start="lead")
    bot.write("I am human")
    assert bot.effects_of(WantsAgent) == []


def test_a_person_wins_over_a_button_of_that_name_where_one_may_be_asked_for(play):
    text = "flows: {a: {steps: [{buttons: Are you?, options: [Human, Robot]}, {say: I see}]}}"
    bot = play(text, start="a")
    bot.write("human")
    assert bot.effects_of(WantsAgent)
    firm = play(text.replace("options:", "interruptible: false, options:"), start="a")
    assert firm.write("human") == ["I see"]


@pytest.mark.parametrize("words", ["a person", "An agent!", "ein Mensch"])
@pytest.mark.parametrize(
    "step",
    [
        *("collect: name", "collect: wish, ask: Wish?", "collect: email", "form: [{collect: name}]"),
        "buttons: What is it?, options: [Prices, Talk to a person]",
        "buttons: What is it?, type_ok: false, options: [A person, An agent, Ein Mensch]",
    ],
)
def test_an_article_and_a_word_for_a_person_ask_for_one(play, words, step):
    bot = play(f"flows: {{a: {{steps: [{{{step}}}, {{say: Done}}]}}}}", start="a")
    assert bot.write(words) == []
    assert bot.effects_of(WantsAgent)
    idle = play(f"flows: {{a: {{steps: [{{{step}}}, {{say: Done}}]}}}}")
    idle.write(words)
    assert idle.effects_of(WantsAgent)


@pytest.mark.parametrize(
    "step",
    [
        "buttons: Who is it?, save_as: who, options: [A person, A dog]",
        "collect: who, ask: Who is it?, choices: [A person, A dog]",
        "form: [{collect: who, ask: Who is it?, choices: [A person, A dog]}]",
    ],
)
def test_they_are_the_button_that_says_just_that(play, step):
    bot = play(f"flows: {{a: {{steps: [{{{step}}}, {{say: Done}}]}}}}", start="a")
    assert bot.write("a person") == ["Done"]
    assert bot.slots == {"who": "A person"}
    other = play(f"flows: {{a: {{steps: [{{{step}}}, {{say: Done}}]}}}}", start="a")
    other.write("a person, please")
    assert other.effects_of(WantsAgent)


@pytest.mark.parametrize(
    ("words", "options", "kept"),
    [
        ("Eine Person", "[Eine Person (29 €), Zwei Personen (49 €)]", "Eine Person (29 €)"),
        ("a person", "[A person in need, A company]", "A person in need"),
        ("a person", "[Personal account, Other]", None),
    ],
)
def test_they_are_the_button_that_begins_with_just_those_words(play, words, options, kept):
    bot = play(f"flows: {{a: {{steps: [{{buttons: Who?, save_as: who, options: {options}}}]}}}}", start="a")
    bot.write(words)
    assert (bot.slots.get("who"), bool(bot.effects_of(WantsAgent))) == (kept, kept is None)


def test_one_person_who_is_counted_is_not_asked_for(play):
    bot = play("flows: {a: {steps: [{collect: guests, type: number, ask: How many?}]}}", start="a", language="de")
    bot.write("eine Person")
    assert not bot.effects_of(WantsAgent)


def test_in_a_step_that_is_not_interruptible_phrases_are_answers(play):
    bot = play(
        """
        flows:
          a:
            steps:
              - {collect: wish, ask: Sign here, interruptible: false}
              - {collect: other, ask: And?, if_known: ask}
        """,
        start="a",
    )
    assert bot.write("human") == ["And?"]
    assert bot.slots == {"wish": "human"}
    bot.write("human")
    assert bot.effects_of(WantsAgent)


def test_a_whole_flow_may_be_uninterruptible_but_for_some_steps(play):
    text = """
        flows:
          a:
            interruptible: false
            steps:
              - {collect: one, ask: One?}
              - {collect: two, ask: Two?, interruptible: true}
        """
    bot = play(text, start="a")
    assert bot.write("back") == ["Two?"]
    assert bot.write("back") == ["One?"]
