"""How often is enough: counting over page, visit, day and week, and who is left out for measuring."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page

from rules.document import read
from rules.nodes import Map
from rules.problems import Problem
from rules.schema import Walker
from triggers.limits import (
    MANNERS,
    Counters,
    Limits,
    Manners,
    Showing,
    Tally,
    bucket,
    counted,
    held_out,
    manners,
    reached,
)

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)


def tally(*showings: Showing, now: datetime = NOW, last_chat: datetime | None = None) -> Counters:
    began = now - timedelta(minutes=20)
    return counted(
        showings,
        now=now,
        zone=BERLIN,
        visit_began=began,
        page_began=now - timedelta(minutes=1),
        last_chat=last_chat,
    )


def ago(trigger: str = "a", *, dismissed: bool = False, answered: bool = False, **span: float) -> Showing:
    at = NOW - timedelta(**span)
    return Showing(trigger, at, at if dismissed else None, at if answered else None)


def test_a_visitor_nobody_spoke_to_has_no_counts() -> None:
    assert tally() == Counters()


def test_showings_are_counted_by_page_visit_day_and_week() -> None:
    counters = tally(ago(seconds=30), ago(minutes=10), ago(hours=3), ago(days=1), ago(days=6), ago(days=8))
    all = counters.all
    assert (all.page, all.visit, all.day, all.week, all.visitor) == (1, 2, 3, 5, 6)
    assert all.shown_ago == 30


def test_the_day_is_that_of_the_site() -> None:
    just_after_midnight = datetime(2026, 3, 3, 23, 10, tzinfo=UTC)  # 00:10 in Berlin
    before = Showing("a", datetime(2026, 3, 3, 22, 50, tzinfo=UTC))
    after = Showing("a", datetime(2026, 3, 3, 23, 5, tzinfo=UTC))
    assert tally(before, after, now=just_after_midnight).all.day == 1


def test_each_trigger_has_its_own_counts() -> None:
    counters = tally(ago("a", hours=1, dismissed=True), ago("b", minutes=5, answered=True))
    assert counters.of("a").dismissed_ago == 3600
    assert counters.of("b").dismissed_ago is None
    assert (counters.all.dismissed, counters.all.answered) == (1, 1)
    assert counters.of("c") == Tally()
    facts = counters.facts(["a", "b", "c"])
    assert [[facts[f"{what}.{id}"] for what in ("shown", "dismissed", "answered")] for id in "abc"] == [
        [1, 1, 0],
        [1, 0, 1],
        [0, 0, 0],
    ]


def test_a_chat_counts_for_all_triggers_only() -> None:
    counters = tally(ago(hours=1), last_chat=NOW - timedelta(days=2))
    assert counters.all.chat_ago == 172_800
    assert counters.of("a").chat_ago is None


def test_counts_travel_without_what_is_nothing() -> None:
    counters = tally(ago(hours=1), ago("b", seconds=0))
    plain = counters.as_json()
    assert plain["triggers"]["b"] == {"page": 1, "visit": 1, "day": 1, "week": 1, "visitor": 1, "shown_ago": 0.0}
    assert plain["all"] == {"page": 1, "visit": 1, "day": 2, "week": 2, "visitor": 2, "shown_ago": 0.0}


@pytest.mark.parametrize("seconds", [0, 44.9, 45, 46])
def test_quiet_is_over_when_it_has_passed_and_not_before(seconds: float) -> None:
    limits, shown = Limits(gap=45), Tally(shown_ago=seconds)
    assert reached(limits, shown) == ("gap" if seconds < 45 else None)


def test_without_limits_nothing_is_reached() -> None:
    assert reached(Limits(), Tally(page=99, visit=99, day=99, week=99, visitor=99, shown_ago=0, answered=9)) is None


def manners_of(text: str) -> tuple[Manners, list[str]]:
    problems: list[Problem] = []
    root = read(f"manners: {text}\n", "site.yaml", problems)
    node = root.get("manners") if isinstance(root, Map) else None
    return manners(Walker(problems).read(node, MANNERS)), [str(problem) for problem in problems]


def test_a_site_is_polite_by_default() -> None:
    assert manners(Walker([]).read(None, MANNERS)) == Manners(
        per_page=1, per_visit=2, per_day=3, per_week=6, gap=45, after_dismiss=86_400, after_chat=604_800, holdout=0
    )


def test_manners_are_read_and_mistakes_told() -> None:
    read_manners, problems = manners_of("{per_visit: 3, gap: 1m, holdout: 5%}")
    assert (read_manners.per_visit, read_manners.gap, read_manners.holdout, problems) == (3, 60, 5, [])
    assert manners_of("{per_visits: 3, gap: 45, holdout: 150%}")[1] == [
        "site.yaml:1:11: 'per_visits' is not an option of 'manners' — did you mean 'per_visit'?",
        "site.yaml:1:31: 'gap': '45' has no unit — did you mean 45s?",
        "site.yaml:1:44: 'holdout' is a percentage from 0 to 100, not '150%'",
    ]


def test_limits_travel_without_what_is_not_limited() -> None:
    limits = Limits(per_visit=1, gap=7200, stop_after="answered")
    assert limits.as_json() == {"per_visit": 1, "gap": 7200, "stop_after": "answered"}


def test_the_draw_is_fair_sticky_and_independent_of_other_draws() -> None:
    visitors = [f"visitor-{number}" for number in range(20_000)]
    first = [held_out(50, "a", visitor) for visitor in visitors]
    second = [held_out(50, "b", visitor) for visitor in visitors]
    assert first == [held_out(50, "a", visitor) for visitor in visitors]
    assert abs(sum(first) / len(visitors) - 0.5) < 0.015
    agreeing = sum(one == other for one, other in zip(first, second, strict=True))
    assert abs(agreeing / len(visitors) - 0.5) < 0.015


def test_the_draw_is_the_first_32_bits_of_a_hash() -> None:
    # printf 'pricing::v1' | sha256sum begins with these eight digits.
    assert bucket("pricing", "v1") == int("ca3008b5", 16) % 10_000


def test_more_share_only_moves_the_boundary() -> None:
    visitors = [f"visitor-{number}" for number in range(2_000)]
    few = {visitor for visitor in visitors if held_out(5, "a", visitor)}
    many = {visitor for visitor in visitors if held_out(20, "a", visitor)}
    assert few < many
    assert not any(held_out(0, "a", visitor) for visitor in visitors)
    assert all(held_out(100, "a", visitor) for visitor in visitors)


def test_the_page_goes_on_counting_from_what_the_server_told(empty_page: Page) -> None:
    found = empty_page.evaluate(
        """async (counted) => {
          const { Counters } = await import("/static/widget/limits.js");
          let now = 1000;
          const counters = new Counters(() => now);
          const before = counters.tallies();
          counters.take(counted);
          now += 5;
          const aged = counters.tallies();
          counters.count("shown", "a");
          now += 2;
          counters.count("dismissed", "a");
          counters.count("answered", "b");
          now += 1;
          const every = (what) => ["a", "b", "c"].map((id) => counters.times(what, id));
          const times = ["shown", "dismissed", "answered"].map(every);
          return { before, aged, after: counters.tallies(), times };
        }""",
        tally(ago("a", hours=1)).as_json(),
    )
    assert found["before"] == {"all": {}, "triggers": {}}
    assert found["aged"] == {
        "all": {"day": 1, "week": 1, "visitor": 1, "shown_ago": 3605},
        "triggers": {"a": {"day": 1, "week": 1, "visitor": 1, "shown_ago": 3605}},
    }
    a, b, all = found["after"]["triggers"]["a"], found["after"]["triggers"]["b"], found["after"]["all"]
    assert a == {
        "page": 1,
        "visit": 1,
        "day": 2,
        "week": 2,
        "visitor": 2,
        "dismissed": 1,
        "shown_ago": 3,
        "dismissed_ago": 1,
    }
    assert b["answered"] == 1
    assert (all["visitor"], all["dismissed"], all["answered"], all["shown_ago"]) == (2, 1, 1, 3)
    assert found["times"] == [[2, 0, 0], [1, 0, 0], [0, 1, 0]]
