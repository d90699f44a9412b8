# Every message is shown whole, on the line of the mistake it answers.
# ruff: noqa: E501

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from rules.document import read
from rules.hours import OpeningHours, Window
from rules.written_hours import read_opening_hours

BERLIN = ZoneInfo("Europe/Berlin")
FULL_WEEK = "sat-sun: closed\n"


def reading(text: str) -> tuple[OpeningHours, list[str]]:
    problems = []
    node = read(text, "site.yaml", problems)
    hours = read_opening_hours(node, BERLIN, "opening_hours.default", problems)
    return hours, [f"{problem.code} {problem.level} {problem}" for problem in problems]


def windows(hours: OpeningHours) -> list[str]:
    return [" ".join(str(window) for window in day) for day in hours.week]


# What can be written


def test_ranges_lists_and_closed_days_make_a_week():
    hours, _ = reading("mon-fri: 09:00-18:00\nsat: [10:00-13:00, 14:00-16:00]\nsun: closed\n")
    assert windows(hours) == ["09:00-18:00"] * 5 + ["10:00-13:00 14:00-16:00", ""]


@pytest.mark.parametrize(
    ("text", "week"),
    [
        ("every day: 00:00-24:00", ["00:00-24:00"] * 7),
        ("Every Day: 9:00 – 18:00", ["09:00-18:00"] * 7),
        ("every day: 22:00-02:00", ["22:00-02:00"] * 7),
        ("sat-mon: 10:00-12:00\ntue-fri: closed", ["10:00-12:00", "", "", "", "", "10:00-12:00", "10:00-12:00"]),
        ("mon, wed: 10:00-12:00\ntue, thu-sun: closed", ["10:00-12:00", "", "10:00-12:00", "", "", "", ""]),
        ("monday-sunday: 10:00-12:00", ["10:00-12:00"] * 7),
        (
            "mon-sun: 10:00-12:00\nfri: 14:00-16:00",
            ["10:00-12:00"] * 4 + ["10:00-12:00 14:00-16:00"] + ["10:00-12:00"] * 2,
        ),
        ("mon-sun: [closed]", [""] * 7),
    ],
)
def test_days_may_be_written_in_several_ways(text, week):
    hours, problems = reading(text)
    assert windows(hours) == week
    assert problems == []


def test_holidays_and_dated_exceptions_are_read():
    hours, problems = reading(
        "every day: 09:00-18:00\nholidays: [DE-BY, at, de-augsburg]\nexcept:\n  2026-12-24: 09:00-12:00\n  2026-12-31: closed\n"
    )
    assert hours.holidays == ("DE-BY", "AT", "DE-Augsburg")
    assert hours.exceptions == {date(2026, 12, 24): (Window(540, 720),), date(2026, 12, 31): ()}
    assert problems == []


def test_one_region_of_holidays_needs_no_list():
    assert reading("every day: 09:00-18:00\nholidays: NO\n")[0].holidays == ("NO",)


# What cannot: every message in full


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("mon-fri: 9-18", "K006 error site.yaml:1:10: '9-18' is not how opening times are written — write  mon-fri: 09:00-18:00"),
        ("mon-fri: 9am - 5:30pm", "K006 error site.yaml:1:10: '9am - 5:30pm' is not how opening times are written — write  mon-fri: 09:00-17:30"),
        ("mon-fri: 9.00 bis 18.00 Uhr", "K006 error site.yaml:1:10: '9.00 bis 18.00 Uhr' is not how opening times are written — write  mon-fri: 09:00-18:00"),
        ("mon-fri: 09:00-12:00, 13:00-18:00", "K006 error site.yaml:1:10: '09:00-12:00, 13:00-18:00' is several times; they are written as a list — write  mon-fri: [09:00-12:00, 13:00-18:00]"),
        ("mon-fri: 24/7", "K006 error site.yaml:1:10: '24/7' is no opening time; the whole day is 00:00-24:00 — write  mon-fri: 00:00-24:00"),
        ("mon-fri: no", "K006 error site.yaml:1:10: 'no' is no opening time; a day on which nobody is there is closed — write  mon-fri: closed"),
        ("mon-fri:", "K006 error site.yaml:1:9: there is no time here; a day on which nobody is there is closed — write  mon-fri: closed"),
        ("mon-fri: 09:00", "K006 error site.yaml:1:10: '09:00' is no opening time; write it like 09:00-18:00, or closed"),
        ("mon-fri: 10:00-10:00", "K006 error site.yaml:1:10: '10:00-10:00' opens and closes at the same time; the whole day is 00:00-24:00 — write  mon-fri: 00:00-24:00"),
        ("mon-fri: 24:00-02:00", "K006 error site.yaml:1:10: '24:00-02:00' opens at the end of the day; write it as 00:00 of the next day"),
        ("mon-fri: 09:75-18:00", "K006 error site.yaml:1:10: '09:75' in '09:75-18:00' is no time of the day"),
        ("mon-fri: 09:00-25:00", "K006 error site.yaml:1:10: '25:00' in '09:00-25:00' is no time of the day"),
        ("mon-fri: [09:00-12:00, closed]", "K006 error site.yaml:1:24: 'closed' stands alone, not in a list of times"),
        ("mon-fri: []", "K006 error site.yaml:1:10: mon-fri has no time in its list — write  mon-fri: closed"),
        ("mon-fri: {from: 09:00}", "K006 error site.yaml:1:10: mon-fri needs a time such as 09:00-18:00, a list of them, or closed — write  mon-fri: 09:00-18:00"),
        ("mon-fri: [[09:00-18:00]]", "K006 error site.yaml:1:11: mon-fri needs a time such as 09:00-18:00, a list of them, or closed — write  mon-fri: 09:00-18:00"),
    ],
)  # fmt: skip
def test_another_way_of_writing_a_time_is_answered_with_ours(line, problem):
    assert reading(f"{line}\n{FULL_WEEK}")[1] == [problem]


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("weekdays", "K001 error site.yaml:1:1: 'weekdays' is no day of the week — did you mean 'mon-fri'?"),
        ("weekend", "K001 error site.yaml:1:1: 'weekend' is no day of the week — did you mean 'sat-sun'?"),
        ("daily", "K001 error site.yaml:1:1: 'daily' is no day of the week — did you mean 'every day'?"),
        ("mon-frei", "K001 error site.yaml:1:1: 'mon-frei' is no day of the week — did you mean 'mon-fri'?"),
        ("exept", "K001 error site.yaml:1:1: 'exept' is no day of the week — did you mean 'except'?"),
        ("2026-12-24", "K001 error site.yaml:1:1: '2026-12-24' is no day of the week; a single date belongs under 'except' — write  except: {2026-12-24: closed}"),
        ("x", "K001 error site.yaml:1:1: 'x' is no day of the week; days are mon, tue, wed, thu, fri, sat, sun or every day"),
    ],
)  # fmt: skip
def test_an_unknown_day_is_answered_with_the_one_that_was_meant(key, problem):
    assert reading(f"{key}: 09:00-18:00\nmon-sun: closed\n")[1] == [problem]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("mon-fri: 09:00-18:00\nfri: 17:00-20:00", "S002 error site.yaml:2:6: mon-fri 09:00-18:00 and fri 17:00-20:00 overlap"),
        ("mon-fri: [09:00-14:00, 13:00-18:00]", "S002 error site.yaml:1:24: mon-fri 09:00-14:00 and mon-fri 13:00-18:00 overlap"),
        ("mon-thu: closed\nfri: [22:00-02:00]\nsat: 01:00-05:00\nsun: closed", "S002 error site.yaml:3:6: fri 22:00-02:00 and sat 01:00-05:00 overlap"),
        ("mon: 01:00-05:00\nsun: 22:00-02:00\ntue-sat: closed", "S002 error site.yaml:2:6: mon 01:00-05:00 and sun 22:00-02:00 overlap"),
        ("every day: 10:00-18:00\nsun: closed", "S002 error site.yaml:2:1: sun: open by 'every day' (line 1) and closed by 'sun' — write  mon-sat: 10:00-18:00"),
        ("wed, sun: closed\nmon-sat: [09:00-12:00, 12:00-18:00]", "S002 error site.yaml:1:1: wed: open by 'mon-sat' (line 2) and closed by 'wed, sun' — write  mon-tue, thu-sat: [09:00-12:00, 12:00-18:00]"),
        ("every day: 09:00-12:00\nexcept: {2026-12-24: [09:00-12:00, 11:00-13:00]}", "S002 error site.yaml:2:36: 2026-12-24 09:00-12:00 and 2026-12-24 11:00-13:00 overlap"),
    ],
)  # fmt: skip
def test_hours_that_overlap_or_contradict_are_told(text, problem):
    if "sun" not in text and "every day" not in text:
        text += f"\n{FULL_WEEK}"
    assert reading(text)[1] == [problem]


def test_windows_that_only_meet_do_not_overlap():
    assert reading("every day: [22:00-02:00, 02:00-22:00]")[1] == []
    assert reading("mon-fri: 00:00-24:00\nsat-sun: 00:00-24:00")[1] == []


def test_a_gap_between_two_open_times_is_asked_about_quietly():
    assert reading("mon-fri: [09:00-12:00, 13:00-18:00]\nsat-sun: closed")[1] == [
        "S001 info site.yaml:1:24: opening_hours.default: mon-fri 12:00-13:00 is closed between two open times; intended?"
    ]


def test_a_day_that_is_called_by_no_name_is_not_told_to_be_missing_too():
    _, problems = reading("weekdays: 09:00-17:00\nsat-sun: closed")
    assert [problem.split()[0] for problem in problems] == ["K001"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("mon-sat: 09:00-18:00", "S001 warning site.yaml:1:1: opening_hours.default: sun is missing, treated as closed — write  sun: closed"),
        ("tue-fri: 09:00-18:00", "S001 warning site.yaml:1:1: opening_hours.default: mon, sat and sun are missing, treated as closed — write  mon, sat-sun: closed"),
    ],
)  # fmt: skip
def test_a_day_nobody_spoke_of_is_closed_and_told(text, problem):
    hours, problems = reading(text)
    assert problems == [problem]
    assert hours.week[6] == ()


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("holidays: [DE-XX]", "K006 error site.yaml:2:12: no public holidays are known for the part 'XX' of DE; its parts are BB, BE, BW, BY, HB, HE, HH, MV, NI, NW, RP, SH, SL, SN, ST, TH, Augsburg"),
        ("holidays: Germany", "K006 error site.yaml:2:11: no public holidays are known for 'Germany' — did you mean 'DE'?"),
        ("holidays: [ZZ]", "K006 error site.yaml:2:12: no public holidays are known for 'ZZ'"),
        ("holidays: true", "K006 error site.yaml:2:11: 'holidays' needs the country or its part whose public holidays are closed days — write  holidays: [DE-BY]"),
        ("holidays: [2026-12-24]", "K006 error site.yaml:2:12: '2026-12-24' is a date; single dates belong under 'except' — write  except: {2026-12-24: closed}"),
        ("except: {24.12.2026: closed}", "K006 error site.yaml:2:10: '24.12.2026' is no date — did you mean 2026-12-24?"),
        ("except: {12-24: closed}", "K006 error site.yaml:2:10: '12-24' is no date without its year; a date is written 2026-12-24"),
        ("except: {2026-02-30: closed}", "K006 error site.yaml:2:10: there is no day 2026-02-30 in the calendar"),
        ("except: {2026-12-24: 9-12}", "K006 error site.yaml:2:22: '9-12' is not how opening times are written — write  2026-12-24: 09:00-12:00"),
        ("except: closed", "K006 error site.yaml:2:9: 'except' needs dates with their times — write  except: {2026-12-24: 09:00-12:00}"),
    ],
)  # fmt: skip
def test_holidays_and_exceptions_that_cannot_be_read_are_told(line, problem):
    assert reading(f"every day: 09:00-18:00\n{line}\n")[1] == [problem]


def test_hours_that_are_no_map_are_told():
    problems = []
    section = read("default: 09:00-18:00\n", "site.yaml", problems)
    hours = read_opening_hours(section.get("default"), BERLIN, "opening_hours.default", problems)
    assert [str(problem) for problem in problems] == [
        "site.yaml:1:10: opening_hours.default needs days with their times — write  mon-fri: 09:00-18:00"
    ]
    assert hours == OpeningHours(BERLIN)


def test_everything_wrong_is_told_at_once():
    problems = reading("mon-fri: 9-18\nweekend: closed\nholidays: XX\nexcept: {soon: closed}\n")[1]
    assert [problem.split()[0] for problem in problems] == ["K006", "K001", "K006", "K006"]
