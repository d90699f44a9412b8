"""How the trace of a turn reads in `parlour explain`."""

import json

from flows.telling import told


def test_each_step_and_guard_is_a_line_with_its_place(play):
    bot = play(
        """
        flows:
          a:
            steps:
              - say: Hi
              - collect: email
              - say: Bye
        """,
        start="a",
    )
    assert [str(told(entry)).split() for entry in bot.last.trace] == [
        ["a", "flow", "is", "started"],
        ["flows/test.yaml:5", "a.say_1", "say"],
        ["flows/test.yaml:6", "a.collect_email", "no", "email", "is", "known"],
        ["flows/test.yaml:6", "a.collect_email", "asks", "for", "email"],
    ]
    bot.write("a@b.io")
    assert [str(told(entry)).split() for entry in bot.last.trace] == [
        ["flows/test.yaml:6", "a.collect_email", "the", "visitor", "answers"],
        ["flows/test.yaml:6", "a.collect_email", "yes", "answered"],
        ["flows/test.yaml:7", "a.say_2", "say"],
    ]


def test_it_reads_the_same_after_a_stay_in_the_record(play):
    bot = play("flows: {a: {steps: [{say: Hi, when: {landing_page: /x}}, {buttons: Q?, options: [A, B]}]}}", start="a")
    lines = [str(told(entry)) for entry in bot.last.trace]
    assert [str(told(entry)) for entry in json.loads(json.dumps(bot.last.trace))] == lines
    assert any("unknown" in line and "landing page is /x" in line for line in lines)


def test_phrases_and_refusals_are_told(play):
    bot = play("flows: {a: {steps: [{buttons: Q?, options: [A, B]}]}}", start="a")
    bot.write("human")
    assert "the phrase 'human'" in told(bot.last.trace[-1]).words
    bot.press_value("a.other", "A")
    assert "refused: a button that is not open" in told(bot.last.trace[-1]).words
