"""What the panel says where nobody is signed in any more."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

from tests.web.panel.desk import ANNA, BRIEF, OTTO, PretendedDesk, accept_anna, at, comes_true, event, row


def test_who_was_signed_out_elsewhere_is_told_so_wherever_something_is_missing(
    panel: Callable[..., Page], page: Page, desk: PretendedDesk
) -> None:
    desk.waiting = []
    panel()
    page.context.route("**/panel/conversations", lambda route: route.fulfill(status=401, json={"error": {}}))
    page.get_by_role("tab", name="All").click()
    expect(page.get_by_role("alert").filter(has_text="You are signed out.")).to_be_visible()
    for tab in ("All", "Mine", "New"):
        page.get_by_role("tab", name=tab).click()
        words = "You are signed out. The list is here again once you are signed in."
        expect(page.locator(".queue__empty")).to_have_text(words)
    page.get_by_role("button", name="Presence: Signed out").click()
    expect(page.locator(".presence__line")).to_have_text("Signed out.")
    expect(page.get_by_role("button", name="Try now")).to_be_hidden()


def test_who_is_signed_out_has_no_broken_line(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    page = panel()
    accept_anna(page)
    assert desk.socket is not None
    desk.socket.close(code=4401)
    expect(page.get_by_role("button", name="Presence: Signed out")).to_be_visible()
    page.get_by_role("tab", name="New").click()
    expect(page.locator(".queue__empty")).to_contain_text("You are signed out.")


def test_a_list_that_could_not_be_fetched_is_tried_again(panel: Callable[..., Page], page: Page) -> None:
    panel()
    page.context.route("**/panel/conversations", lambda route: route.fulfill(status=503, json={"error": {}}))
    page.get_by_role("tab", name="All").click()
    expect(page.locator(".queue__empty")).to_contain_text("It is tried again with the next change.")
    expect(page.get_by_role("button", name="Presence: Online")).to_be_visible()


def test_the_line_ends_with_the_first_request_that_is_refused_and_what_is_unsent_is_kept(
    panel: Callable[..., Page], page: Page, desk: PretendedDesk
) -> None:
    panel()
    accept_anna(page)
    desk.silent = True
    page.get_by_role("textbox", name="Reply").fill("On its way")
    page.keyboard.press("Enter")
    assert comes_true(page, lambda: desk.said("send"))
    ended: list[object] = []
    assert desk.socket is not None
    desk.socket.on_close(lambda code, why: ended.append(code))
    page.context.route("**/panel/conversations", lambda route: route.fulfill(status=401, json={"error": {}}))
    page.get_by_role("tab", name="All").click()
    expect(page.get_by_role("alert").filter(has_text="You are signed out.")).to_be_visible()
    assert comes_true(page, lambda: ended)
    expect(page.get_by_role("list", name="Not sent yet")).to_contain_text("On its way")
    desk.frames, desk.silent = [], False
    panel()
    assert comes_true(page, lambda: [frame["body"]["text"] for frame in desk.said("send")] == ["On its way"])


def test_nothing_of_any_visitor_stays_where_nobody_is_signed_in(
    panel: Callable[..., Page], page: Page, desk: PretendedDesk
) -> None:
    desk.waiting.append(row(OTTO, "Otto", waiting_since=at(5)))
    desk.brief = {**BRIEF, "contact": {"name": "Anna Muster", "email": "anna@example.com", "phone": "+49 30 123456"}}
    desk.happenings = [{"seq": 2, "at": at(90), "who": "visitor", "what": "Anna asked", "where": None, "reasons": []}]
    desk.all = [row("conversation-of-pepa-3", "Pepa")]
    panel()
    page.get_by_role("tab", name="All").click()
    expect(page.get_by_role("list", name="All")).to_contain_text("Pepa")
    page.get_by_role("tab", name="New").click()
    accept_anna(page)
    page.get_by_role("textbox", name="Reply").fill("/hello")
    expect(page.get_by_role("option")).to_contain_text("Good morning Anna")
    page.keyboard.press("Escape")
    page.get_by_role("textbox", name="Reply").fill("Half an answ")
    desk.tell("typing", conversation=ANNA, who="visitor", on=True, text="and the bank is called Sparbuch")
    expect(page.get_by_text("Sparbuch")).to_be_visible()
    expect(page.get_by_role("link", name="+49 30 123456")).to_be_visible()
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_text("If Anna Muster writes again")).to_be_visible()
    page.get_by_role("button", name="Why did it say that?").click()
    expect(page.get_by_text("Anna asked")).to_be_visible()
    desk.tell("offer", conversation=OTTO, until=at(-30))
    expect(page.get_by_text("Otto is offered to you.")).to_be_visible()
    expect(page).to_have_title(re.compile(r"^\(1\) "))
    assert desk.socket is not None
    desk.socket.close(code=4401)
    expect(page.get_by_role("alert").filter(has_text="You are signed out.")).to_be_visible()
    expect(page.get_by_text("You are signed out. The details are here again")).to_be_visible()
    expect(page.get_by_text("You are signed out. What is known is here again")).to_be_visible()
    expect(page).not_to_have_title(re.compile(r"\("))
    shown = page.content()
    known = (
        "Anna Muster",
        "Good morning",
        "anna@",
        "123456",
        "invoice",
        "Otto",
        "Pepa",
        "Sparbuch",
        "Anna asked",
        "/pricing",
    )
    assert [words for words in known if words in shown] == []
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("Half an answ")
    expect(page.get_by_role("textbox", name="Reply")).to_be_editable()


def test_nothing_is_fetched_where_nobody_is_signed_in(
    panel: Callable[..., Page], page: Page, desk: PretendedDesk
) -> None:
    asked: list[Route] = []
    panel()
    page.context.route("**/panel/conversations", lambda route: asked.append(route))
    page.get_by_role("tab", name="All").click()
    assert comes_true(page, lambda: asked)
    assert desk.socket is not None
    desk.socket.close(code=4401)
    expect(page.get_by_role("alert").filter(has_text="You are signed out.")).to_be_visible()
    with page.expect_event("requestfinished"):
        asked[0].fulfill(json={"conversations": [row(OTTO, "Otto")], "further": None})
    desk.all = [row(OTTO, "Otto")]
    for tab in ("New", "All"):
        page.get_by_role("tab", name=tab).click()
        expect(page.locator(".queue__empty")).to_contain_text("You are signed out.")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    expect(page.locator(".queue__row")).to_have_count(0)
    assert len(asked) == 1


def test_what_was_begun_in_several_conversations_is_found_where_nobody_is_signed_in(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    desk.mine = [row(OTTO, "Otto", holder="agent", owner={"id": "ben", "name": "Ben"}, token=3)]
    desk.record[OTTO] = [event(1, "message", "visitor", "Otto", text="Is it open?")]
    page = panel()
    accept_anna(page)
    reply = page.get_by_role("textbox", name="Reply")
    reply.fill("Dear Anna")
    page.locator(f"#row-{OTTO}").click()
    reply.fill("Dear visitor")
    assert desk.socket is not None
    desk.socket.close(code=4401)
    expect(page.get_by_role("alert").filter(has_text="You are signed out.")).to_be_visible()
    page.locator(f"#row-{ANNA}").filter(has_text="You: Dear Anna").click()
    expect(reply).to_have_value("Dear Anna")
    page.locator(f"#row-{OTTO}").filter(has_text="You: Dear visitor").click()
    expect(reply).to_have_value("Dear visitor")
    assert "Otto" not in page.content()
