"""What somebody is about to write: kept in its tab over pages, over what is said meanwhile, and not for longer."""

from playwright.sync_api import expect

from tests.web.widget.shop import SHOP, PretendedChat, Visit, log_of, opened, write


def test_each_tab_keeps_its_own_words_over_pages_and_none_that_were_sent(visit: Visit, chat: PretendedChat) -> None:
    left, right = opened(visit()), visit(launcher="Close chat")
    left.get_by_role("textbox", name="Message").fill("in the left one")
    right.get_by_role("textbox", name="Message").fill("in the right one")
    left.reload()
    expect(left.get_by_role("textbox", name="Message")).to_have_value("in the left one")
    right.goto(f"{SHOP}/cart")
    expect(right.get_by_role("textbox", name="Message")).to_have_value("in the right one")
    write(right, "in the right one")
    expect(log_of(right).locator(".own")).to_have_count(1)
    right.reload()
    expect(right.get_by_role("textbox", name="Message")).to_have_value("")
    left.reload()
    expect(left.get_by_role("textbox", name="Message")).to_have_value("in the left one")
