"""What waits: who, for how long, and how one gets at it."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.web.panel.desk import ANNA, OTTO, PretendedDesk, accept_anna, at, comes_true, event, row


def test_the_queue_says_who_waits_for_how_long_and_with_what_words(panel: Callable[..., Page]) -> None:
    page = panel()
    waiting = page.get_by_role("list", name="Waiting").get_by_role("listitem")
    expect(waiting).to_have_count(1)
    expect(waiting).to_contain_text("Anna Muster")
    expect(waiting).to_contain_text("Can I pay by invoice?")
    expect(waiting).to_contain_text("Sales")
    expect(waiting).to_contain_text("waiting 1 minute")
    expect(page).to_have_title("(1) Parlour")


def test_the_oldest_unanswered_is_on_top_whatever_the_order_of_arrival(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    desk.waiting = [row(OTTO, "Otto", waiting_since=at(20)), row(ANNA, waiting_since=at(200))]
    page = panel()
    names = page.get_by_role("list", name="Waiting").locator(".queue__who")
    expect(names).to_have_text(["Anna Muster", "Otto"])


def test_who_sits_there_stands_before_what_was_left_and_the_urgent_above_all(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    desk.waiting = [
        row("left-on-friday", "Friday", holder="bot", left=True, waiting_since=at(9_000)),
        row("waits-longest", "Longest", waiting_since=at(300)),
        row("waits-urgently", "Urgent", waiting_since=at(30), priority=2),
        row("waits-highly", "High", waiting_since=at(40), priority=1),
    ]
    waiting = panel().get_by_role("list", name="Waiting")
    expect(waiting.locator(".queue__who")).to_have_text(["Urgent", "High", "Longest", "Friday"])
    expect(waiting.locator(".queue__mark")).to_have_text(["Urgent", "High priority", "Left a message"])


def test_new_tells_what_the_visitor_wants_whatever_the_assistant_said_since(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    answered = {"text": "I am fetching somebody.", "from": "bot", "at": at(80), "by": None}
    desk.waiting = [row(ANNA, last=answered), row(OTTO, "Otto", last=answered, said=None, waiting_since=at(5))]
    words = panel().get_by_role("list", name="Waiting").locator(".queue__words")
    expect(words).to_have_text(["Can I pay by invoice?", "Assistant: I am fetching somebody."])


@pytest.mark.parametrize(
    ("by", "who"), [({"id": "ben", "name": "Ben"}, "You"), ({"id": "lea", "name": "Lea"}, "Lea"), (None, "A colleague")]
)
def test_everything_names_the_agent_who_had_the_last_word_also_once_nobody_has_it(
    panel: Callable[..., Page], desk: PretendedDesk, by: dict[str, str] | None, who: str
) -> None:
    said = {"text": "You are welcome", "from": "agent", "at": at(80), "by": by}
    desk.all = [row(OTTO, "Otto", holder="nobody", open=False, waiting_since=None, last=said)]
    page = panel()
    page.get_by_role("tab", name="All").click()
    expect(page.locator(".queue__words")).to_have_text(f"{who}: You are welcome")


def test_what_was_read_is_no_longer_counted(panel: Callable[..., Page], page: Page, desk: PretendedDesk) -> None:
    asked, mine = {"text": "And by card?", "seq": 3}, {"holder": "agent", "owner": {"id": "ben", "name": "Ben"}}
    desk.waiting = []
    desk.mine = [row(ANNA, unread=2, said=asked, token=3, **mine), row(OTTO, "Otto", said=asked, token=3, **mine)]
    desk.record[OTTO] = []
    panel()
    expect(page).to_have_title("(2) Parlour")
    page.get_by_role("tab", name="Mine").click()
    page.get_by_role("button", name="Anna Muster").click()
    expect(page).to_have_title("(1) Parlour")
    page.get_by_role("button", name="Otto").click()
    expect(page.locator(f"#row-{ANNA} .queue__unread")).to_be_hidden()
    desk.queue()  # As it was read before the server had heard of the reading.
    expect(page).to_have_title("(1) Parlour")


def test_what_goes_to_others_stays_in_sight_with_what_was_being_written_and_no_letter_becomes_a_key(
    panel: Callable[..., Page], page: Page, desk: PretendedDesk
) -> None:
    desk.waiting.append(row(OTTO, "Otto", waiting_since=at(5)))
    desk.record[OTTO] = []
    page.set_viewport_size({"width": 1400, "height": 900})
    panel(f"?conversation={ANNA}")
    page.get_by_role("tab", name="Note").click()
    page.get_by_role("textbox", name="Note").fill("a very ")
    desk.waiting = desk.waiting[1:]
    desk.queue()
    desk.tell("gone", conversation=ANNA)
    expect(page.get_by_text("Anna Muster is with others now.")).to_be_visible()
    page.keyboard.type("angry man")
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Note")).to_have_value("a very ")
    expect(page.get_by_text("What you wrote is kept.")).to_be_visible()
    expect(page.locator(".conversation__where")).to_contain_text("With others")
    expect(page.get_by_role("region", name="Details of the conversation")).to_contain_text("NowWith others")
    assert desk.said("accept") == desk.said("note") == []
    desk.all = [row(ANNA, holder="bot", waiting_since=None)]
    page.locator(f"#row-{OTTO}").click()
    page.get_by_role("tab", name="All").click()
    expect(page.locator(".queue__holder")).to_have_text("With the assistant")


def test_a_wait_turns_amber_and_then_red_and_says_so_in_words(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    desk.waiting = [row(f"conversation-{n}", str(n), waiting_since=at(n)) for n in (5, 80, 500)]
    page = panel()
    waits = page.locator(".queue__wait")
    expect(waits.nth(0)).to_have_class(re.compile("overdue"))
    expect(waits.nth(0)).to_contain_text("overdue")
    expect(waits.nth(1)).to_have_class(re.compile("--waiting"))
    expect(waits.nth(2)).to_have_class(re.compile("--new"))


def test_a_message_left_is_marked_and_shows_the_address_to_answer_to(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    desk.waiting = [row(ANNA, holder="bot", left=True)]
    desk.record[ANNA].append(event(4, "message_left", "visitor", department="sales", email="anna@example.com"))
    page = panel()
    expect(page.get_by_role("list", name="Waiting")).to_contain_text("Left a message")
    page.get_by_role("list", name="Waiting").get_by_role("button", name="Anna Muster").click()
    address = page.locator(".composer__bar").get_by_role("link", name="anna@example.com")
    expect(address).to_have_attribute("href", "mailto:anna@example.com")


@pytest.mark.parametrize("tab", ["New", "All"])
def test_no_tag_sticks_out_of_its_row_or_lies_beneath_a_button(
    panel: Callable[..., Page], desk: PretendedDesk, tab: str
) -> None:
    tags = ["billing", "asked-for-an-offer-in-writing-more-than-once"]
    desk.waiting = desk.all = [row(ANNA, holder="bot", left=True, tags=tags)]
    page = panel()
    page.get_by_role("tab", name=tab).click()
    expect(page.locator(".queue__tag")).to_have_count(2)
    button = page.locator(".queue__accept").bounding_box() if tab == "New" else None
    whole = page.locator(".queue__row").bounding_box()
    assert whole is not None
    for tag in page.locator(".queue__tag").all():
        box = tag.bounding_box()
        assert box is not None and box["x"] + box["width"] <= whole["x"] + whole["width"]
        assert button is None or box["x"] + box["width"] <= button["x"] or box["y"] >= button["y"] + button["height"]


def test_an_offer_is_marked_counts_down_and_can_be_declined(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    page = panel()
    desk.tell("offer", conversation=ANNA, until=at(-30))
    offered = page.get_by_role("list", name="Waiting").get_by_role("listitem")
    expect(offered).to_contain_text(re.compile(r"Offered to you for 0:\d\d more"))
    page.get_by_role("button", name="Not now").click()
    expect(offered).not_to_contain_text("Offered")
    assert comes_true(page, lambda: [frame["conversation"] for frame in desk.said("decline")] == [ANNA])


def test_an_offer_that_ran_out_is_shown_no_longer(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    page = panel()
    desk.tell("offer", conversation=ANNA, until=at(-30))
    expect(page.get_by_role("button", name="Not now")).to_be_visible()
    desk.tell("offer_over", conversation=ANNA, why="over")
    expect(page.get_by_role("button", name="Not now")).to_be_hidden()


def test_an_offer_that_ran_out_while_the_line_was_broken_calls_no_longer(
    panel: Callable[..., Page], page: Page, desk: PretendedDesk
) -> None:
    desk.waiting.append(row(OTTO, "Otto", waiting_since=at(5)))
    page.clock.install()
    panel()
    desk.tell("offer", conversation=ANNA, until=at(-20))
    desk.tell("offer", conversation=OTTO, until=at(-55))
    expect(page.get_by_text("Offered to you for")).to_have_count(2)
    assert desk.socket is not None
    desk.socket.close(code=1012, reason="retry:600")
    page.clock.fast_forward(30_000)
    offered = page.get_by_role("list", name="Waiting").get_by_role("listitem").filter(has_text="Offered to you")
    expect(offered).to_have_count(1)
    expect(offered).to_contain_text("Otto")
    page.clock.fast_forward(60_000)
    expect(offered).to_have_count(0)


def test_an_offer_is_said_wherever_one_is_looking(panel: Callable[..., Page], page: Page, desk: PretendedDesk) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    desk.waiting.append(row(OTTO, "Otto", waiting_since=at(5)))
    panel()
    accept_anna(page)
    desk.tell("offer", conversation=OTTO, until=at(-30))
    expect(page.get_by_role("status").filter(has_text="Otto is offered to you.")).to_be_visible()
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("list", name="Waiting").get_by_text("Offered to you")).to_be_visible()
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("heading", name="Otto")).to_be_visible()


def test_every_list_says_when_it_is_empty_what_would_be_in_it(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    desk.waiting = []
    page = panel()
    expect(page.get_by_text("Nobody is waiting. You will hear a sound when somebody is.")).to_be_visible()
    page.get_by_role("tab", name="Mine").click()
    expect(page.get_by_text("You have no conversations.")).to_be_visible()
    page.get_by_role("tab", name="All").click()
    expect(page.get_by_text("There are no conversations yet.")).to_be_visible()
    expect(page.get_by_role("heading", name="No conversation is open")).to_be_visible()
    expect(page).to_have_title("Parlour")


@pytest.mark.parametrize("more", [True, False])
def test_a_list_that_is_too_long_says_so_at_its_end(
    panel: Callable[..., Page], desk: PretendedDesk, *, more: bool
) -> None:
    desk.more_waits = more
    page = panel()
    expect(page.get_by_role("list", name="Waiting").get_by_role("listitem")).to_have_count(1)
    expect(page.get_by_text("More is waiting than is listed here.")).to_be_visible(visible=more)
    page.get_by_role("tab", name="Mine").click()
    expect(page.get_by_text("More is waiting than is listed here.")).to_be_hidden()


def test_everything_lists_conversations_that_nobody_waits_in(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    desk.all = [row(OTTO, "Otto", holder="bot", waiting_since=None, unread=0)]
    page = panel()
    page.get_by_role("tab", name="All").click()
    expect(page.get_by_role("list", name="All").get_by_role("listitem")).to_contain_text("With the assistant")


@pytest.mark.parametrize(
    ("last", "words"),
    [
        ("2025-12-24T08:05:00Z", "December 24, 2025, "),
        ("2025-12-31T08:05:00Z", "Wednesday, "),
        ("2026-01-01T08:05:00Z", "Thursday, "),
    ],
)
def test_a_moment_of_last_year_says_the_year_unless_it_is_only_days_ago(
    panel: Callable[..., Page], page: Page, desk: PretendedDesk, last: str, words: str
) -> None:
    page.clock.install(time="2026-01-04T12:00:00Z")
    said = {"text": "Thank you", "from": "visitor", "at": last}
    desk.all = [row(OTTO, "Otto", holder="bot", waiting_since=None, last=said)]
    panel()
    page.get_by_role("tab", name="All").click()
    expect(page.locator(".queue__wait")).to_have_text(re.compile(f"^{words}"))


@pytest.mark.parametrize(
    ("stands", "words"),
    [
        ({"holder": "queue"}, "Waiting for a person"),
        ({"holder": "queue", "left": True}, "Waiting for a person"),
        ({"holder": "bot", "left": True}, "Left a message"),
        ({"holder": "bot"}, "With the assistant"),
        ({"holder": "agent", "owner": {"id": "ben", "name": "Ben"}}, "With you"),
        ({"holder": "agent", "owner": {"id": "clara", "name": "Clara"}}, "With Clara"),
        ({"holder": "nobody", "open": False}, "Closed"),
        ({"holder": "nobody", "open": False, "left": True}, "Closed"),
    ],
)
def test_list_head_and_details_say_in_the_same_words_who_has_a_conversation(
    panel: Callable[..., Page], page: Page, desk: PretendedDesk, stands: dict[str, Any], words: str
) -> None:
    page.set_viewport_size({"width": 1400, "height": 900})
    desk.waiting, desk.all = [], [row(OTTO, "Otto", **stands)]
    desk.record[OTTO] = []
    panel()
    page.get_by_role("tab", name="All").click()
    otto = page.get_by_role("list", name="All").get_by_role("button", name="Otto")
    expect(otto.locator(".queue__holder, .queue__mark")).to_have_text([words])
    otto.click()
    expect(page.locator(".conversation__where")).to_contain_text(words)
    expect(page.get_by_role("region", name="Details of the conversation")).to_contain_text(f"Now{words}")


def test_what_nobody_came_for_is_the_assistants_again(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    page = panel(f"?conversation={ANNA}")
    where = page.locator(".conversation__where")
    expect(where).to_contain_text("Waiting for a person")
    desk.happens(ANNA, event(4, "waited_long", "system", department="sales"))
    expect(where).to_contain_text("With the assistant")


def test_a_department_has_one_name_for_agents_whatever_the_visitor_calls_it(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    desk.record[ANNA][2]["body"]["title"] = "Verkauf"
    page = panel(f"?conversation={ANNA}")
    expect(page.get_by_role("log")).to_contain_text("A person is wanted, Sales")
    expect(page.get_by_text("Verkauf")).to_have_count(0)
