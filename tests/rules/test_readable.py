"""What people can read of a text: the same cases that the composers of widget and panel keep to."""

import json
from pathlib import Path

import pytest

from rules.readable import has_something_to_read, readable

CASES = json.loads((Path(__file__).parents[1] / "readable.cases.json").read_text())


@pytest.mark.parametrize("text", CASES["read"])
def test_what_people_see_can_be_read(text: str) -> None:
    assert has_something_to_read(text) and readable(text)


@pytest.mark.parametrize("text", CASES["nothing"])
def test_what_nobody_sees_is_nothing_to_read(text: str) -> None:
    assert not has_something_to_read(text) and readable(text) == ""


def test_a_picture_newer_than_this_python_can_be_read() -> None:
    assert readable("\U0001faff") == "\U0001faff"


def test_lines_stay_and_what_controls_a_terminal_goes() -> None:
    assert readable(" one\n\ttwo\x1b[31m\x07\ud800 ") == "one\n\ttwo[31m"
