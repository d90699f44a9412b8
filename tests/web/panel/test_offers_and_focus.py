"""The panel where it is easily spoiled: many offers at once, and a focus whose button has gone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.web.panel.desk import ANNA, OTTO, PretendedDesk, accept_anna, at, comes_true, event, row


def test_many_offers_leave_the_one_who_waits_longest_in_sight(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    desk.waiting = [row(f"conversation-{n}", f"Visitor {n}", waiting_since=at(100 - n)) for n in range(30)]
    page = panel()
    for each in desk.waiting:
        desk.tell("offer", conversation=each["id"], until=at(-30))
    expect(page.get_by_text("Offered to you for")).to_have_count(30)
    expect(page.locator("#row-conversation-0")).to_be_in_viewport(ratio=1)


def test_the_key_that_takes_the_next_takes_what_is_offered_first(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    desk.waiting = [row(ANNA, waiting_since=at(90)), row(OTTO, "Otto", waiting_since=at(20), offered=True)]
    desk.record[OTTO] = []
    page = panel()
    expect(page.locator("#row-" + OTTO)).to_be_visible()
    page.keyboard.press("a")
    assert comes_true(page, lambda: [frame["conversation"] for frame in desk.said("accept")] == [OTTO])


def test_what_is_looked_at_says_that_it_is_offered_and_can_be_declined_there(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    page = panel(f"?conversation={ANNA}")
    expect(page.get_by_text("Nobody has this conversation yet.")).to_be_visible()
    desk.tell("offer", conversation=ANNA, until=at(-30))
    expect(page.get_by_text("It is offered to you.")).to_be_visible()
    page.get_by_role("button", name="Not now").click()
    expect(page.get_by_text("Nobody has this conversation yet.")).to_be_visible()
    expect(page.get_by_role("button", name="Not now")).to_have_count(0)
    expect(page.get_by_role("tab", name="Reply")).to_be_focused()
    assert comes_true(page, lambda: [frame["conversation"] for frame in desk.said("decline")] == [ANNA])


def test_the_focus_stays_when_what_had_it_goes_away(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    desk.waiting = [row(ANNA), row(OTTO, "Otto", waiting_since=at(20))]
    page = panel()
    desk.tell("offer", conversation=ANNA, until=at(-30))
    page.get_by_role("button", name="Not now").press("Enter")
    expect(page.locator(f"#row-{ANNA}")).to_be_focused()
    desk.waiting = desk.waiting[1:]
    desk.queue()
    expect(page.locator(f"#row-{OTTO}")).to_be_focused()
    desk.waiting = []
    desk.queue()
    expect(page.get_by_role("tab", name="New")).to_be_focused()


def test_the_focus_stays_after_going_online(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    page = panel()
    page.get_by_role("button", name="Presence: Online").click()
    page.get_by_role("button", name="Away").click()
    page.get_by_role("button", name="Go online").press("Enter")
    expect(page.get_by_role("button", name="Go online")).to_be_hidden()
    expect(page.locator(f"#row-{ANNA}")).to_be_focused()


def test_the_focus_stays_on_a_conversation_that_was_given_back(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    page = panel()
    accept_anna(page)
    page.get_by_role("button", name="Return to bot").press("Enter")
    expect(page.get_by_role("button", name="Return to bot")).to_have_count(0)
    expect(page.get_by_role("heading", name="Anna Muster", level=2)).to_be_focused()


def test_the_focus_stays_on_the_details_when_a_colleague_takes_the_conversation(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    page = panel(f"?conversation={ANNA}")
    details = page.get_by_role("button", name="Details", exact=True)
    details.focus()
    desk.waiting = []
    desk.happens(ANNA, event(4, "accepted", "agent", "Clara", agent="clara", department="sales"))
    desk.queue()
    expect(page.get_by_text("Clara has this conversation. You can add notes.")).to_be_visible()
    expect(details).to_be_focused()


@pytest.mark.parametrize("pressed", [[], ["Close"]])
def test_the_focus_stays_on_a_conversation_that_ends_elsewhere_while_it_is_to_be_ended_here(
    panel: Callable[..., Page], desk: PretendedDesk, pressed: list[str]
) -> None:
    page = panel()
    accept_anna(page)
    for name in pressed:
        page.get_by_role("button", name=name, exact=True).press("Enter")
    button = page.get_by_role("button", name="Close conversation" if pressed else "Return to bot")
    button.focus()
    desk.mine = []
    desk.happens(ANNA, event(5, "returned", "agent", "Ben", agent="ben"))
    desk.queue()
    expect(page.get_by_text("The assistant is answering.")).to_be_visible()
    expect(button).to_be_hidden()
    expect(page.get_by_role("heading", name="Anna Muster", level=2)).to_be_focused()


def test_less_room_leaves_the_last_words_in_sight(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    desk.record[ANNA] += [event(n, "message", "visitor", "Anna Muster", text=f"Message {n}") for n in range(4, 40)]
    page = panel()
    accept_anna(page)
    page.get_by_role("textbox", name="Reply").fill("Yes, by invoice.")
    page.keyboard.press("Enter")
    expect(page.get_by_role("log").get_by_text("Yes, by invoice.")).to_be_in_viewport(ratio=1)
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_role("button", name="Close conversation")).to_be_visible()
    expect(page.get_by_role("log").get_by_text("Yes, by invoice.")).to_be_in_viewport(ratio=1)
    page.get_by_role("button", name="Keep it open").click()
    expect(page.get_by_role("log").get_by_text("Yes, by invoice.")).to_be_in_viewport(ratio=1)
    page.set_viewport_size({"width": 1280, "height": 500})
    expect(page.get_by_role("log").get_by_text("Yes, by invoice.")).to_be_in_viewport(ratio=1)


def test_turning_the_sound_on_moves_nothing_on_a_phone(panel: Callable[..., Page], page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 640})
    panel()
    sound = page.get_by_role("button", name="Sound starts with your first click")
    before = page.get_by_role("tab", name="New").bounding_box()
    sound.click()
    expect(page.get_by_role("button", name="Sound is on")).to_be_visible()
    assert page.get_by_role("tab", name="New").bounding_box() == before
