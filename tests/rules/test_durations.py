import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.durations import LONGEST_SECONDS, Duration, NotADuration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10s", 10),
        ("5m", 300),
        ("2h", 7_200),
        ("3d", 259_200),
        ("2w", 1_209_600),
        ("2y", 63_072_000),
        ("0s", 0),
        (" 365d ", 31_536_000),
    ],
)
def test_a_number_and_a_unit_is_a_duration(text, seconds):
    assert parse_duration(text) == Duration(seconds)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("2 working hours", 7_200), ("1 working hour", 3_600), ("30 working minutes", 1_800), ("2  working hours", 7_200)],
)
def test_working_time_is_marked_as_such(text, seconds):
    assert parse_duration(text) == Duration(seconds, working=True)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("5", "'5' has no unit — did you mean 5s?"),
        ("5 min", "'5 min' is not how a duration is written — did you mean 5m?"),
        ("5 M", "'5 M' is not how a duration is written — did you mean 5m?"),
        ("1h30m", "'1h30m' is not how a duration is written — did you mean 90m?"),
        ("1.5 hours", "'1.5 hours' is not how a duration is written — did you mean 90m?"),
        ("24 hours", "'24 hours' is not how a duration is written — did you mean 1d?"),
        ("2 years", "'2 years' is not how a duration is written — did you mean 2y?"),
        ("00:00:45", "'00:00:45' is not how a duration is written — did you mean 45s?"),
        ("2 Working Hours", "'2 Working Hours' is not how a duration is written — did you mean 2 working hours?"),
        ("2 working days", "'2 working days' has no fixed length; write it in hours, for example 16 working hours"),
        ("5 working s", "'5 working s' is not a duration; working time is written in minutes or hours"),
        ("99999w", "'99999w' is longer than ten years"),
        (
            "-5s",
            "'-5s' is less than nothing; a duration is a number and a unit: 10s, 5m, 2h, 3d, 2w, 1y or 2 working hours",
        ),
        (
            "soon",
            "'soon' is not a duration; a duration is a number and a unit: 10s, 5m, 2h, 3d, 2w, 1y or 2 working hours",
        ),
        (
            "00:30",
            "'00:30' is not a duration; a duration is a number and a unit: 10s, 5m, 2h, 3d, 2w, 1y or 2 working hours",
        ),
        ("", "the duration is empty; a duration is a number and a unit: 10s, 5m, 2h, 3d, 2w, 1y or 2 working hours"),
    ],
)
def test_another_way_of_writing_is_answered_with_what_to_write(text, sentence):
    with pytest.raises(NotADuration) as refused:
        parse_duration(text)
    assert str(refused.value) == sentence


def test_a_very_long_number_is_refused_and_not_repeated_in_full():
    with pytest.raises(NotADuration) as refused:
        parse_duration("9" * 5_000 + "s")
    assert len(str(refused.value)) < 200


def test_digits_of_other_scripts_are_no_numbers_here():
    with pytest.raises(NotADuration):
        parse_duration("٣s")


@given(st.integers(0, LONGEST_SECONDS))
def test_every_duration_reads_back_from_how_it_is_shown(seconds):
    assert parse_duration(str(Duration(seconds))).seconds == seconds


@given(st.integers(1, LONGEST_SECONDS // 60).map(lambda minutes: minutes * 60))
def test_every_working_duration_reads_back_from_how_it_is_shown(seconds):
    assert parse_duration(str(Duration(seconds, working=True))) == Duration(seconds, working=True)


@given(st.text(max_size=60))
def test_any_text_is_a_duration_or_a_sentence(text):
    try:
        assert parse_duration(text).seconds >= 0
    except NotADuration as refused:
        assert str(refused)
        if refused.write:
            parse_duration(refused.write)
