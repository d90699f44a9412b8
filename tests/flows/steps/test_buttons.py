"""What can be pressed, typed or counted at `buttons`, and what a button pressed too late does."""

import pytest

from flows.effects import Misunderstood, Option, Say, WantsAgent

MENU = """
    flows:
      menu:
        steps:
          - buttons: What is it about?
            id: topic
            save_as: topic
            options:
              - Prices
              - {label: {en: Returns, de: Retouren}, value: returns, then: back_office}
              - Something else:
                  - say: Tell me more.
              - Again: stay
          - say: "Topic {{ topic }}"
          - end: true
          - id: back_office
            say: To the back office.
    """


def test_buttons_offer_quick_replies(play):
    bot = play(MENU, start="menu")
    assert bot.effects[-1] == Say(
        "What is it about?",
        "topic",
        "menu",
        (
            Option("Prices", "Prices"),
            Option("Returns", "returns"),
            Option("Something else", "Something else"),
            Option("Again", "Again"),
        ),
        "topic",
    )


def test_a_button_without_a_target_goes_on_behind_the_question(play):
    assert play(MENU, start="menu").press("Prices") == ["Topic Prices"]


def test_a_button_may_lead_to_a_step(play):
    bot = play(MENU, start="menu")
    assert bot.press("Returns") == ["To the back office."]
    assert bot.slots["topic"] == "returns"


def test_the_steps_of_a_button_go_on_behind_the_question(play):
    assert play(MENU, start="menu").press("Something else") == ["Tell me more.", "Topic Something else"]


def test_a_button_may_stay_at_the_question(play):
    bot = play(MENU, start="menu")
    assert bot.press("Again") == ["What is it about?"]
    assert bot.at == "menu.topic"


def test_labels_can_be_typed_in_any_language_and_counted(play):
    for words in ("returns", " Returns. ", "RETURNS", "retouren", "2", "2."):
        assert play(MENU, start="menu").write(words) == ["To the back office."], words
    assert play(MENU, start="menu", language="de").buttons == ["Prices", "Retouren", "Something else", "Again"]


def test_other_words_are_asked_again_then_given_up(play):
    bot = play(MENU, start="menu")
    assert bot.write("hm") == ["Choose one of the answers below, or type its number. What is it about?"]
    assert bot.buttons == ["Prices", "Returns", "Something else", "Again"]
    assert bot.write("5")
    assert bot.write("0") == []
    assert bot.effects_of(WantsAgent)[0].reason == "give_up"


ROOMS = """
    flows:
      rooms:
        steps:
          - {buttons: How many?, options: [1 room, 3 rooms, 2 rooms], save_as: rooms}
          - {buttons: And then?, options: [Hilfe, Prices and plans, Delivery], save_as: topic}
          - say: Good
"""


def test_a_number_is_the_one_in_a_label_before_it_counts_the_buttons(play):
    bot = play(ROOMS, start="rooms")
    assert bot.write("4") == ["That is not one of the answers. Which one is it? How many?"]
    bot.write("2")
    assert bot.slots["rooms"] == "2 rooms"


def test_the_clear_beginning_of_a_label_can_be_typed_but_a_greeting_is_none(play):
    bot = play(ROOMS, start="rooms")
    bot.write("1")
    assert bot.write("hi") == ["Choose one of the answers below, or type its number. And then?"]
    assert bot.write("price") == ["Good"]
    assert bot.slots == {"rooms": "1 room", "topic": "Prices and plans"}


@pytest.mark.parametrize(
    "question",
    [
        "buttons: Sure?, options: ['Yes', 'No', Maybe], save_as: sure",
        "collect: sure, ask: Sure?, choices: ['Yes', 'No', Maybe]",
    ],
)
@pytest.mark.parametrize(
    ("text", "stored"),
    [("yes please", "Yes"), ("yeah", "Yes"), ("sure", "Yes"), ("ok", "Yes"), ("ja", "Yes"), ("no, thanks", "No")],
)
def test_options_that_read_as_yes_and_no_are_chosen_by_any_yes_or_no(play, question, text, stored):
    bot = play(f"flows: {{a: {{steps: [{{{question}}}, {{say: Done}}]}}}}", start="a")
    assert bot.write("no idea") != ["Done"]
    assert bot.write(text) == ["Done"]
    assert bot.slots == {"sure": stored}


def test_a_yes_chooses_nothing_where_no_option_is_a_no(play):
    text = "flows: {a: {steps: [{buttons: Which?, options: [Right shoe, Left shoe], save_as: shoe}, {say: Done}]}}"
    assert play(text, start="a").write("yes") != ["Done"]


def test_otherwise_takes_what_is_no_label(play):
    text = MENU.replace("save_as: topic", "save_as: topic\n            otherwise: back_office")
    bot = play(text, start="menu")
    assert bot.write("hm") == ["To the back office."]
    assert bot.effects_of(Misunderstood) == [Misunderstood("topic", "hm", 1)]


def test_typing_can_be_switched_off(play):
    bot = play(MENU.replace("save_as: topic", "save_as: topic\n            type_ok: false"), start="menu")
    assert bot.write("Prices") == ["I did not get that. What is it about?"]
    assert bot.write("1") == ["I did not get that. What is it about?"]
    assert bot.press("Prices") == ["Topic Prices"]


def test_a_known_choice_is_asked_again_unless_told_to_skip(play):
    known = MENU.replace("  menu:\n", "  menu:\n        inputs: {topic: text}\n")
    assert play(known, start="menu", topic="Prices").hears == ["What is it about?"]
    skipping = known.replace("save_as: topic", "save_as: topic\n            if_known: skip")
    assert play(skipping, start="menu", topic="Prices").hears == ["Topic Prices"]
    assert play(skipping, start="menu", topic="unheard of").hears == ["Topic unheard of"]
    assert play(skipping, start="menu").hears == ["What is it about?"]


def test_a_known_choice_leads_where_its_button_would(play):
    text = MENU.replace("  menu:\n", "  menu:\n        inputs: {topic: text}\n").replace(
        "save_as: topic", "save_as: topic\n            if_known: skip"
    )
    assert play(text, start="menu", topic="returns").hears == ["To the back office."]
    assert play(text, start="menu", topic="Something else").hears == ["Tell me more.", "Topic Something else"]


def test_buttons_may_depend_on_conditions_as_they_were_when_asked(play):
    text = """
        flows:
          a:
            steps:
              - buttons: How?
                options:
                  - {label: Call me, when: {opening_hours: open}}
                  - Write to me
                  - {label: Never seen, when: {visits: at least 9}}
              - say: Fine.
        """
    bot = play(text, start="a", facts={"opening_hours": "closed"})
    assert bot.buttons == ["Write to me"]
    assert bot.write("Call me")[0].startswith("Choose one")
    bot.facts["opening_hours"] = "open"
    assert bot.write("call me")[0].startswith("Choose one"), "what was not shown cannot be chosen"
    assert bot.write("1") == ["Fine."], "numbers count what was shown"

    shown = play(text, start="a")
    assert shown.buttons == ["Call me", "Write to me"]
    shown.facts["opening_hours"] = "closed"
    assert shown.press("Call me") == ["Fine."], "what was shown can be chosen"


def test_an_exact_label_wins_over_a_phrase_and_a_likeness(play):
    text = """
        flows:
          a:
            steps:
              - buttons: Which language?
                options: [{label: C, then: c}, {label: C++, then: cpp}, {label: Back, then: goes_back}]
              - end: true
              - {id: c, say: It is C}
              - end: true
              - {id: cpp, say: It is C++}
              - end: true
              - {id: goes_back, say: The button}
        """
    assert play(text, start="a").write("c++") == ["It is C++"]
    assert play(text, start="a").write("c") == ["It is C"]
    assert play(text, start="a").write("back") == ["The button"]


def test_a_button_of_an_earlier_step_moves_nothing_and_repeats_the_question(play):
    bot = play(
        "flows: {a: {steps: [{buttons: One?, options: [X, Z]}, {buttons: Two?, options: [X, Y]}, {say: Done}]}}",
        start="a",
    )
    bot.press("Z")
    before = bot.cursor
    assert bot.press_value("a.buttons_1", "X") == ["Two?"]
    assert bot.cursor == before
    assert ("refused", False) in [(entry[0], entry[4]) for entry in bot.last.trace]
    for step, value in (("a.buttons_2", "Z"), ("b.buttons_2", "X"), ("buttons_2", "X"), ("a.buttons_2", 0), ("", None)):
        assert bot.press_value(step, value) == ["Two?"], (step, value)
        assert (bot.cursor, bot.last.handled) == (before, True)
    assert bot.press_value("a.buttons_2", "X") == ["Done"]


def test_a_button_after_the_end_is_taken_by_nobody(play):
    bot = play("flows: {a: {steps: [{buttons: One?, options: [X, Y]}]}}", start="a")
    bot.press("X")
    assert bot.press_value("a.buttons_1", "X") == []
    assert bot.last.handled is False
