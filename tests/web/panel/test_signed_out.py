"""What the panel says where nobody is signed in any more."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.web.panel.desk import PretendedDesk, accept_anna


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
