"""What stands above the columns: an offer for as long as it lasts, and whatever else is to be said beside it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.web.panel.desk import ANNA, OTTO, PretendedDesk, accept_anna, at, comes_true, row

PEPA = "conversation-of-pepa-3"


@pytest.fixture
def answering(panel: Callable[..., Page], page: Page, desk: PretendedDesk) -> Page:
    """Ben answers Anna, and looks at what is his, while Otto and Pepa begin to wait."""
    desk.waiting += [row(OTTO, "Otto", waiting_since=at(5)), row(PEPA, "Pepa", waiting_since=at(3))]
    page.clock.install()
    panel()
    accept_anna(page)
    expect(page.get_by_role("tab", name="Mine")).to_have_attribute("aria-selected", "true")
    return page


def notice(page: Page, words: str) -> Locator:
    return page.get_by_role("status").filter(has_text=words)


def test_an_offer_is_said_as_long_as_it_stands(answering: Page, desk: PretendedDesk) -> None:
    desk.tell("offer", conversation=OTTO, until=at(-30))
    expect(notice(answering, "Otto is offered to you.")).to_be_visible()
    answering.clock.fast_forward(25_000)
    expect(notice(answering, "Otto is offered to you.")).to_be_visible()
    desk.tell("offer_over", conversation=OTTO, why="over")
    expect(notice(answering, "is offered to you.")).to_have_count(0)


def test_nothing_else_that_is_said_takes_the_place_of_an_offer(answering: Page, desk: PretendedDesk) -> None:
    desk.tell("offer", conversation=OTTO, until=at(-30))
    desk.tell("gone", conversation=ANNA)
    expect(notice(answering, "Anna Muster is with others now.")).to_be_visible()
    expect(notice(answering, "Otto is offered to you.")).to_be_visible()
    answering.clock.fast_forward(13_000)
    expect(notice(answering, "Anna Muster is with others now.")).to_have_count(0)
    expect(notice(answering, "Otto is offered to you.")).to_be_visible()


def test_several_offers_are_said_together(answering: Page, desk: PretendedDesk) -> None:
    desk.tell("offer", conversation=PEPA, until=at(-30))
    desk.tell("offer", conversation=OTTO, until=at(-30))
    expect(notice(answering, "2 conversations are offered to you.")).to_be_visible()
    desk.tell("offer_over", conversation=OTTO, why="over")
    expect(notice(answering, "Pepa is offered to you.")).to_be_visible()


def test_an_offer_is_said_to_who_turns_from_the_list_that_has_it(answering: Page, desk: PretendedDesk) -> None:
    answering.get_by_role("tab", name="New").click()
    desk.tell("offer", conversation=OTTO, until=at(-30))
    expect(answering.get_by_text("Offered to you for")).to_be_visible()
    expect(notice(answering, "Otto is offered to you.")).to_have_count(0)
    answering.get_by_role("tab", name="Mine").click()
    expect(notice(answering, "Otto is offered to you.")).to_be_visible()
    answering.get_by_role("button", name="Show").press("Enter")
    expect(answering.locator(f"#row-{OTTO}")).to_be_focused()
    expect(notice(answering, "Otto is offered to you.")).to_have_count(0)


@pytest.mark.parametrize("width", [390, 1280])
def test_an_offer_that_is_shown_is_accepted_whoever_waits_longer(
    answering: Page, desk: PretendedDesk, width: int
) -> None:
    answering.set_viewport_size({"width": width, "height": 844})
    desk.tell("offer", conversation=PEPA, until=at(-30))
    answering.get_by_role("button", name="Show").press("Enter")
    expect(answering.locator(f"#row-{PEPA}")).to_be_focused()
    answering.keyboard.press("a")
    assert comes_true(answering, lambda: [frame["conversation"] for frame in desk.said("accept")] == [ANNA, PEPA])


def test_what_was_offered_before_the_page_came_is_said_as_well(
    panel: Callable[..., Page], page: Page, desk: PretendedDesk
) -> None:
    desk.waiting.append(row(OTTO, "Otto", waiting_since=at(5), offered=True))
    page.set_viewport_size({"width": 390, "height": 844})
    panel(f"?conversation={ANNA}")
    expect(notice(page, "Otto is offered to you.")).to_be_visible()


def test_what_is_offered_without_an_end_is_over_some_time_after_the_line_is_broken(
    answering: Page, desk: PretendedDesk
) -> None:
    desk.waiting[0]["offered"] = True
    desk.queue()
    expect(notice(answering, "Otto is offered to you.")).to_be_visible()
    answering.clock.fast_forward(40_000)
    expect(notice(answering, "Otto is offered to you.")).to_be_visible()
    assert desk.socket is not None
    desk.socket.close(code=1012, reason="retry:600")
    expect(answering.get_by_role("button", name="Presence: No connection")).to_be_visible()
    answering.clock.fast_forward(15_000)
    expect(notice(answering, "Otto is offered to you.")).to_be_visible()
    answering.clock.fast_forward(20_000)
    expect(notice(answering, "is offered to you.")).to_have_count(0, timeout=10_000)


def test_an_offer_is_over_when_the_lists_say_so_that_were_made_after_it(answering: Page, desk: PretendedDesk) -> None:
    desk.tell("offer", conversation=OTTO, until=at(-300))
    desk.waiting[1]["tags"] = ["listed"]
    desk.queue()
    expect(notice(answering, "Otto is offered to you.")).to_be_visible()
    answering.get_by_role("tab", name="New").click()
    expect(answering.locator(f"#row-{PEPA}")).to_contain_text("listed")
    expect(answering.locator(f"#row-{OTTO} + p")).to_contain_text("Offered to you")
    answering.clock.fast_forward(5_000)
    desk.queue()
    expect(answering.locator(f"#row-{OTTO} + p")).to_be_hidden()
    answering.get_by_role("tab", name="Mine").click()
    expect(notice(answering, "is offered to you.")).to_have_count(0)


def test_the_focus_stays_when_the_offer_that_had_it_is_over(answering: Page, desk: PretendedDesk) -> None:
    desk.tell("offer", conversation=OTTO, until=at(-30))
    answering.get_by_role("button", name="Show").focus()
    desk.tell("offer_over", conversation=OTTO, why="over")
    expect(answering.get_by_role("heading", name="Anna Muster", level=2)).to_be_focused()
