from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rules.hours import MINUTES_A_DAY, OpeningHours, Window

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
HAVANA = ZoneInfo("America/Havana")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
ZONES = (BERLIN, NEW_YORK, HAVANA, LORD_HOWE, ZoneInfo("Asia/Kathmandu"), ZoneInfo("Africa/Cairo"))

SPRING_BERLIN, AUTUMN_BERLIN = date(2026, 3, 29), date(2026, 10, 25)
SPRING_NEW_YORK, AUTUMN_NEW_YORK = date(2026, 3, 8), date(2026, 11, 1)
CHANGES = (SPRING_BERLIN, AUTUMN_BERLIN, SPRING_NEW_YORK, AUTUMN_NEW_YORK, date(2026, 4, 5), date(2026, 10, 4))


def window(text: str) -> Window:
    opens, closes = (int(part[:2]) * 60 + int(part[3:]) for part in text.split("-"))
    return Window(opens, closes if closes > opens else closes + MINUTES_A_DAY)


def day(*texts: str) -> tuple[Window, ...]:
    return tuple(window(text) for text in texts)


def every_day(*texts: str, zone: ZoneInfo = BERLIN) -> OpeningHours:
    return OpeningHours(zone, week=(day(*texts),) * 7)


def at(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    """A local time; where the clock shows it twice, * marks the second."""
    return datetime.fromisoformat(text.rstrip("*")).replace(tzinfo=zone, fold=int(text.endswith("*"))).astimezone(UTC)


def open_seconds(hours: OpeningHours, since: datetime, until: datetime) -> float:
    """Measures from one change to the next how long it is open between the two moments."""
    moment, end, total = since.astimezone(UTC), until.astimezone(UTC), 0.0
    while moment < end:
        change = min(hours.next_change(moment) or end, end)
        total += (change - moment).total_seconds() if hours.is_open(moment) else 0
        moment = change
    return total


SHOP = OpeningHours(
    BERLIN,
    week=(*(day("09:00-18:00"),) * 5, day("10:00-13:00", "14:00-16:00"), ()),
    exceptions={date(2026, 12, 24): day("09:00-12:00"), date(2026, 12, 31): ()},
    holidays=("DE-BY",),
)


# An ordinary week


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-23 08:59:59", False),
        ("2026-11-23 09:00", True),
        ("2026-11-23 17:59:59", True),
        ("2026-11-23 18:00", False),
        ("2026-11-28 12:59", True),
        ("2026-11-28 13:30", False),
        ("2026-11-28 14:00", True),
        ("2026-11-29 12:00", False),
    ],
)
def test_it_is_open_from_the_first_minute_of_a_window_to_just_before_its_end(moment, is_open):
    assert SHOP.is_open(at(moment)) is is_open


def test_a_moment_is_the_same_in_every_zone():
    for zone in (UTC, BERLIN, NEW_YORK):
        assert SHOP.is_open(at("2026-11-23 09:00").astimezone(zone))
        assert not SHOP.is_open(at("2026-11-23 08:59").astimezone(zone))


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="zone"):
        SHOP.is_open(datetime(2026, 11, 23, 9))


def test_on_friday_evening_the_next_opening_is_saturday_morning():
    assert SHOP.next_opening(at("2026-11-27 19:00")) == at("2026-11-28 10:00")


def test_while_open_the_next_opening_is_the_one_after():
    assert SHOP.next_opening(at("2026-11-28 10:00")) == at("2026-11-28 14:00")


def test_the_next_change_is_a_closing_while_open_and_an_opening_while_closed():
    assert SHOP.next_change(at("2026-11-28 10:00")) == at("2026-11-28 13:00")
    assert SHOP.next_change(at("2026-11-28 13:00")) == at("2026-11-28 14:00")


# Holidays and dated exceptions


def test_a_public_holiday_of_the_region_is_closed():
    epiphany = "2027-01-06 10:00"
    assert not SHOP.is_open(at(epiphany))
    assert OpeningHours(BERLIN, week=SHOP.week, holidays=("DE-BE",)).is_open(at(epiphany))


def test_a_dated_exception_goes_before_the_week():
    assert SHOP.is_open(at("2026-12-24 11:00"))
    assert not SHOP.is_open(at("2026-12-24 12:00"))
    assert not SHOP.is_open(at("2026-12-31 12:00"))


def test_a_dated_exception_goes_before_a_holiday():
    hours = OpeningHours(BERLIN, SHOP.week, {date(2026, 12, 25): day("10:00-12:00")}, ("DE",))
    assert hours.is_open(at("2026-12-25 11:00"))
    assert not hours.is_open(at("2026-12-26 11:00"))


def test_over_christmas_the_next_opening_skips_holidays_and_the_weekend():
    assert SHOP.next_opening(at("2026-12-24 12:00")) == at("2026-12-28 09:00")


def test_the_night_before_a_closed_day_still_ends_in_its_morning():
    hours = OpeningHours(BERLIN, (day("22:00-02:00"),) * 7, {date(2026, 12, 31): ()})
    assert hours.is_open(at("2026-12-31 01:59"))
    assert not hours.is_open(at("2026-12-31 23:00"))
    assert not hours.is_open(at("2027-01-01 01:00"))


def test_hours_with_nothing_but_exceptions_open_on_those_days_only():
    hours = OpeningHours(BERLIN, exceptions={date(2026, 12, 6): day("10:00-18:00")})
    assert hours.next_opening(at("2026-11-22 12:00")) == at("2026-12-06 10:00")
    assert hours.next_opening(at("2026-12-06 10:00")) is None


# Over midnight, always, never


def test_a_window_over_midnight_belongs_to_the_evening_it_begins():
    hours = OpeningHours(BERLIN, ((),) * 4 + (day("22:00-02:00"),) + ((),) * 2)
    assert not hours.is_open(at("2026-11-27 01:00"))
    assert hours.is_open(at("2026-11-27 22:00"))
    assert hours.is_open(at("2026-11-28 01:59"))
    assert not hours.is_open(at("2026-11-28 02:00"))
    assert hours.next_change(at("2026-11-27 23:00")) == at("2026-11-28 02:00")


def test_the_night_from_sunday_to_monday_is_one_stretch():
    assert every_day("22:00-02:00").next_change(at("2026-11-29 23:00")) == at("2026-11-30 02:00")


def test_windows_that_meet_are_one_stretch():
    assert every_day("09:00-12:00", "12:00-18:00").next_change(at("2026-11-23 10:00")) == at("2026-11-23 18:00")
    assert every_day("18:00-24:00", "00:00-03:00").next_change(at("2026-11-23 19:00")) == at("2026-11-24 03:00")


def test_around_the_clock_never_changes():
    always = every_day("00:00-24:00")
    assert always.is_open(at("2026-11-23 00:00"))
    assert always.next_change(at("2026-11-23 12:00")) is None
    assert always.next_opening(at("2026-11-23 12:00")) is None


def test_around_the_clock_but_for_a_day():
    hours = OpeningHours(BERLIN, (day("00:00-24:00"),) * 7, {date(2026, 12, 25): ()})
    assert hours.next_change(at("2026-11-23 12:00")) == at("2026-12-25 00:00")
    assert hours.next_opening(at("2026-11-23 12:00")) == at("2026-12-26 00:00")


def test_hours_without_a_window_never_open():
    never = OpeningHours(BERLIN)
    assert not never.is_open(at("2026-11-23 12:00"))
    assert never.next_opening(at("2026-11-23 12:00")) is None
    assert never.next_change(at("2026-11-23 12:00")) is None
    assert never.add_working(at("2026-11-23 12:00"), 60) is None


# The two nights on which the clock is changed


@pytest.mark.parametrize(
    ("zone", "night", "hours_open"),
    [
        (BERLIN, SPRING_BERLIN, 7),
        (BERLIN, AUTUMN_BERLIN, 9),
        (NEW_YORK, SPRING_NEW_YORK, 7),
        (NEW_YORK, AUTUMN_NEW_YORK, 9),
    ],
)
def test_a_night_shift_is_an_hour_shorter_in_spring_and_longer_in_autumn(zone, night, hours_open):
    hours = every_day("22:00-06:00", zone=zone)
    noon = datetime.combine(night, datetime.min.time(), zone) + timedelta(hours=12)
    assert open_seconds(hours, noon - timedelta(days=1), noon) == hours_open * 3_600
    assert hours.next_change(at(f"{night} 00:00", zone)) == at(f"{night} 06:00", zone)


@pytest.mark.parametrize(
    ("zone", "change", "hours_open"),
    [
        (BERLIN, SPRING_BERLIN, 23),
        (BERLIN, AUTUMN_BERLIN, 25),
        (NEW_YORK, SPRING_NEW_YORK, 23),
        (NEW_YORK, AUTUMN_NEW_YORK, 25),
    ],
)
def test_the_whole_day_is_as_long_as_the_day_is(zone, change, hours_open):
    week = tuple(day("00:00-24:00") if number == 6 else () for number in range(7))
    hours = OpeningHours(zone, week)
    opens = hours.next_opening(at(f"{change - timedelta(days=1)} 12:00", zone))
    assert opens == at(f"{change} 00:00", zone)
    assert hours.next_change(opens) == at(f"{change + timedelta(days=1)} 00:00", zone)
    assert hours.next_change(opens) - opens == timedelta(hours=hours_open)


@pytest.mark.parametrize(("zone", "change"), [(BERLIN, SPRING_BERLIN), (NEW_YORK, SPRING_NEW_YORK)])
def test_shop_hours_are_where_they_were_after_the_change(zone, change):
    hours = every_day("09:00-18:00", zone=zone)
    assert hours.next_opening(at(f"{change} 00:30", zone)) == at(f"{change} 09:00", zone)
    assert hours.next_change(at(f"{change} 09:00", zone)) == at(f"{change} 18:00", zone)


def test_what_begins_in_the_hour_that_spring_skips_begins_after_it():
    hours = every_day("02:30-05:00")
    assert hours.next_opening(at(f"{SPRING_BERLIN} 01:00")) == at(f"{SPRING_BERLIN} 03:00")
    assert every_day("02:30-05:00", zone=NEW_YORK).next_opening(at(f"{SPRING_NEW_YORK} 01:00", NEW_YORK)) == at(
        f"{SPRING_NEW_YORK} 03:00", NEW_YORK
    )


def test_what_lies_within_the_hour_that_spring_skips_does_not_happen_that_night():
    hours = every_day("02:15-02:45")
    assert hours.next_opening(at(f"{SPRING_BERLIN} 01:00")) == at("2026-03-30 02:15")


def test_what_ends_in_the_hour_that_spring_skips_ends_before_it():
    assert every_day("22:00-02:30").next_change(at(f"{SPRING_BERLIN} 00:00")) == at(f"{SPRING_BERLIN} 03:00")


def test_what_lies_within_the_hour_that_autumn_repeats_happens_twice():
    hours = every_day("02:15-02:45")
    night = AUTUMN_BERLIN
    assert hours.is_open(at(f"{night} 02:30"))
    assert hours.is_open(at(f"{night} 02:30*"))
    assert hours.next_opening(at(f"{night} 02:30")) == at(f"{night} 02:15*")
    assert open_seconds(hours, at(f"{night} 00:00"), at(f"{night} 12:00")) == 3_600


def test_the_repeated_hour_counts_twice_where_it_is_open():
    hours = every_day("01:00-02:00", zone=NEW_YORK)
    opens = at(f"{AUTUMN_NEW_YORK} 01:00", NEW_YORK)
    assert hours.next_change(opens) - opens == timedelta(hours=2)


def test_a_zone_that_changes_by_half_an_hour_is_right_too():
    hours = every_day("00:00-06:00", zone=LORD_HOWE)
    autumn = date(2026, 4, 5)
    assert open_seconds(hours, at(f"{autumn} 00:00", LORD_HOWE), at(f"{autumn} 12:00", LORD_HOWE)) == 6.5 * 3_600


# Working time


def test_working_time_stands_still_while_it_is_closed():
    assert SHOP.add_working(at("2026-11-27 17:00"), 2 * 3_600) == at("2026-11-28 11:00")
    assert SHOP.add_working(at("2026-11-28 15:30"), 3_600) == at("2026-11-30 09:30")


def test_working_time_that_fills_the_day_is_up_at_closing_time():
    assert SHOP.add_working(at("2026-11-27 17:00"), 3_600) == at("2026-11-27 18:00")


def test_no_working_time_is_up_at_once():
    assert SHOP.add_working(at("2026-11-29 12:00"), 0) == at("2026-11-29 12:00")


# In words


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Mon–Fri 09:00–18:00, Sat 10:00–13:00 and 14:00–16:00"),
        ("de", "Mo–Fr 09:00–18:00, Sa 10:00–13:00 und 14:00–16:00"),
        ("de-AT", "Mo–Fr 09:00–18:00, Sa 10:00–13:00 und 14:00–16:00"),
        ("pl", "pon.–pt. 09:00–18:00, sob. 10:00–13:00 + 14:00–16:00"),
    ],
)
def test_the_summary_groups_days_with_the_same_hours(language, words):
    assert SHOP.summary(language) == words


@pytest.mark.parametrize(
    ("hours", "english", "german"),
    [
        (every_day("09:00-18:00"), "every day 09:00–18:00", "täglich 09:00–18:00"),
        (every_day("00:00-24:00"), "around the clock", "rund um die Uhr"),
        (every_day("22:00-02:00"), "every day 22:00–02:00", "täglich 22:00–02:00"),
        (every_day("20:00-24:00"), "every day 20:00–24:00", "täglich 20:00–24:00"),
        (OpeningHours(BERLIN), "closed", "geschlossen"),
        (
            OpeningHours(BERLIN, (day("09:00-12:00"), (), day("09:00-12:00"), (), (), (), ())),
            "Mon 09:00–12:00, Wed 09:00–12:00",
            "Mo 09:00–12:00, Mi 09:00–12:00",
        ),
    ],
)
def test_the_summary_of_uncommon_weeks(hours, english, german):
    assert hours.summary("en") == english
    assert hours.summary("de") == german


# The law: open is when the clock on the wall shows a time inside a window

windows = st.builds(
    lambda opens, length: Window(opens, opens + length),
    st.integers(0, MINUTES_A_DAY - 1),
    st.integers(1, MINUTES_A_DAY),
)
days = st.lists(windows, max_size=2).map(tuple)
weeks = st.tuples(*[days] * 7)
changes = st.sampled_from(CHANGES)


@st.composite
def hours_near_a_change(draw):
    zone = draw(st.sampled_from(ZONES))
    change = draw(changes)
    near = change + timedelta(days=draw(st.integers(-1, 1)))
    exceptions = draw(st.dictionaries(st.just(near), days, max_size=1))
    return OpeningHours(zone, draw(weeks), exceptions), datetime.combine(change, datetime.min.time(), UTC)


def open_by_the_clock_on_the_wall(hours: OpeningHours, moment: datetime) -> bool:
    wall = moment.astimezone(hours.zone)
    for back in (0, 1):
        begun = wall.date() - timedelta(days=back)
        minute = wall.hour * 60 + wall.minute + back * MINUTES_A_DAY
        if any(found.opens <= minute < found.closes for found in hours.windows_on(begun)):
            return True
    return False


@settings(max_examples=20)
@given(hours_near_a_change())
def test_every_minute_around_a_change_of_the_clock_keeps_the_law(drawn):
    hours, change = drawn
    moments = [change + timedelta(minutes=minute) for minute in range(-12 * 60, 36 * 60, 5)]
    law = [open_by_the_clock_on_the_wall(hours, moment) for moment in moments]
    assert [hours.is_open(moment) for moment in moments] == law
    for earlier, later, is_open, stays_so in zip(moments, moments[1:], law, law[1:], strict=False):
        change_at = hours.next_change(earlier)
        if change_at is None or change_at > later:
            assert stays_so is is_open


@settings(max_examples=150)
@given(hours_near_a_change(), st.integers(-86_400, 86_400))
def test_the_next_change_is_one_and_nothing_changes_before_it(drawn, seconds):
    hours, change = drawn
    moment = change + timedelta(seconds=seconds)
    change_at = hours.next_change(moment)
    assume(change_at is not None)
    before = hours.is_open(moment)
    assert hours.is_open(change_at) is not before
    assert hours.is_open(change_at - timedelta(seconds=1)) is before


@settings(max_examples=150)
@given(hours_near_a_change(), st.integers(-86_400, 86_400))
def test_the_next_opening_is_the_first_after_a_closed_moment(drawn, seconds):
    hours, change = drawn
    moment = change + timedelta(seconds=seconds)
    opens = hours.next_opening(moment)
    assume(opens is not None)
    assert opens > moment
    assert hours.is_open(opens)
    assert not hours.is_open(opens - timedelta(seconds=1))


@settings(max_examples=150)
@given(hours_near_a_change(), st.integers(-86_400, 86_400), st.integers(0, 200_000))
def test_adding_working_time_is_undone_by_measuring_it(drawn, offset, seconds):
    hours, change = drawn
    moment = change + timedelta(seconds=offset)
    up = hours.add_working(moment, seconds)
    assume(up is not None)
    assert open_seconds(hours, moment, up) == seconds
    if seconds:
        assert open_seconds(hours, moment, up - timedelta(seconds=1)) == seconds - 1
