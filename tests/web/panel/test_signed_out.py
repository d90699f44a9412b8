"""What the panel says where nobody is signed in any more."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.web.panel.desk import PretendedDesk, accept_anna, comes_true


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
