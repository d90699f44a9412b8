"""Who answers, in the visitor's window: the assistant, a place in line, a person, nobody any more."""

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser import picture, stop_clock
from tests.web.widget.shop import ID, PretendedChat, Visit, dialog_of, eventually, log_of, opened, write


def test_the_way_to_a_person_is_always_there_until_one_is_asked_for(visit: Visit, chat: PretendedChat) -> None:
    page = opened(visit())
    page.get_by_role("button", name="Talk to a person").click()
    expect(log_of(page).locator(".own")).to_have_text("YouTalk to a person")
    chat.happens("agent_requested", "bot", title="Sales")
    chat.stands(holder="queue", department="Sales", place=2)
    expect(dialog_of(page)).to_contain_text("You are 2nd in line")
    expect(log_of(page)).to_contain_text("A person is being asked.")
    expect(page.get_by_role("button", name="Talk to a person")).to_be_hidden()
    picture(page, "widget-in-line")
    for place, words in ((1, "1st"), (3, "3rd"), (11, "11th"), (22, "22nd")):
        chat.stands(holder="queue", department="Sales", place=place)
        expect(dialog_of(page)).to_contain_text(f"You are {words} in line")


def test_who_left_a_message_and_asks_again_hears_their_place_in_line(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "visitor", text="Hello")
    page = opened(visit())
    chat.stands(holder="bot", left=True)
    expect(dialog_of(page)).to_contain_text("We answer by e-mail")
    chat.stands(holder="queue", left=True, department="Sales", place=1)
    expect(dialog_of(page)).to_contain_text("You are 1st in line")
    chat.stands(holder="bot", left=True)
    expect(dialog_of(page)).to_contain_text("We answer by e-mail")


def test_a_person_is_told_from_the_program_in_words(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "visitor", text="Hello")
    page = opened(visit())
    chat.happens("accepted", "agent", name="Anna")
    chat.stands(holder="agent", agent="Anna", department="Sales")
    chat.happens("message", "agent", "Anna", text="Good morning.")
    expect(page.get_by_role("heading", name="Anna, Sales")).to_be_visible()
    expect(dialog_of(page)).to_contain_text("A person")
    expect(log_of(page)).to_contain_text("Anna is here, a person, and sees what you type.")
    expect(log_of(page).locator(".message .who").last).to_have_text("Anna")
    chat.happens("returned", "agent", name="Anna")
    chat.stands(holder="bot")
    chat.happens("message", "bot", text="What else?")
    expect(log_of(page)).to_contain_text("The assistant, a program, answers again.")
    expect(log_of(page).locator(".message .who").last).to_have_text("Assistant")
    expect(page.get_by_role("heading", name="Bergschuh")).to_be_visible()


NEW_YORK = pytest.mark.browser_context_args(timezone_id="America/New_York")
TOKYO = pytest.mark.browser_context_args(timezone_id="Asia/Tokyo")


@pytest.mark.parametrize(
    ("now", "opens", "said"),
    [
        pytest.param("2026-11-26T20:00Z", "2026-11-27T09:00:00+01:00", "back 5:00 PM", marks=TOKYO),
        pytest.param("2026-11-26T20:00Z", "2026-11-27T17:00:00+01:00", "back tomorrow, 1:00 AM", marks=TOKYO),
        pytest.param("2026-11-26T20:00Z", "2026-12-01T09:00:00+01:00", "back Tuesday, 5:00 PM", marks=TOKYO),
        pytest.param("2026-11-26T20:00Z", "2026-12-07T09:00:00+01:00", "back December 7, 5:00 PM", marks=TOKYO),
        pytest.param("2026-10-31T16:00Z", "2026-11-01T15:00:00+01:00", "back tomorrow, 9:00 AM", marks=NEW_YORK),
        pytest.param("2026-11-27T02:00Z", "2026-11-27T09:00:00+01:00", "back tomorrow, 3:00 AM", marks=NEW_YORK),
    ],
)
def test_when_somebody_is_back_is_said_in_the_time_of_the_visitor(
    world: BrowserContext, visit: Visit, chat: PretendedChat, now: str, opens: str, said: str
) -> None:
    world.clock.set_fixed_time(now)
    chat.adds("message", "visitor", text="Hello")
    chat.standing = {"opens": opens}
    page = opened(visit())
    expect(dialog_of(page).get_by_role("status").first).to_have_text(f"Closed, {said}")


def test_only_a_person_who_has_the_conversation_sees_what_is_typed(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "visitor", text="Hello")
    page = visit()
    page.clock.install()
    opened(page)
    stop_clock(page)
    field = page.get_by_role("textbox", name="Message")
    field.press_sequentially("secret")
    chat.stands(holder="agent", agent="Anna")
    expect(page.get_by_role("heading", name="Anna")).to_be_visible()
    field.fill("")
    field.press_sequentially("open")
    eventually(page, lambda: len(chat.ops("typing")) == 3)
    assert [(frame["on"], frame["text"]) for frame in chat.ops("typing")] == [(True, None), (False, ""), (True, "o")]


def test_who_writes_is_shown_while_they_do(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "visitor", text="Hello")
    page = opened(visit())
    expect(log_of(page)).to_contain_text("Hello")
    chat.stands(holder="agent", agent="Anna")
    chat.tell("typing", conversation=ID, who="agent", on=True)
    expect(dialog_of(page)).to_contain_text("Anna is writing …")
    chat.happens("message", "agent", "Anna", text="Here I am.")
    expect(dialog_of(page)).not_to_contain_text("Anna is writing …")


def test_a_left_message_and_an_end_are_told(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "visitor", text="Hello")
    page = opened(visit())
    chat.happens("message_left", "system", email="kim@mail.example")
    chat.stands(holder="nobody", left=True)
    expect(dialog_of(page)).to_contain_text("We answer by e-mail")
    chat.happens("closed", "system", by="agent")
    chat.stands(holder="nobody", open=False)
    expect(log_of(page)).to_contain_text("This conversation has ended. Write to begin a new one.")
    picture(page, "widget-ended")
    write(page, "One more thing")
    expect(log_of(page)).to_contain_text("One more thing")
    assert chat.ops("send")[-1]["conversation"] is None
