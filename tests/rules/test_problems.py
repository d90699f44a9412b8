"""What a problem looks like to a marketer, and which word is suggested."""

import pytest

from rules.problems import Place, Problem, as_json, did_you_mean, in_reading_order, shown, suggestion, warning

SOURCE = "flows:\n  welcome:\n    goto: finsh\n  - say: {{ name }} thanks\n"


def test_one_line_names_file_line_column_sentence_and_what_to_write() -> None:
    problem = Problem(
        "Y001",
        "error",
        Place("flows/welcome.yaml", 4, 3),
        "a text that starts with {{ must be in quotes",
        '- say: "{{ name }} thanks"',
        "otherwise YAML reads it as a map",
    )
    assert str(problem) == (
        'flows/welcome.yaml:4:3: a text that starts with {{ must be in quotes — write  - say: "{{ name }} thanks"'
    )


def test_the_full_form_shows_the_lines_the_sentence_and_what_to_write() -> None:
    problem = Problem(
        "Y001",
        "error",
        Place("flows/welcome.yaml", 4, 3),
        "a text that starts with {{ must be in quotes",
        '- say: "{{ name }} thanks"',
        "otherwise YAML reads it as a map",
    )
    assert shown(problem, SOURCE) == (
        "  error Y001  flows/welcome.yaml:4:3\n"
        "     3 |     goto: finsh\n"
        "     4 |   - say: {{ name }} thanks\n"
        "       |   ^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "  A text that starts with {{ must be in quotes, otherwise YAML reads it as a map.\n"
        '  Write:   - say: "{{ name }} thanks"'
    )


def test_a_word_that_is_wrong_is_underlined_alone() -> None:
    problem = Problem("K005", "error", Place("flows/welcome.yaml", 3, 5), "'goto' — did you mean 'call'?")
    assert shown(problem, SOURCE) == (
        "  error K005  flows/welcome.yaml:3:5\n"
        "     2 |   welcome:\n"
        "     3 |     goto: finsh\n"
        "       |     ^^^^\n"
        "  'goto' — did you mean 'call'?"
    )


def test_a_place_outside_of_the_file_shows_no_lines() -> None:
    problem = Problem("Y009", "error", Place("site.yaml", 9, 1), "this file is empty")
    assert shown(problem, "") == "  error Y009  site.yaml:9:1\n  This file is empty."


def test_control_characters_of_a_file_do_not_reach_the_terminal() -> None:
    problem = Problem("Y008", "error", Place("site.yaml", 1, 1), "a control character stands here")
    assert "\x1b" not in shown(problem, "a: \x1b[2J\n")


def test_the_json_form_has_everything() -> None:
    assert as_json(Problem("K001", "error", Place("site.yaml", 2, 3), "what", "write", "why")) == {
        "code": "K001",
        "level": "error",
        "file": "site.yaml",
        "line": 2,
        "column": 3,
        "message": "what",
        "why": "why",
        "write": "write",
    }


def test_problems_are_told_in_reading_order_and_once() -> None:
    late, early = (Problem("K001", "error", Place("a.yaml", line, 1), "x") for line in (10, 9))
    assert in_reading_order([late, early, late]) == [early, late]


@pytest.mark.parametrize(
    ("word", "candidates", "meant"),
    [
        ("colect", ["say", "collect", "buttons"], "collect"),
        ("retrys", ["ask", "retries", "type"], "retries"),
        ("emial", ["email", "phone", "name"], "email"),
        ("Say", ["say"], "say"),
        ("give-up", ["give_up"], "give_up"),
        ("message", ["say", "ask"], "say"),
        ("utter", ["say", "ask"], "say"),
        ("question", ["collect", "buttons"], "collect"),
        ("conditions", ["when", "unless"], "when"),
        ("escalate", ["handoff", "end"], "handoff"),
        ("next", ["goto", "end"], "goto"),
        ("quick_replies", ["buttons", "branch"], "buttons"),
        ("Redd", ["Blue", "Red"], "Red"),
        ("GREN", ["Green Tea", "Green"], "Green"),
        ("Europe/Berln", ["Europe/Berlin", "Asia/Tokyo"], "Europe/Berlin"),
        ("message", ["ask", "retries"], None),
        ("zebra", ["say", "collect"], None),
        ("", ["say"], None),
    ],
)
def test_the_word_that_was_meant_is_suggested_if_it_is_valid_here(
    word: str, candidates: list[str], meant: str | None
) -> None:
    assert did_you_mean(word, candidates) == meant
    assert suggestion(word, candidates) == (f" — did you mean '{meant}'?" if meant else "")


def test_a_sentence_that_begins_with_a_name_keeps_it_as_it_is_written() -> None:
    place = Place("site.yaml", 1, 1)
    named = warning("S001", place, "opening_hours.default: sun is missing")
    assert shown(named).splitlines()[-1] == "  opening_hours.default: sun is missing."
    assert shown(warning("S001", place, "sun is missing")).splitlines()[-1] == "  Sun is missing."
