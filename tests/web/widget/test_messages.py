"""What a visitor writes: sending, taken, refused, and the answer with its quick replies."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser import picture
from tests.web.widget.shop import ID, PretendedChat, Visit, dialog_of, log_of, opened, write
from web import frames


def test_a_message_begins_a_conversation_and_the_answer_comes_with_quick_replies(
    visit: Visit, chat: PretendedChat
) -> None:
    topics = [{"label": "An order", "value": "order"}, {"label": "Advice", "value": "advice"}]
    chat.replies = lambda text: (
        [{"text": f"About {text}?", "options": topics, "step": "topic"}] if text == "Hello" else []
    )
    page = opened(visit())
    page.set_viewport_size({"width": 1280, "height": 480})
    write(page, "Hello")
    expect(log_of(page).get_by_text("About Hello?")).to_be_visible()
    expect(page.get_by_role("textbox", name="Message")).to_have_value("")
    (sent,) = chat.ops("send")
    assert sent["conversation"] is None
    assert sent["body"] == {"text": "Hello"}
    picture(page, "widget-quick-replies")
    expect(log_of(page).get_by_role("button", name="Advice")).to_be_in_viewport(ratio=1)
    log_of(page).get_by_role("button", name="Advice").click()
    expect(log_of(page).locator(".own")).to_have_text(["YouHello", "YouAdvice"])
    expect(log_of(page).get_by_role("button")).to_have_count(0)
    assert chat.ops("send")[1]["body"] == {"button": {"step": "topic", "value": "advice", "label": "Advice"}}
    assert chat.ops("send")[1]["conversation"] == ID


def test_a_message_is_sending_until_it_is_taken_and_nothing_else(visit: Visit, chat: PretendedChat) -> None:
    chat.silent = True
    page = opened(visit())
    write(page, "Hello")
    expect(log_of(page).locator(".own")).to_have_text("YouHelloSending")
    waiting = chat.ops("send")[0]
    chat.silent = False
    for frame in chat.receive(frames.visitor_frame(json.dumps(waiting))):
        chat.sockets[-1].send(json.dumps(frame))
    expect(log_of(page).locator(".own")).to_have_text("YouHello")


def test_shift_and_enter_make_a_new_line_and_nothing_empty_is_sent(visit: Visit, chat: PretendedChat) -> None:
    page = opened(visit())
    field = page.get_by_role("textbox", name="Message")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("This message is empty. Write a word or two.")
    expect(field).to_have_attribute("aria-invalid", "true")
    field.fill("\u200b \u0007")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("This message is empty")
    field.fill("")
    field.press_sequentially("one")
    field.press("Shift+Enter")
    field.press_sequentially("two")
    expect(page.get_by_role("alert")).to_be_empty()
    page.get_by_role("button", name="Send").click()
    expect(log_of(page).locator(".own .words")).to_have_text("one\ntwo", use_inner_text=True)
    assert [frame["body"] for frame in chat.ops("send")] == [{"text": "one\ntwo"}]


@pytest.mark.parametrize("composing", [True, False], ids=["during it", "as Safari says it"])
def test_a_key_that_ends_a_word_being_composed_does_nothing_else(
    visit: Visit, chat: PretendedChat, composing: bool
) -> None:
    page = opened(visit())
    field = page.get_by_role("textbox", name="Message")
    field.fill("にほ")
    for key, number in (("Enter", 13), ("Escape", 27)):
        common = {"key": key, "bubbles": True, "cancelable": True}
        field.dispatch_event("keydown", {**common, "keyCode": 229, "isComposing": composing})
        field.dispatch_event("keyup", {**common, "keyCode": number})
    expect(dialog_of(page)).to_be_visible()
    expect(field).to_have_value("にほ")
    assert chat.ops("send") == []


def test_a_message_too_long_is_not_cut_but_told_and_kept(visit: Visit, chat: PretendedChat) -> None:
    page = opened(visit())
    field = page.get_by_role("textbox", name="Message")
    field.fill("😀" * 4_003)
    field.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("This is 3 characters too long. Shorten it or send it in parts.")
    expect(field).to_have_value("😀" * 4_003)
    assert chat.ops("send") == []
    picture(page, "widget-too-long")
    field.fill("😀" * 4_000)
    field.press("Enter")
    expect(log_of(page).locator(".own")).to_have_count(1)


def test_a_refused_message_says_so_and_goes_back_to_where_it_was_written(visit: Visit, chat: PretendedChat) -> None:
    chat.refusal = {"code": "malformed", "message": "There is a character in it that cannot be stored."}
    page = opened(visit())
    write(page, "Something odd")
    refused = log_of(page).locator(".own")
    expect(refused).to_contain_text("Not sent · It was not accepted.")
    picture(page, "widget-refused")
    refused.get_by_role("button", name="Change it").click()
    expect(page.get_by_role("textbox", name="Message")).to_have_value("Something odd")
    expect(page.get_by_role("textbox", name="Message")).to_be_focused()
    expect(refused).to_have_count(0)
    chat.refusal = None
    page.get_by_role("textbox", name="Message").press("Enter")
    expect(log_of(page).locator(".own")).to_have_text("YouSomething odd")


def test_too_quick_may_be_tried_again(visit: Visit, chat: PretendedChat) -> None:
    chat.refusal = {"code": "too_many", "message": "That was too quick. Try again in 3 s."}
    page = opened(visit())
    write(page, "Hello")
    expect(log_of(page).locator(".own")).to_contain_text("Not sent · That was too quick.")
    chat.refusal = None
    log_of(page).get_by_role("button", name="Try again").click()
    expect(log_of(page).locator(".own")).to_have_text("YouHello")
    assert len({frame["client_id"] for frame in chat.ops("send")}) == 1
