"""An answer that comes late: who has gone on to something else meanwhile is told of it and left there."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.web.panel.desk import ANNA, OTTO, PretendedDesk, accept_anna, at, comes_true, event, row

BEN = {"id": "ben", "name": "Ben"}


def answer_late(page: Page, desk: PretendedDesk, op: str) -> None:
    """Answers what was asked for while the desk was silent."""
    assert comes_true(page, lambda: desk.said(op))
    desk.silent = False
    desk.take(desk.said(op)[-1])


def accept_otto(page: Page) -> None:
    otto = page.get_by_role("list", name="Waiting").get_by_role("listitem").filter(has=page.locator(f"#row-{OTTO}"))
    otto.get_by_role("button", name="Accept").click()


def test_who_writes_to_somebody_else_by_now_is_left_there_and_shown_the_way(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    desk.waiting.append(row(OTTO, "Otto", waiting_since=at(20)))
    page = panel()
    accept_anna(page)
    page.get_by_role("tab", name="New").click()
    desk.silent = True
    accept_otto(page)
    page.get_by_role("textbox", name="Reply").click()
    page.keyboard.type("Anna, your card number ends ")
    answer_late(page, desk, "accept")
    said = page.get_by_role("status").filter(has_text="Otto is yours.")
    expect(said).to_be_visible()
    page.keyboard.type("in 4242")
    page.keyboard.press("Enter")
    assert comes_true(page, lambda: [frame["conversation"] for frame in desk.said("send")] == [ANNA])
    assert desk.said("send")[0]["body"] == {"text": "Anna, your card number ends in 4242"}
    said.get_by_role("button", name="Show").click()
    expect(said).to_be_hidden()
    expect(page.get_by_role("heading", name="Otto", level=2)).to_be_visible()
    expect(page.get_by_role("textbox", name="Reply")).to_be_focused()


def test_who_waits_for_the_answer_is_taken_to_the_conversation(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    desk.waiting.append(row(OTTO, "Otto", waiting_since=at(20)))
    page = panel()
    accept_anna(page)
    page.get_by_role("textbox", name="Reply").fill("Half an answ")
    page.get_by_role("tab", name="New").click()
    desk.silent = True
    accept_otto(page)
    answer_late(page, desk, "accept")
    expect(page.get_by_role("heading", name="Otto", level=2)).to_be_visible()
    expect(page.get_by_role("textbox", name="Reply")).to_be_focused()
    expect(page.get_by_text("Otto is yours.")).to_be_hidden()


def test_what_was_accepted_where_it_was_read_is_told_to_who_has_left_it(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    desk.waiting.append(row(OTTO, "Otto", waiting_since=at(20)))
    desk.record[OTTO] = []
    page = panel(f"?conversation={ANNA}")
    desk.silent = True
    page.locator(".composer__bar").get_by_role("button", name="Accept").click()
    page.locator(f"#row-{OTTO}").click()
    answer_late(page, desk, "accept")
    expect(page.get_by_role("status").filter(has_text="Anna Muster is yours.")).to_be_visible()
    expect(page.get_by_role("heading", name="Otto", level=2)).to_be_visible()


def test_who_writes_a_note_by_now_goes_on_with_it_when_the_conversation_is_theirs(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    page = panel(f"?conversation={ANNA}")
    desk.silent = True
    page.locator(".composer__bar").get_by_role("button", name="Accept").click()
    page.get_by_role("tab", name="Note").click()
    page.keyboard.type("She is a ")
    answer_late(page, desk, "accept")
    expect(page.locator(".conversation__where")).to_contain_text("With you")
    page.keyboard.type("reseller")
    expect(page.get_by_role("textbox", name="Note")).to_have_value("She is a reseller")


def test_who_writes_by_now_goes_on_when_somebody_else_was_first(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    desk.waiting.append(row(OTTO, "Otto", waiting_since=at(20)))
    page = panel()
    accept_anna(page)
    page.get_by_role("tab", name="New").click()
    desk.silent = True
    accept_otto(page)
    page.get_by_role("textbox", name="Reply").click()
    assert comes_true(page, lambda: len(desk.said("accept")) == 2)
    error = {"code": "already_accepted", "field": None, "message": "Clara has taken this conversation."}
    desk.tell("refused", client_id=desk.said("accept")[-1]["client_id"], error=error)
    expect(page.get_by_role("status").filter(has_text="Otto: Clara has taken this conversation.")).to_be_visible()
    expect(page.get_by_role("textbox", name="Reply")).to_be_focused()


@pytest.mark.parametrize(("op", "buttons"), [("close", ["Close", "Close conversation"]), ("return", ["Return to bot"])])
def test_who_writes_to_somebody_else_by_now_goes_on_when_a_conversation_has_ended(
    panel: Callable[..., Page], desk: PretendedDesk, op: str, buttons: list[str]
) -> None:
    desk.record[OTTO] = [event(1, "message", "visitor", "Otto", 50, text="Is it so?")]
    desk.waiting = [row("conversation-of-a-third", "Third", waiting_since=at(10))]
    desk.mine = [row(each, name, holder="agent", owner=BEN, token=3) for each, name in ((ANNA, "Anna"), (OTTO, "Otto"))]
    page = panel(f"?conversation={ANNA}")
    desk.silent = True
    for button in buttons:
        page.get_by_role("button", name=button, exact=True).click()
    page.get_by_role("tab", name="Mine").click()
    page.locator(f"#row-{OTTO}").click()
    page.get_by_role("tab", name="New").click()
    page.get_by_role("textbox", name="Reply").click()
    page.keyboard.type("Yes, th")
    answer_late(page, desk, op)
    expect(page.get_by_role("tab", name="Mine")).to_have_text("Mine1 yours")
    page.keyboard.type("at is so")
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("Yes, that is so")
    assert desk.said("accept") == []


def test_why_a_conversation_could_not_be_closed_names_it_to_who_has_left_it(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    desk.record[OTTO] = []
    desk.mine = [row(each, name, holder="agent", owner=BEN, token=3) for each, name in ((ANNA, "Anna"), (OTTO, "Otto"))]
    page = panel(f"?conversation={ANNA}")
    desk.silent = True
    page.get_by_role("button", name="Return to bot").click()
    page.get_by_role("tab", name="Mine").click()
    page.locator(f"#row-{OTTO}").click()
    assert comes_true(page, lambda: desk.said("return"))
    error = {"code": "reassigned", "field": None, "message": "Clara has this conversation now."}
    desk.tell("refused", client_id=desk.said("return")[0]["client_id"], error=error)
    expect(page.get_by_role("status").filter(has_text="Anna: Clara has this conversation now.")).to_be_visible()


def test_a_refused_reply_is_told_where_somebody_else_is_answered_by_now_and_kept_with_its_reason(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    desk.waiting.append(row(OTTO, "Otto", waiting_since=at(20)))
    desk.record[OTTO] = []
    page = panel()
    accept_anna(page)
    desk.silent = True
    page.get_by_role("textbox", name="Reply").fill("Yes, by invoice.")
    page.keyboard.press("Enter")
    assert comes_true(page, lambda: desk.said("send"))
    page.get_by_role("tab", name="New").click()
    page.locator(f"#row-{OTTO}").click()
    error = {"code": "reassigned", "field": None, "message": "Clara has this conversation now."}
    desk.tell("refused", client_id=desk.said("send")[0]["client_id"], error=error)
    said = page.get_by_role("status").filter(has_text="Your reply to Anna Muster was not sent.")
    expect(said).to_contain_text("Clara has this conversation now. It is kept there.")
    page.get_by_role("tab", name="Mine").click()
    expect(page.get_by_role("list", name="Mine").get_by_role("listitem")).to_contain_text("Not sent")
    said.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", name="Anna Muster", level=2)).to_be_visible()
    unsent = page.get_by_role("list", name="Not sent yet")
    expect(unsent).to_contain_text("Not sent. Clara has this conversation now.")
    unsent.get_by_role("button", name="Change it").click()
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("Yes, by invoice.")
    expect(page.get_by_role("list", name="Mine").get_by_role("listitem")).not_to_contain_text("Not sent")


def test_a_reply_refused_by_an_earlier_accept_is_sent_by_the_one_that_holds_now(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    page = panel()
    accept_anna(page)
    desk.silent = True
    reply = page.get_by_role("textbox", name="Reply")
    reply.fill("One more thing")
    page.keyboard.press("Enter")
    reply.fill("And then")
    assert comes_true(page, lambda: desk.said("send"))
    desk.happens(ANNA, event(5, "returned", "agent", "Ben", agent="ben"))
    desk.mine, desk.waiting = [], [row(ANNA)]
    error = {"code": "reassigned", "field": None, "message": "This conversation is no longer yours."}
    desk.tell("refused", client_id=desk.said("send")[0]["client_id"], error=error)
    unsent = page.get_by_role("list", name="Not sent yet")
    expect(unsent).to_contain_text("Not sent. This conversation is no longer yours.")
    desk.silent = False
    page.get_by_role("button", name="Take over").click()
    expect(page.locator(".conversation__where")).to_contain_text("With you")
    unsent.get_by_role("button", name="Try again").click()
    expect(reply).to_be_focused()
    expect(page.get_by_role("log", name="Conversation").get_by_text("One more thing")).to_have_count(1)
    expect(unsent).to_be_hidden()
    first, again = desk.said("send")
    assert (first["token"], again["token"]) == (4, 6)
    assert first["client_id"] == again["client_id"], "it is stored only once, whichever of the two arrives"


@pytest.mark.parametrize(
    ("op", "buttons", "doing"),
    [
        ("close", ["Close", "Close conversation"], "Closing…"),
        ("return", ["Return to bot"], "Returning to the bot…"),
    ],
)
def test_while_it_is_not_known_whether_a_conversation_has_ended_that_is_said_and_no_reply_goes_out(
    panel: Callable[..., Page], desk: PretendedDesk, op: str, buttons: list[str], doing: str
) -> None:
    desk.mine = [row(OTTO, "Otto", holder="agent", owner=BEN, token=3)]
    desk.record[OTTO] = []
    page = panel()
    accept_anna(page)
    said = page.locator(".conversation__doing")
    expect(said).to_have_text("")
    desk.silent = True
    for button in buttons:
        page.get_by_role("button", name=button, exact=True).press("Enter")
    name = page.get_by_role("heading", name="Anna Muster", level=2)
    expect(said).to_have_text(doing)
    expect(name).to_be_focused()
    reply, ends = page.get_by_role("textbox", name="Reply"), page.locator(".conversation__actions")
    reply.fill("One more thing")
    page.keyboard.press("Enter")
    expect(page.get_by_text("This conversation is just being ended. What you wrote is kept.")).to_be_visible()
    for button in ("Return to bot", "Close"):
        expect(ends.get_by_role("button", name=button)).to_be_disabled()
    expect(page.get_by_role("button", name="Send")).to_be_disabled()
    page.locator(f"#row-{OTTO}").click()
    expect(said).to_have_text("")
    expect(page.get_by_role("button", name="Send")).to_be_enabled()
    page.locator(f"#row-{ANNA}").click()
    expect(said).to_have_text(doing)
    expect(reply).to_have_value("One more thing")
    answer_late(page, desk, op)
    expect(page.get_by_role("button", name="Return to bot")).to_be_hidden()
    expect(said).to_have_text("")
    expect(page.get_by_text("What you wrote is kept:")).to_be_visible()
    assert (len(desk.said(op)), desk.said("send")) == (1, [])


def test_a_conversation_that_could_not_be_ended_goes_on_where_it_stood(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    page = panel()
    accept_anna(page)
    desk.silent = True
    page.get_by_role("button", name="Return to bot").press("Enter")
    assert comes_true(page, lambda: desk.said("return"))
    error = {"code": "busy", "field": None, "message": "The database is away."}
    desk.tell("refused", client_id=desk.said("return")[0]["client_id"], error=error)
    expect(page.get_by_role("status").filter(has_text="The database is away.")).to_be_visible()
    expect(page.get_by_role("button", name="Return to bot")).to_be_focused()
    expect(page.locator(".conversation__where")).to_contain_text("With you")
    desk.silent = False
    page.get_by_role("textbox", name="Reply").fill("One more thing")
    page.get_by_role("button", name="Send").click()
    assert comes_true(page, lambda: [frame["body"] for frame in desk.said("send")] == [{"text": "One more thing"}])
    page.get_by_role("button", name="Return to bot").click()
    expect(page.get_by_text("The assistant is answering.")).to_be_visible()
