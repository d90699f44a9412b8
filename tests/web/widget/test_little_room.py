"""The widget where it is easily spoiled: little room, the keyboard of a phone, a focus whose button has gone."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser import stop_clock
from tests.web.widget.shop import (
    HELP,
    SHOP,
    SPOKEN,
    Host,
    PretendedChat,
    Visit,
    bubble_of,
    dialog_of,
    eventually,
    log_of,
    opened,
    settle,
    write,
)

TOPICS = [{"label": topic, "value": topic} for topic in ("An order", "Advice", "Something else")]
"""Buttons enough for two lines of them."""


def test_a_bubble_can_be_waved_away_where_there_is_hardly_any_room(visit: Visit, chat: PretendedChat) -> None:
    """A laptop whose page is enlarged four times."""
    chat.triggers, chat.shown = [HELP], {**SPOKEN, "buttons": TOPICS}
    page = small(visit, 320, 256)
    page.goto(f"{SHOP}/boots")
    expect(bubble_of(page)).to_be_visible()
    settle(page)
    expect(page.get_by_role("button", name="Close message")).to_be_in_viewport(ratio=1)
    page.get_by_role("button", name="Close message").click()
    expect(bubble_of(page)).to_have_count(0)


def test_what_can_be_pressed_is_seen_in_a_low_window(visit: Visit, chat: PretendedChat) -> None:
    """A laptop whose page is enlarged twice."""
    chat.adds("message", "visitor", text="Hello")
    chat.adds("message", "bot", text="I can help, or fetch a colleague. What is it about?", options=TOPICS, step="s")
    page = opened(small(visit, 640, 400))
    settle(page)
    for topic in TOPICS:
        expect(log_of(page).get_by_role("button", name=topic["label"])).to_be_in_viewport(ratio=1)


def test_a_window_that_is_too_low_for_everything_can_be_scrolled(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "visitor", text="Hello")
    chat.adds("message", "bot", text="What is it about?", options=TOPICS, step="s")
    page = opened(small(visit, 320, 256))
    log_of(page).get_by_role("button", name="Advice").click()
    expect(log_of(page).locator(".own").last).to_contain_text("Advice")
    write(page, "Boots")
    expect(log_of(page).locator(".own").last).to_contain_text("Boots")


def test_whoever_reads_the_end_goes_on_reading_it_while_they_write(visit: Visit, chat: PretendedChat) -> None:
    page = opened(with_history(visit, chat))
    expect(log_of(page).get_by_text("Answer 29")).to_be_in_viewport(ratio=1)
    page.get_by_role("textbox", name="Message").fill("One line\nand another\nand one more\nand a last one")
    expect(log_of(page).get_by_text("Answer 29")).to_be_in_viewport(ratio=1)
    page.get_by_role("textbox", name="Message").fill("")
    write(page, "")
    expect(page.get_by_role("alert")).to_contain_text("This message is empty.")
    expect(log_of(page).get_by_text("Answer 29")).to_be_in_viewport(ratio=1)


def test_what_was_begun_on_another_page_is_seen_whole(visit: Visit, chat: PretendedChat) -> None:
    page = opened(visit())
    field = page.get_by_role("textbox", name="Message")
    field.fill("One line\nand another\nand one more")
    settle(page)
    where = field.bounding_box()
    page.goto(f"{SHOP}/cart")
    expect(field).to_be_visible()
    settle(page)
    assert field.bounding_box() == where


def test_whoever_reads_further_up_is_left_there_while_they_write(visit: Visit, chat: PretendedChat) -> None:
    page = opened(with_history(visit, chat))
    log_of(page).evaluate("(log) => (log.scrollTop = 300)")
    page.get_by_role("textbox", name="Message").fill("One line\nand another\nand one more\nand a last one")
    settle(page)
    assert log_of(page).evaluate("(log) => log.scrollTop") == 300


def test_a_page_made_wider_can_be_used_beside_the_chat(visit: Visit, chat: PretendedChat, host: Host) -> None:
    """A phone turned round, a window drawn larger."""
    host.policy, host.body = "", "<main style='height: 4000px'><button>Buy</button></main>"
    page = small(visit, 400, 800)
    page.evaluate("scrollTo(0, 2000)")
    opened(page)
    page.get_by_role("textbox", name="Message").fill("Forty-")
    page.set_viewport_size({"width": 1000, "height": 800})
    expect(dialog_of(page)).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("textbox", name="Message")).to_be_focused()
    page.get_by_role("button", name="Buy").click()
    page.get_by_role("button", name="Close chat").click()
    expect(dialog_of(page)).to_be_hidden()


@pytest.mark.browser_context_args(has_touch=True, is_mobile=True, viewport={"width": 360, "height": 640})
def test_a_press_on_a_phone_does_not_call_its_keyboard_up(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "visitor", text="Hello")
    chat.adds("message", "bot", text="What is it about?", options=TOPICS, step="s")
    phone = visit()
    phone.get_by_role("button", name="Open chat").click()
    log_of(phone).get_by_role("button", name="Advice").click()
    expect(log_of(phone).locator(".own").last).to_contain_text("Advice")
    expect(dialog_of(phone)).to_be_focused()
    phone.get_by_role("button", name="Talk to a person").click()
    expect(log_of(phone).locator(".own").last).to_contain_text("Talk to a person")
    expect(dialog_of(phone)).to_be_focused()


def test_the_focus_stays_when_what_was_pressed_goes_away(visit: Visit, chat: PretendedChat) -> None:
    page = opened(visit())
    field = page.get_by_role("textbox", name="Message")
    page.get_by_role("button", name="Talk to a person").click()
    chat.happens("agent_requested", "bot", title="Sales")
    chat.stands(holder="queue", place=1)
    expect(page.get_by_role("button", name="Talk to a person")).to_be_hidden()
    expect(field).to_be_focused()
    chat.refusal = {"code": "too_many", "message": "Too many."}
    write(page, "Hello?")
    chat.refusal = None
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    expect(field).to_be_focused()


def test_what_is_being_typed_is_told_to_its_end(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "visitor", text="Hello")
    page = visit()
    page.clock.install()
    opened(page)
    chat.stands(holder="agent", agent="Anna")
    expect(page.get_by_role("heading", name="Anna")).to_be_visible()
    stop_clock(page)
    page.get_by_role("textbox", name="Message").press_sequentially("wait")
    eventually(page, lambda: told(chat) == ["w"])
    page.clock.run_for(3_000)
    eventually(page, lambda: told(chat) == ["w", "wait"])
    page.clock.run_for(10_000)
    page.get_by_role("textbox", name="Message").press_sequentially("!")
    eventually(page, lambda: told(chat) == ["w", "wait", "wait!"])


def test_who_speaks_is_said_again_after_ones_own_words(visit: Visit, chat: PretendedChat) -> None:
    chat.triggers, chat.shown = [HELP], SPOKEN
    chat.replies = lambda text: [{"text": "For summer or for winter?"}]
    page = visit()
    expect(bubble_of(page)).to_be_visible()
    opened(page)
    chat.adds("message", "bot", text=SPOKEN["say"])
    write(page, "Size 42?")
    expect(log_of(page)).to_contain_text("For summer or for winter?")
    expect(log_of(page).locator(".message").last.locator(".who")).to_have_text("Assistant")


def small(visit: Visit, width: int, height: int) -> Page:
    page = visit("/about")
    page.set_viewport_size({"width": width, "height": height})
    return page


def with_history(visit: Visit, chat: PretendedChat) -> Page:
    chat.adds("message", "visitor", text="Hello")
    for n in range(30):
        chat.adds("message", "bot", text=f"Answer {n}")
    return visit()


def told(chat: PretendedChat) -> list[str]:
    return [frame["text"] for frame in chat.ops("typing") if frame["on"]]
