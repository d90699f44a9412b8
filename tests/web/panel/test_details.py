"""Beside the conversation: who the visitor is, and nothing that is not known."""

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.web.panel.desk import ANNA, BRIEF, PretendedDesk, at


def detail(page: Page, label: str) -> Locator:
    return page.locator(".context__facts dt", has_text=label).locator("+ dd")


def test_the_last_page_is_told_with_its_time(panel: Callable[..., Page], page: Page, desk: PretendedDesk) -> None:
    page.set_viewport_size({"width": 1400, "height": 900})
    seen = [
        {"path": "/pricing", "title": "Prices", "at": at(7200)},
        {"path": "/", "title": "Tea for the office", "at": at(4000)},
        {"path": "/pricing", "title": "Prices", "at": at(3600)},
    ]
    desk.brief = {**BRIEF, "pages": seen}
    panel(f"?conversation={ANNA}")
    last = detail(page, "Last page")
    expect(last.locator("time")).to_have_attribute("datetime", seen[-1]["at"])
    assert last.inner_text().startswith("/pricing, ")
    expect(page.locator(".context__body")).not_to_contain_text("Looking at")


def test_a_last_page_whose_time_is_not_known_is_told_without(
    panel: Callable[..., Page], page: Page, desk: PretendedDesk
) -> None:
    page.set_viewport_size({"width": 1400, "height": 900})
    desk.brief = {**BRIEF, "pages": []}
    panel(f"?conversation={ANNA}")
    expect(detail(page, "Last page")).to_have_text("/pricing")
