"""What happens at a question that nobody answers."""

import pytest

from flows.effects import Option, Say, SetTimer
from flows.runner import Event
from rules.durations import Duration

SILENT = """
    flows:
      a:
        on_silence: {after: 1h, then: end}
        steps:
          - buttons: Which?
            options: [Red, Blue]
            if_silent:
              - {after: 2m, say: Still there?}
              - {after: 20m, say: Well., then: [{say: I wait.}, {goto: bye}]}
          - collect: email
          - collect: pet
            ask: Pet?
            if_silent: []
          - id: bye
            say: Bye
    """


def test_silence_is_counted_from_the_question_in_steps(play):
    bot = play(SILENT, start="a")
    epoch = bot.cursor.epoch
    assert bot.effects_of(SetTimer) == [
        SetTimer("a.buttons_1", epoch, Duration(120), 1),
        SetTimer("a.buttons_1", epoch, Duration(1200), 2),
    ]
    assert bot.silent(1) == ["Still there?"]
    assert bot.buttons == ["Red", "Blue"]
    assert bot.cursor.epoch == epoch
    assert bot.silent(2) == ["Well.", "I wait.", "Bye"]
    assert bot.at == ""


def test_who_writes_anything_begins_the_silence_anew(play):
    bot = play(SILENT, start="a")
    before = bot.cursor.epoch
    bot.write("green")
    assert bot.cursor.epoch > before
    assert [timer.n for timer in bot.effects_of(SetTimer)] == [1, 2]
    late = Event("timer", data={"n": 1}, epoch=before)
    assert bot.happens(late) == []
    assert bot.last is not None and not bot.last.handled


def test_what_comes_too_late_says_nothing_but_leads_on(play):
    bot = play(SILENT, start="a")
    assert bot.silent(1, late=3_601) == []
    assert bot.last is not None and bot.last.handled
    assert bot.silent(1, late=3_600) == ["Still there?"]
    assert bot.silent(2, late=90_000) == ["I wait.", "Bye"]


def test_a_flow_says_what_happens_at_its_questions_and_a_question_may_say_otherwise(play):
    bot = play(SILENT, start="a")
    bot.press("Red")
    assert bot.effects_of(SetTimer) == [SetTimer("a.collect_email", bot.cursor.epoch, Duration(3600), 1)]
    bot.write("a@b.io")
    assert bot.effects_of(SetTimer) == []
    bot.write("back")
    assert bot.silent(1) == []
    assert bot.at == ""


def test_a_timer_of_another_level_or_of_nothing_moves_nothing(play):
    bot = play(SILENT, start="a")
    before = bot.cursor
    bot.silent(7)
    assert (bot.cursor, bot.effects) == (before, ())
    bot.write("red")
    bot.write("a@b.io")
    bot.silent(1)
    assert bot.last is not None and not bot.last.handled


@pytest.mark.parametrize("then", ["stay", "back", "restart", "cancel", "handoff sales", "call other", "start other"])
def test_silence_may_lead_anywhere(play, then):
    text = f"""
        flows:
          a:
            steps:
              - {{collect: pet, ask: Pet?}}
              - {{collect: email, if_silent: {{after: 2m, then: {then}}}}}
          other: {{steps: [{{collect: wish}}]}}
        """
    bot = play(text, start="a")
    bot.write("Cat")
    bot.silent(1)
    places = {"stay": "a.collect_email", "back": "a.collect_pet", "restart": "a.collect_pet"}
    assert bot.at == (places.get(then) or ("other.collect_wish" if "other" in then else ""))


@pytest.mark.parametrize(
    ("where", "then"),
    [
        ("if_silent", "stay"),
        ("if_silent", "colour"),
        ("if_silent", "[{say: Well.}, {goto: colour}]"),
        ("if_silent", "restart"),
        ("if_silent", "start b"),
        ("on_silence", "colour"),
        ("on_silence", "restart"),
    ],
)
def test_silence_that_leads_back_comes_once_until_somebody_writes(play, where, then):
    level = f"{where}: {{after: 10m, say: Still there?, then: {then}}}"
    text = f"""
        flows:
          a:
            {level if where == "on_silence" else ""}
            steps:
              - id: colour
                collect: colour
                ask: Colour?
                {level if where == "if_silent" else ""}
              - say: Done
          b: {{steps: [{{start: a}}]}}
        """
    bot = play(text, start="a")
    assert bot.silent(1)[0] == "Still there?"
    assert bot.hears[-1] == "Colour?"
    assert bot.effects_of(SetTimer) == []
    assert bot.happens(Event("repeat")) == ["Colour?"]
    assert [timer.n for timer in bot.effects_of(SetTimer)] == [1]
    bot.silent(1)
    bot.write("what can I do")
    assert [timer.n for timer in bot.effects_of(SetTimer)] == [1]


def test_later_times_of_silence_still_come_after_one_that_leads_back(play):
    text = """
        flows:
          a:
            steps:
              - collect: colour
                ask: Colour?
                if_silent:
                  - {after: 10m, say: Still there?, then: stay}
                  - {after: 20m, say: Bye., then: end}
        """
    bot = play(text, start="a")
    assert bot.silent(1) == ["Still there?", "Colour?"]
    assert [timer.n for timer in bot.effects_of(SetTimer)] == [2]
    assert bot.silent(2) == ["Bye."]
    assert bot.at == ""


def test_a_question_is_reminded_of_with_its_buttons(play):
    bot = play(SILENT, start="a")
    bot.silent(1)
    assert bot.effects_of(Say) == [
        Say("Still there?", "buttons_1", "a", (Option("Red", "Red"), Option("Blue", "Blue")))
    ]


def test_a_form_is_reminded_of_with_its_card(play):
    text = """
        flows:
          a:
            steps:
              - form:
                  - {collect: name}
                  - {collect: kind, choices: [Gift, Own]}
                if_silent: {after: 10m, say: Still there?}
        """
    bot = play(text, start="a")
    asked = bot.card
    bot.silent(1)
    (reminder,) = bot.effects_of(Say)
    assert (reminder.text, reminder.asks, reminder.form) == ("Still there?", "name", asked)
