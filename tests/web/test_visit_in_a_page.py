"""What the widget knows of a visit: page, time in sight, scroll, visits; and which tab may speak."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from pydantic import TypeAdapter

from bot.visits import VISIT_ENDS_AFTER
from rules.facts import page_path
from tests.browser import open_empty_page
from web.frames import View

Play = Callable[[str], Any]
VECTORS = json.loads((Path(__file__).parents[1] / "conditions.vectors.json").read_text())


@pytest.fixture(scope="module")
def stage(browser: Browser) -> Iterator[Page]:
    """One page for all plays: each has a pretended browser of its own."""
    with browser.new_context(timezone_id="Asia/Tokyo") as context:
        yield open_empty_page(context, beside=Path(__file__).parent)


@pytest.fixture
def play(stage: Page) -> Play:
    """Runs a piece of script in a page that has a pretended browser at hand."""
    tools = 'const { World } = await import("/beside/visiting.js"); const world = new World(); const tab = world.tab();'
    return lambda script: stage.evaluate(f"async () => {{ {tools} {script} }}")


def test_the_first_page_of_the_first_visit(play: Play) -> None:
    facts = play("""
        const from = world.tab({ referrer: "https://search.test/?q=shoes" });
        await from.load("/sale/?utm_source=news&utm_campaign=spring&size=42&size=43");
        return from.facts;
    """)
    assert facts == {
        "page": "/sale",
        "page.path": "/sale",
        "page.url": "https://shop.test/sale/?utm_source=news&utm_campaign=spring&size=42&size=43",
        "page.title": "Shop",
        "previous_page": None,
        "landing_page": "/sale",
        "time_on_page": 0,
        "time_on_site": 0,
        "idle": 0,
        "scroll": 0,
        "exit_intent": False,
        "pages_viewed": 1,
        "visits": 1,
        "days_since_last_visit": None,
        "returning": False,
        "referrer": "https://search.test/?q=shoes",
        "utm.source": "news",
        "utm.medium": None,
        "utm.campaign": "spring",
        "utm.term": None,
        "utm.content": None,
        "device": "desktop",
        "timezone": "Asia/Tokyo",
        "page.query.utm_source": "news",
        "page.query.utm_campaign": "spring",
        "page.query.size": "42",
    }


def test_where_the_visit_began_is_kept_over_its_pages(play: Play) -> None:
    facts = play("""
        await world.tab({ referrer: "https://search.test/" }).load("/sale?utm_source=news");
        await world.pass(5);
        const next = await world.tab({ referrer: "https://shop.test/sale" }).load("/shoes");
        return next.facts;
    """)
    kept = ("page", "previous_page", "landing_page", "referrer", "utm.source", "pages_viewed", "visits")
    assert [facts[name] for name in kept] == ["/shoes", "/sale", "/sale", "https://search.test/", "news", 2, 1]


def test_a_site_whose_name_begins_like_ours_is_another(play: Play) -> None:
    facts = play("""
        const from = world.tab({ referrer: "https://shop.testing/" });
        await from.load("/sale");
        return from.facts;
    """)
    assert facts["referrer"] == "https://shop.testing/"


def test_only_time_in_sight_counts(play: Play) -> None:
    seen = play("""
        await tab.load("/a");
        await world.pass(10.6);
        const shown = [tab.facts.time_on_page, tab.facts.time_on_site, tab.visit.seconds];
        tab.hide();
        await world.pass(100);
        const hidden = [tab.facts.time_on_page, tab.facts.time_on_site, tab.visit.seconds];
        tab.hide(false);
        await world.pass(2);
        return [shown, hidden, [tab.facts.time_on_page, tab.facts.time_on_site]];
    """)
    assert seen == [[10, 10, 10.6], [10, 10, 10.6], [12, 12]]


def test_time_on_the_site_goes_on_over_pages_and_tabs(play: Play) -> None:
    seen = play("""
        await tab.load("/a");
        await world.pass(10);
        await tab.load("/b");
        await world.pass(5);
        tab.hide();
        const other = await world.tab().load("/c");
        await world.pass(7);
        const there = [other.facts.time_on_page, other.facts.time_on_site];
        other.hide();
        tab.hide(false);
        await world.pass(1);
        return [there, [tab.facts.time_on_page, tab.facts.time_on_site]];
    """)
    assert seen == [[7, 22], [6, 23]]


def test_a_page_opened_in_the_background_has_no_time(play: Play) -> None:
    seen = play("""
        tab.document.hidden = true;
        await tab.load("/a");
        await world.pass(60);
        const before = tab.facts.time_on_page;
        tab.hide(false);
        await world.pass(3);
        return [before, tab.facts.time_on_page, tab.visit.leads];
    """)
    assert seen == [0, 3, True]


def test_a_visit_ends_after_as_many_quiet_minutes_as_on_the_server(play: Play) -> None:
    seen = play(
        f"const endsAfter = {VISIT_ENDS_AFTER.total_seconds()};"
        + """
        const now = () => [tab.facts.visits, tab.facts.returning, tab.facts.pages_viewed, tab.facts.landing_page];
        await tab.load("/a");
        await world.pass(endsAfter - 1);
        await tab.load("/b");
        const same = now();
        await world.pass(endsAfter);
        await tab.load("/c");
        return [same, now(), tab.facts.previous_page, tab.facts.time_on_site];
    """
    )
    assert seen == [[1, False, 2, "/a"], [2, True, 1, "/c"], None, 0]


def test_moving_about_keeps_a_visit_going(play: Play) -> None:
    assert play("""
        await tab.load("/a");
        for (let minute = 0; minute < 90; minute++) {
          await world.pass(60);
          tab.fire("pointerdown");
        }
        return [tab.facts.visits, tab.facts.time_on_page];
    """) == [1, 5400]


def test_somebody_who_comes_back_to_an_open_page_begins_a_new_visit_there(play: Play) -> None:
    seen = play("""
        await tab.load("/a?utm_source=news");
        await world.pass(40);
        tab.hide();
        await world.pass(3600);
        tab.said = [];
        tab.hide(false);
        await world.pass(1);
        const { visits, returning, time_on_page, time_on_site, pages_viewed, previous_page } = tab.facts;
        return [visits, returning, time_on_page, time_on_site, pages_viewed, previous_page, tab.said.includes("page")];
    """)
    assert seen == [2, True, 1, 1, 1, None, True]


def test_an_address_changed_by_script_is_another_page(play: Play) -> None:
    seen = play("""
        await tab.load("/a");
        tab.scroll(500);
        await world.pass(20);
        tab.said = [];
        tab.go("/b/");
        tab.document.title = "B";
        const { page, previous_page, time_on_page, time_on_site, pages_viewed } = tab.facts;
        const atOnce = [...tab.said];
        await world.pass(1);
        const numbers = [time_on_page, time_on_site, pages_viewed];
        return [page, previous_page, numbers, atOnce, tab.said, tab.visit.view().facts["page.title"]];
    """)
    assert seen == ["/b", "/a", [0, 20, 2], ["facts"], ["facts", "page"], "B"]


def test_a_redirect_by_script_is_told_once(play: Play) -> None:
    assert (
        play("""
        await tab.load("/a");
        tab.said = [];
        tab.go("/b");
        tab.go("/c");
        await world.pass(1);
        return tab.said.filter((what) => what === "page").length;
    """)
        == 1
    )


def test_nobody_speaks_while_a_new_page_settles(play: Play) -> None:
    seen = play("""
        await tab.load("/a");
        const leads = [tab.visit.leads];
        tab.go("/b");
        leads.push(tab.visit.leads);
        await world.pass(0.2);
        tab.go("/c");
        await world.pass(0.2);
        leads.push(tab.visit.leads, tab.said.includes("page"));
        await world.pass(0.2);
        leads.push(tab.visit.leads, tab.said.includes("page"));
        return leads;
    """)
    assert seen == [True, False, False, False, True, True]


def test_another_query_is_the_same_page_with_other_facts(play: Play) -> None:
    seen = play("""
        await tab.load("/a?step=1");
        await world.pass(20);
        tab.said = [];
        tab.go("/a?step=2");
        const { time_on_page, pages_viewed } = tab.facts;
        return [time_on_page, pages_viewed, tab.facts["page.query.step"], tab.said];
    """)
    assert seen == [20, 1, "2", ["facts"]]


def test_without_word_of_it_the_next_movement_shows_another_address(play: Play) -> None:
    assert (
        play("""
        tab.navigation = undefined;
        await tab.load("/a");
        tab.location = new URL("https://shop.test/b");
        tab.fire("pointerdown");
        return tab.facts.page;
    """)
        == "/b"
    )


def test_the_deepest_scroll_on_the_page_counts(play: Play) -> None:
    seen = play("""
        await tab.load("/a");
        tab.said = [];
        const depths = [];
        for (const top of [0, 250, 100, 1000, 0]) {
          tab.scroll(top);
          depths.push(tab.facts.scroll);
        }
        tab.scrollY = 0;
        tab.go("/b");
        return [depths, tab.facts.scroll, tab.said.length];
    """)
    assert seen == [[0, 25, 25, 100, 100], 0, 3]


def test_a_page_without_anything_to_scroll_is_not_scrolled(play: Play) -> None:
    assert (
        play("""
        await tab.load("/a");
        tab.document.documentElement.scrollHeight = 800;
        tab.scroll(0);
        return tab.facts.scroll;
    """)
        == 0
    )


def test_days_since_the_visit_before_are_whole_days(play: Play) -> None:
    seen = play("""
        const days = async (wait) => {
          await world.pass(wait);
          await tab.load("/a");
          return tab.facts.days_since_last_visit;
        };
        return [await days(0), await days(60), await days(3 * 86_400 + 5), await days(60), await days(3600)];
    """)
    assert seen == [None, None, 3, 3, 0]


def test_who_does_not_move_is_idle_as_long_as_the_page_is_in_sight(play: Play) -> None:
    seen = play("""
        await tab.load("/a");
        await world.pass(20);
        const idle = [tab.facts.idle];
        tab.hide();
        await world.pass(100);
        idle.push(tab.facts.idle);
        tab.hide(false);
        idle.push(tab.facts.idle);
        for (const kind of ["pointermove", "keydown", "pointerdown", "scroll"]) {
          await world.pass(7);
          idle.push(tab.facts.idle);
          tab.fire(kind);
          idle.push(tab.facts.idle);
        }
        return idle;
    """)
    assert seen == [20, 20, 0, 7, 0, 7, 0, 7, 0, 7, 0]


def test_the_end_of_idleness_is_told_and_further_movements_are_not(play: Play) -> None:
    assert play("""
        await tab.load("/a");
        await world.pass(5);
        tab.said = [];
        for (let moves = 0; moves < 50; moves++) tab.fire("pointermove");
        return tab.said;
    """) == ["facts"]


def test_a_pointer_that_leaves_through_the_top_is_about_to_leave_until_the_next_page(play: Play) -> None:
    seen = play("""
        await tab.load("/a");
        tab.said = [];
        const leaving = [];
        for (const clientY of [400, -3, 200]) {
          tab.document.fire("mouseleave", { clientY });
          leaving.push(tab.facts.exit_intent);
        }
        const told = [...tab.said];
        tab.go("/b");
        return [leaving, told, tab.facts.exit_intent];
    """)
    assert seen == [[False, True, True], ["facts"], False]


@pytest.mark.parametrize(
    ("coarse", "tops", "within", "leaving"),
    [
        ("true", [2000, 1500, 1000, 500], 0.1, True),
        ("true", [2000, 1500, 1000, 500], 0.4, False),
        ("true", [2000, 1500, 1300, 1250], 0.1, False),
        ("true", [0, 500, 1000, 2000], 0.1, False),
        ("false", [2000, 1500, 1000, 500], 0.1, False),
    ],
)  # fmt: skip
def test_on_a_phone_a_fast_way_up_is_taken_for_leaving(
    play: Play, coarse: str, tops: list[int], within: float, leaving: bool
) -> None:
    assert (
        play(f"""
        tab.coarse = {coarse};
        await tab.load("/a");
        await world.pass(1);
        for (const top of {tops}) {{
          await world.pass({within});
          tab.scroll(top);
        }}
        return tab.facts.exit_intent;
    """)
        is leaving
    )


def test_a_new_page_that_begins_at_the_top_is_not_a_way_up(play: Play) -> None:
    assert not play("""
        tab.coarse = true;
        await tab.load("/a");
        await world.pass(5);
        tab.scroll(2000);
        tab.go("/b");
        tab.scroll(0);
        return tab.facts.exit_intent;
    """)


def test_what_an_address_holds_can_always_be_told(play: Play) -> None:
    facts = play("""
        const query = new URLSearchParams({ ["n".repeat(300)]: "1", nul: "a\0b", long: "x".repeat(499) + "😀" });
        tab.document.title = "y".repeat(499) + "😀";
        await tab.load("/a?" + query);
        return tab.visit.view().facts;
    """)
    assert TypeAdapter(View).validate_json(json.dumps({"facts": facts, "languages": ["en"]})).facts == facts
    assert (facts["page.query.nul"], facts["page.title"]) == ("ab", "y" * 499)
    assert facts["page.query.long"] == "x" * 499


@pytest.mark.parametrize(
    ("coarse", "width", "height", "expected"),
    [
        ("false", 1280, 800, "desktop"),
        ("true", 390, 844, "mobile"),
        ("true", 844, 390, "mobile"),
        ("true", 820, 1180, "tablet"),
    ],
)  # fmt: skip
def test_devices_are_told_apart(play: Play, coarse: str, width: int, height: int, expected: str) -> None:
    assert (
        play(f"""
        tab.coarse = {coarse};
        tab.screen = {{ width: {width}, height: {height} }};
        await tab.load("/a");
        return tab.facts.device;
    """)
        == expected
    )


def test_one_timer_wakes_at_the_moment_asked_for_last(play: Play) -> None:
    seen = play("""
        await tab.load("/a");
        tab.said = [];
        tab.visit.wake(10);
        tab.visit.wake(30);
        await world.pass(29.9);
        const early = [...tab.said];
        await world.pass(0.2);
        return [early, tab.said, tab.facts.time_on_page];
    """)
    assert seen == [[], ["facts"], 30]


def test_what_is_weeks_away_is_not_at_once(empty_page: Page) -> None:
    woken = empty_page.evaluate("""async () => {
        const { clock } = await import("/static/shared/clock.js");
        const woken = [];
        const timer = clock.after(30 * 86_400_000, () => woken.push("weeks"));
        await new Promise((resolve) => clock.after(10, resolve));
        clock.cancel(timer);
        return woken;
    }""")
    assert woken == []


def test_out_of_sight_nothing_wakes(play: Play) -> None:
    assert (
        play("""
        await tab.load("/a");
        tab.visit.wake(10);
        tab.hide();
        tab.said = [];
        tab.visit.wake(20);
        await world.pass(60);
        return tab.said;
    """)
        == []
    )


def test_nothing_wakes_once_nobody_has_moved_for_so_long_that_the_visit_is_over(play: Play) -> None:
    seen = play("""
        await tab.load("/a");
        await world.pass(1200);
        tab.said = [];
        tab.visit.wake(500);
        await world.pass(501);
        const said = [...tab.said];
        tab.visit.wake(500);
        await world.pass(501);
        tab.fire("pointermove");
        return [said, tab.said, tab.facts.visits];
    """)
    assert seen == [["facts"], ["facts", "facts"], 2]


def test_the_view_is_told_as_the_server_takes_it(play: Play) -> None:
    view = play("""
        const german = world.tab({ lang: "de-AT", referrer: "https://search.test/" });
        await german.load("/a?b=1#c");
        return german.visit.view();
    """)
    assert view["languages"] == ["de-AT", "de-DE", "en", "en"]
    told = TypeAdapter(View).validate_python(view).facts
    assert told == view["facts"]
    assert (told["page"], told["referrer"], told["page.query.b"]) == ("/a", "https://search.test/", "1")


def test_one_tab_in_sight_leads_and_another_takes_over(play: Play) -> None:
    seen = play("""
        const options = { locks: navigator.locks };
        const one = await world.tab(options).load("/a");
        const two = await world.tab(options).load("/b");
        const leads = async () => (await world.pass(1), [one.visit.leads, two.visit.leads]);
        const first = await leads();
        one.hide();
        const second = await leads();
        one.hide(false);
        const third = await leads();
        two.said = [];
        two.hide();
        const fourth = await leads();
        return [first, second, third, fourth];
    """)
    assert seen == [[True, False], [False, True], [False, True], [True, False]]


@pytest.mark.parametrize(
    "storage",
    [
        "{ getItem: () => null, setItem: () => {} }",
        '{ getItem: () => "{broken", setItem: () => { throw new Error("full"); } }',
    ],
)
def test_without_storage_a_page_still_knows_itself(play: Play, storage: str) -> None:
    assert play(f"""
        world.storage = {storage};
        await tab.load("/a");
        await world.pass(12);
        tab.go("/b");
        await world.pass(3);
        const {{ page, visits, time_on_page, previous_page, pages_viewed }} = tab.facts;
        return [page, visits, time_on_page, previous_page, pages_viewed];
    """) == ["/b", 1, 3, "/a", 2]


def test_pages_are_compared_as_on_the_server(empty_page: Page) -> None:
    paths = [address for address, _ in VECTORS["page_path"] if "://" not in address]
    script = 'async (paths) => paths.map((await import("/static/widget/visit.js")).pagePath)'
    assert empty_page.evaluate(script, paths) == [page_path(path) for path in paths]


def test_it_works_in_a_real_page(empty_page: Page) -> None:
    empty_page.evaluate(
        """async () => {
          const { Visit } = await import("/static/widget/visit.js");
          const after = (wait, what) => setTimeout(what, wait);
          const clock = { now: () => Date.now(), after, cancel: (timer) => clearTimeout(timer) };
          document.body.style.height = "5000px";
          window.said = [];
          window.visit = new Visit((what) => said.push(what), { window, storage: localStorage, clock });
        }"""
    )
    empty_page.wait_for_function("visit.leads")
    empty_page.mouse.wheel(0, 100_000)
    empty_page.wait_for_function("visit.facts().scroll === 100")
    empty_page.evaluate("history.pushState(null, '', '/products/?q=tea')")
    empty_page.wait_for_function("said.includes('page')")
    facts = empty_page.evaluate("visit.facts()")
    assert (facts["page"], facts["previous_page"], facts["pages_viewed"], facts["page.query.q"]) == (
        "/products",
        "/",
        2,
        "tea",
    )
    assert empty_page.evaluate("JSON.parse(localStorage['parlour.visit']).page") == "/products"
