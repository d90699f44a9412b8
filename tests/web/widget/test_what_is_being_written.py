"""What somebody is about to write: kept in its tab over pages, over what is said meanwhile, and not for longer."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import picture
from tests.web.widget.shop import SHOP, PretendedChat, Visit, eventually, log_of, opened, write
from tests.web.widget.test_forms import FIELDS, fill_in, form_in, form_of


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


def filled(page: Page) -> list[str | bool]:
    """What stands in the form."""
    values: list[str | bool] = form_in(page).evaluate(
        "(form) => [...form.elements].filter((one) => one.matches('input, select, textarea'))"
        ".map((one) => (/radio|checkbox/.test(one.type) ? one.checked : one.value))"
    )
    return values


def said_again(**known: Any) -> dict[str, Any]:
    """The same form once more, with what is known meanwhile."""
    fields = [{**each, "value": known.get(each["name"])} for each in FIELDS]
    return {"text": "And now: what is your name?", "form": form_of(*fields), "step": "offer.details"}


def began(page: Page) -> list[str | bool]:
    """Fills in some of the form, and says what stands in it then."""
    fill_in(page)
    form_in(page).get_by_role("textbox", name="Wishes").fill("A quiet room")
    form_in(page).get_by_role("textbox", name="Wishes").press("End")
    form_in(page).get_by_role("textbox", name="Wishes").type(", please.")
    return filled(page)


def test_a_form_keeps_what_stands_in_it_over_a_question_and_over_pages(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "bot", text="What is your name?", form=form_of(), step="offer.details")
    chat.replies = lambda text: [{"text": "Until ten at night."}, said_again()]
    page = opened(visit())
    before = began(page)
    assert before.count("") == 2
    write(page, "Until when can I call?")
    expect(log_of(page)).to_contain_text("Until ten at night.")
    expect(form_in(page)).to_be_visible()
    assert filled(page) == before
    picture(page, "widget-kept-form")
    page.reload()
    expect(form_in(page)).to_be_visible()
    assert filled(page) == before
    page.goto(f"{SHOP}/cart")
    expect(form_in(page)).to_be_visible()
    assert filled(page) == before
    chat.replies = lambda text: []
    form_in(page).get_by_role("button", name="Get the offer").click()
    expect(form_in(page)).to_have_count(0)
    assert chat.ops("send")[-1]["body"]["form"]["values"]["wishes"] == "A quiet room, please."


def test_what_was_learnt_meanwhile_or_is_wrong_counts_more_than_what_was_typed_before(
    visit: Visit, chat: PretendedChat
) -> None:
    chat.adds("message", "bot", text="What is your name?", form=form_of(), step="offer.details")
    chat.replies = lambda text: [said_again(name="Kim Lee-Park", email="kim at mail")]
    page = opened(visit())
    began(page)
    write(page, "I am Kim Lee-Park")
    name, email, wishes = (form_in(page).get_by_role("textbox", name=each) for each in ("name?", "E-mail", "Wishes"))
    expect(name).to_have_value("Kim Lee-Park")
    expect(email).to_have_value("kim at mail")
    expect(wishes).to_have_value("A quiet room, please.")
    chat.replies = lambda text: [said_again()]
    write(page, "What was wrong with it?")
    expect(form_in(page)).to_be_visible()
    expect(email).to_have_value("kim at mail")


def test_each_tab_fills_in_its_own_form(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "bot", text="What is your name?", form=form_of(FIELDS[0]))
    left, right = opened(visit()), visit(launcher="Close chat")
    form_in(left).get_by_role("textbox").fill("Kim")
    form_in(right).get_by_role("textbox").fill("Robin")
    for page in (left, right):
        page.reload()
    expect(form_in(left).get_by_role("textbox")).to_have_value("Kim")
    expect(form_in(right).get_by_role("textbox")).to_have_value("Robin")


def test_who_is_filling_in_a_form_goes_on_where_they_are_while_something_is_said(
    visit: Visit, chat: PretendedChat
) -> None:
    chat.adds("message", "bot", text="What is your name?", form=form_of(), step="offer.details")
    page = opened(visit())
    began(page)
    wishes = form_in(page).get_by_role("textbox", name="Wishes")
    wishes.press("ArrowLeft")
    before = len(chat.record)
    chat.adds("message", "visitor", text="From another tab")
    chat.adds("message", "bot", text="Yes, of course.")
    chat.adds("message", "bot", **said_again())
    chat.sockets[-1].send(json.dumps(chat.page(before)))
    expect(log_of(page)).to_contain_text("And now: what is your name?")
    expect(wishes).to_be_focused()
    page.keyboard.type("!")
    expect(wishes).to_have_value("A quiet room, please!.")
    expect(wishes).to_be_in_viewport()


KEPT = "JSON.stringify(Object.values(sessionStorage)).includes('Kim')"


@pytest.mark.parametrize("ends", ["sent", "closed", "closed_meanwhile", "another_meanwhile", "erased", "replaced"])
def test_what_was_typed_into_a_form_goes_once_it_is_sent_or_its_conversation_is_over(
    visit: Visit, chat: PretendedChat, ends: str
) -> None:
    chat.adds("message", "bot", text="What is your name?", form=form_of(FIELDS[0]))
    page = opened(visit())
    form_in(page).get_by_role("textbox").fill("Kim")
    assert page.evaluate(KEPT)
    if ends == "sent":
        form_in(page).get_by_role("button").click()
    elif ends == "closed":
        chat.happens("closed", "bot", by="bot")
        chat.stands(open=False, holder="nobody")
    elif ends == "closed_meanwhile":
        page.goto("about:blank")
        chat.begun, chat.record = False, []
        page.goto(f"{SHOP}/cart")
    elif ends == "another_meanwhile":
        page.goto("about:blank")
        chat.id, chat.record = "conversation-2", []
        chat.adds("message", "bot", text="Hello again.")
        page.goto(f"{SHOP}/cart")
    else:
        chat.record, chat.begun = [], False
        chat.epoch = "e2" if ends == "replaced" else chat.epoch
        chat.sockets[-1].close(code=1011)
    eventually(page, lambda: not page.evaluate(KEPT))
    chat.id, chat.standing, chat.record = "conversation-3", {}, []
    chat.adds("message", "bot", text="What is your name?", form=form_of(FIELDS[0]))
    page.reload()
    expect(form_in(page).get_by_role("textbox")).to_have_value("")


def test_what_was_typed_into_a_form_that_was_sent_in_another_tab_does_not_come_back(
    visit: Visit, chat: PretendedChat
) -> None:
    chat.adds("message", "bot", text="What is your name?", form=form_of(FIELDS[0]))
    left, right = opened(visit()), visit(launcher="Close chat")
    form_in(left).get_by_role("textbox").fill("Kim")
    form_in(right).get_by_role("textbox").fill("Robin")
    form_in(right).get_by_role("button").click()
    expect(log_of(right).locator(".own")).to_have_count(1)
    chat.sockets[0].send(json.dumps(chat.page(1)))
    expect(form_in(left)).to_have_count(0)
    chat.adds("message", "bot", text="And who comes with you?", form=form_of(FIELDS[0]))
    for socket in chat.sockets:
        socket.send(json.dumps(chat.page(2)))
    for page in (left, right):
        expect(log_of(page)).to_contain_text("And who comes with you?")
        expect(form_in(page).get_by_role("textbox")).to_have_value("")


def test_who_has_agreed_to_something_has_not_agreed_to_other_words(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "bot", text="May we?", form=form_of(*FIELDS[:1], FIELDS[9]), step="offer.details")
    page = opened(visit())
    form_in(page).get_by_role("checkbox").check()
    form_in(page).get_by_role("textbox").fill("Kim")
    page.reload()
    expect(form_in(page).get_by_role("checkbox")).to_be_checked()
    other = {**FIELDS[9], "label": "My data may be sold."}
    chat.record[-1]["body"]["form"] = form_of(*FIELDS[:1], other)
    page.reload()
    expect(form_in(page).get_by_role("textbox")).to_have_value("Kim")
    expect(form_in(page).get_by_role("checkbox", name="sold")).not_to_be_checked()


def test_a_form_keeps_what_stands_in_it_where_the_answer_comes_bit_by_bit(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "bot", text="What is your name?", form=form_of(), step="offer.details")
    page = opened(visit())
    before = began(page)
    chat.replies = lambda text: [{"text": "One moment."}]
    write(page, "Until when can I call?")
    expect(log_of(page)).to_contain_text("One moment.")
    expect(form_in(page)).to_have_count(0)
    chat.happens("message", "bot", **said_again())
    expect(form_in(page)).to_be_visible()
    assert filled(page) == before


def test_what_was_refused_is_put_before_what_is_being_written_meanwhile(visit: Visit, chat: PretendedChat) -> None:
    page = opened(visit())
    chat.refusal = {"code": "malformed", "message": "It cannot be stored."}
    write(page, "I am looking for boots,")
    message = page.get_by_role("textbox", name="Message")
    message.fill("size 42.")
    log_of(page).get_by_role("button", name="Change it").click()
    expect(message).to_have_value("I am looking for boots,\nsize 42.")
    expect(message).to_be_focused()


def test_a_reminder_leaves_what_is_wrong_under_its_field(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "bot", text="What is your name?", form=form_of(FIELDS[0], FIELDS[1]))
    wrong = {**FIELDS[1], "value": "kim at mail"}
    chat.replies = lambda text: [
        {"text": "Not yet.", "form": form_of({**FIELDS[0], "value": "Kim"}, wrong, errors={"email": "It has no @."})}
    ]
    page = opened(visit())
    form_in(page).get_by_role("textbox", name="name?").fill("Kim")
    form_in(page).get_by_role("textbox", name="E-mail").fill("kim at mail")
    form_in(page).get_by_role("button").click()
    expect(form_in(page)).to_contain_text("It has no @.")
    chat.happens("message", "bot", text="Still there?", form=form_of({**FIELDS[0], "value": "Kim"}, FIELDS[1]))
    expect(log_of(page)).to_contain_text("Still there?")
    email = form_in(page).get_by_role("textbox", name="E-mail")
    expect(email).to_have_value("kim at mail")
    expect(email).to_have_attribute("aria-invalid", "true")
    expect(form_in(page)).to_contain_text("It has no @.")
    known = {**FIELDS[1], "value": "kim@mail.example"}
    chat.happens("message", "bot", text="Thank you.", form=form_of({**FIELDS[0], "value": "Kim"}, known))
    expect(email).to_have_value("kim@mail.example")
    expect(email).to_have_attribute("aria-invalid", "false")


@pytest.mark.parametrize("value", [{"amount": 4}, [4], 4])
def test_a_field_holds_no_more_than_words(visit: Visit, chat: PretendedChat, value: Any) -> None:
    chat.adds("message", "bot", text="How many?", form=form_of({**FIELDS[0], "value": value}))
    expect(form_in(opened(visit())).get_by_role("textbox")).to_have_value("4" if value == 4 else "")
