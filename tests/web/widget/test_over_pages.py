"""One conversation over pages, tabs and time."""

import json

from playwright.sync_api import expect

from tests.browser import picture
from tests.web.widget.shop import (
    HELP,
    ID,
    SHOP,
    SPOKEN,
    PretendedChat,
    Visit,
    bubble_of,
    dialog_of,
    eventually,
    log_of,
    opened,
    write,
)


def test_the_conversation_goes_on_over_pages_and_reloads(visit: Visit, chat: PretendedChat) -> None:
    chat.replies = lambda text: [{"text": "Which size?"}]
    page = opened(visit())
    write(page, "Boots")
    expect(log_of(page)).to_contain_text("Which size?")
    page.get_by_role("textbox", name="Message").fill("Forty-")
    page.goto(f"{SHOP}/cart")
    expect(dialog_of(page)).to_be_visible()
    expect(log_of(page).locator(".own")).to_have_text("YouBoots")
    expect(log_of(page)).to_contain_text("Which size?")
    expect(page.get_by_role("textbox", name="Message")).to_have_value("Forty-")
    expect(page.get_by_role("textbox", name="Message")).not_to_be_focused()
    page.get_by_role("button", name="Close chat").click()
    page.reload()
    expect(page.get_by_role("button", name="Open chat")).to_be_visible()
    expect(dialog_of(page)).to_be_hidden()


def test_a_tab_that_was_away_shows_what_began_meanwhile_and_goes_on_there(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "visitor", client_id="said-here", text="Hello")
    page = opened(visit())
    chat.happens("closed", "system", by="agent")
    chat.stands(holder="nobody", open=False)
    expect(log_of(page)).to_contain_text("This conversation has ended.")
    chat.id, chat.record, chat.standing = "conversation-2", [], {}
    chat.adds("message", "visitor", client_id="said-there", text="From another tab")
    chat.sockets[-1].close(code=1011)
    expect(log_of(page).locator(".own")).to_have_text(["YouHello", "YouFrom another tab"])
    write(page, "And from here")
    expect(log_of(page).locator(".own").last).to_have_text("YouAnd from here")
    assert chat.ops("send")[-1]["conversation"] == "conversation-2"


def test_a_tab_opened_before_hears_of_a_conversation_that_another_begins(visit: Visit, chat: PretendedChat) -> None:
    left, right = visit(), opened(visit())
    write(right, "From the right")
    eventually(left, lambda: len(chat.sockets) == 2)
    chat.happens("message", "agent", "Anna", text="Which size do you need?")
    expect(left.get_by_role("button", name="Open chat, 1 new")).to_be_visible()
    expect(log_of(opened(left))).to_contain_text("Which size do you need?")
    expect(log_of(left).locator(".own")).to_have_text("YouFrom the right")


def test_a_bubble_in_one_tab_is_no_question_once_somebody_talks_in_another(visit: Visit, chat: PretendedChat) -> None:
    chat.triggers, chat.shown = [HELP], SPOKEN
    left = visit()
    expect(bubble_of(left)).to_be_visible()
    write(opened(visit()), "Good morning")
    eventually(left, lambda: len(chat.sockets) == 2)
    expect(bubble_of(left)).to_have_count(0)
    expect(log_of(opened(left)).locator(".own")).to_have_text("YouGood morning")
    expect(log_of(left)).not_to_contain_text("Which boots are right for you?")
    write(left, "It is me again")
    eventually(left, lambda: len(chat.ops("send")) == 2)
    assert chat.ops("send")[-1]["body"] == {"text": "It is me again"}


def test_what_a_bubble_said_leaves_an_open_chat_once_somebody_talks_in_another_tab(
    visit: Visit, chat: PretendedChat
) -> None:
    chat.triggers, chat.shown = [HELP], SPOKEN
    left = visit()
    expect(bubble_of(left)).to_be_visible()
    expect(log_of(opened(left)).get_by_role("button")).to_have_text(["Help me choose", "Just looking"])
    left.evaluate("localStorage.removeItem('parlour.open')")
    chat.replies = lambda text: [{"text": "Is it about an order?", "options": [{"label": "Yes", "value": "yes"}]}]
    write(opened(visit()), "Good morning")
    expect(log_of(left).get_by_role("button")).to_have_text(["Yes"])
    expect(log_of(left)).not_to_contain_text("Which boots are right for you?")
    write(left, "Yes, it is")
    eventually(left, lambda: len(chat.ops("send")) == 2)
    assert chat.ops("send")[-1]["body"] == {"text": "Yes, it is"}


def test_a_page_hears_of_a_conversation_that_began_since_the_one_before(visit: Visit, chat: PretendedChat) -> None:
    page = visit()
    chat.adds("message", "visitor", text="Hello")
    chat.adds("message", "agent", "Anna", text="Which size do you need?")
    page.evaluate("history.pushState({}, '', '/cart')")
    expect(bubble_of(page)).to_contain_text("Which size do you need?")


def test_what_was_read_in_one_tab_is_new_in_none(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "visitor", text="Hello")
    left, right = visit(), visit()
    eventually(right, lambda: len(chat.sockets) == 2)
    chat.adds("message", "agent", "Anna", text="Which size do you need?")
    for socket in chat.sockets:
        socket.send(json.dumps(chat.page(1)))
    for page in (left, right):
        expect(bubble_of(page)).to_be_visible()
    left.get_by_role("button", name="Open chat, 1 new").click()
    expect(log_of(left)).to_contain_text("Which size do you need?")
    expect(bubble_of(right)).to_have_count(0)
    expect(right.get_by_role("button", name="Open chat", exact=True)).to_be_visible()


def test_another_tab_hears_the_same_and_nothing_twice(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "visitor", text="Hello")
    left, right = opened(visit()), visit(launcher="Close chat")
    expect(dialog_of(right)).to_be_visible()
    expect(log_of(right)).to_contain_text("Hello")
    write(left, "From the left")
    eventually(left, lambda: len(chat.record) == 2)
    for socket in chat.sockets:
        socket.send(json.dumps(chat.page(0)))
    for page in (left, right):
        expect(log_of(page).locator(".own")).to_have_text(["YouHello", "YouFrom the left"])


def test_an_answer_that_comes_while_the_chat_is_closed_is_shown_counted_and_told(
    visit: Visit, chat: PretendedChat
) -> None:
    chat.adds("message", "visitor", text="Hello")
    page = visit()
    eventually(page, lambda: bool(chat.sockets))
    chat.stands(holder="agent", agent="Anna", department="Sales")
    chat.happens("message", "agent", "Anna", text="They are warm down to −15 °C.")
    chat.happens("message", "agent", "Anna", text="Which size do you need?")
    expect(page.get_by_role("button", name="Open chat, 2 new")).to_be_visible()
    expect(page.get_by_role("status").locator(".bubble")).to_contain_text("Which size do you need?")
    picture(page, "widget-unread")
    page.get_by_role("button", name="Which size do you need?").click()
    expect(log_of(page)).to_contain_text("They are warm down to −15 °C.")
    page.get_by_role("button", name="Close chat").click()
    expect(page.get_by_role("button", name="Open chat", exact=True)).to_be_visible()
    assert chat.ops("read")[-1] == {"op": "read", "conversation": ID, "seq": 3}


def test_what_was_read_is_not_new_on_the_next_page(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "visitor", text="Hello")
    chat.adds("message", "bot", text="Good morning.")
    page = opened(visit())
    expect(log_of(page)).to_contain_text("Good morning.")
    page.get_by_role("button", name="Close chat").click()
    page.goto(f"{SHOP}/cart")
    expect(page.get_by_role("button", name="Open chat", exact=True)).to_be_visible()


def test_last_words_of_a_conversation_that_ended_meanwhile_are_shown_beside_the_launcher(
    visit: Visit, chat: PretendedChat
) -> None:
    chat.adds("message", "visitor", text="Where is it?")
    chat.adds("message", "agent", "Anna", text="At quay 3. Goodbye!")
    chat.adds("closed", "agent", by="agent", name="Anna")
    chat.standing = {"open": False, "holder": "nobody"}
    page = visit()
    expect(bubble_of(page)).to_contain_text("At quay 3. Goodbye!")
    page = opened(page)
    expect(log_of(page)).to_contain_text("At quay 3. Goodbye!")
    eventually(page, lambda: [frame["seq"] for frame in chat.ops("read")] == [3])
    write(page, "And at what time?")
    eventually(page, lambda: chat.ops("send")[-1]["body"]["text"] == "And at what time?")
