"""In which order things stand: what is on its way as it was written, and at last everything as the record has it."""

import json

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import picture
from tests.web.widget.shop import PretendedChat, Visit, eventually, log_of, opened, write
from web import frames


def said(page: Page) -> list[str]:
    return log_of(page).locator(".message .words").all_inner_texts()


def as_after_a_reload(page: Page) -> list[str]:
    count = len(said(page))
    page.reload()
    expect(log_of(page).locator(".message")).to_have_count(count)
    return said(page)


def takes(chat: PretendedChat, *texts: str) -> None:
    """Takes of the messages that wait these, one after the other."""
    chat.silent, chat.refusal = False, None
    for text in texts:
        waiting = next(frame for frame in chat.ops("send") if frame["body"] == {"text": text})
        for frame in chat.receive(frames.visitor_frame(json.dumps(waiting))):
            chat.sockets[-1].send(json.dumps(frame))


def test_what_is_not_yet_sent_stands_as_it_was_written_and_at_last_as_the_record_has_it(
    visit: Visit, chat: PretendedChat, world: BrowserContext
) -> None:
    chat.greeting = None
    chat.adds("message", "visitor", text="Hello")
    world.clock.install()
    page = opened(visit())
    expect(log_of(page)).to_contain_text("Hello")
    chat.reachable = False
    chat.sockets[-1].close(code=1011)
    for text in ("one", "two", "three"):
        write(page, text)
    page.clock.fast_forward(1_500)
    expect(log_of(page).locator(".own").last).to_contain_text("Not sent · Try again")
    assert said(page) == ["Hello", "one", "two", "three"]
    picture(page, "widget-pending-order")
    chat.adds("message", "agent", "Anna", text="Are you still there?")
    chat.reachable = True
    page.clock.fast_forward(30_000)
    expect(log_of(page).locator(".state")).to_have_count(0)
    eventually(page, lambda: len(chat.record) == 5)
    expect(log_of(page).locator(".message")).to_have_count(5)
    assert said(page) == ["Hello", "Are you still there?", "one", "two", "three"]
    assert as_after_a_reload(page) == ["Hello", "Are you still there?", "one", "two", "three"]


def test_what_is_taken_first_stands_first_whoever_else_speaks_meanwhile(visit: Visit, chat: PretendedChat) -> None:
    chat.greeting = None
    chat.adds("message", "visitor", text="Hello")
    page = opened(visit())
    chat.silent = True
    for text in ("one", "two", "three"):
        write(page, text)
    eventually(page, lambda: len(chat.ops("send")) == 3)
    assert said(page) == ["Hello", "one", "two", "three"]
    takes(chat, "one")
    chat.happens("message", "agent", "Anna", text="An answer to one")
    chat.happens("message", "visitor", text="From another tab")
    takes(chat, "three")
    write(page, "four")
    takes(chat, "two")
    expect(log_of(page).locator(".state")).to_have_count(0)
    expect(log_of(page).locator(".message")).to_have_count(7)
    in_order = ["Hello", "one", "An answer to one", "From another tab", "three", "four", "two"]
    assert said(page) == in_order
    assert as_after_a_reload(page) == in_order


def test_what_was_refused_for_now_and_is_sent_again_stands_where_it_was_taken(
    visit: Visit, chat: PretendedChat
) -> None:
    chat.greeting = None
    chat.adds("message", "visitor", text="Hello")
    page = opened(visit())
    chat.refusal = {"code": "too_many", "message": "That was too quick."}
    write(page, "one")
    expect(log_of(page)).to_contain_text("That was too quick.")
    chat.refusal = None
    write(page, "two")
    expect(log_of(page).locator(".own").last).to_contain_text("one")
    log_of(page).get_by_role("button", name="Try again").click()
    expect(log_of(page).locator(".state")).to_have_count(0)
    assert said(page) == ["Hello", "two", "one"]
    assert as_after_a_reload(page) == ["Hello", "two", "one"]


def test_what_an_earlier_page_left_unsent_stands_before_what_is_written_now(visit: Visit, chat: PretendedChat) -> None:
    chat.greeting = None
    chat.adds("message", "visitor", text="Hello")
    page = opened(visit())
    chat.silent = True
    for text in ("one", "two"):
        write(page, text)
    page.reload()
    expect(log_of(page)).to_contain_text("Hello")
    expect(log_of(page).locator(".own .state")).to_have_count(2)
    write(page, "three")
    assert said(page) == ["Hello", "one", "two", "three"]
