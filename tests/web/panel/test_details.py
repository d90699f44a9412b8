"""Beside the conversation: who the visitor is, and nothing that is not known."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.web.panel.desk import ANNA, BRIEF, OTTO, PretendedDesk, at, event, row


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


@pytest.mark.parametrize(
    ("attribute", "value", "leads"),
    [
        ("phone", "+4930123456", "tel:+4930123456"),
        ("phone", "+49 (30) 123-456", "tel:+4930123456"),
        ("phone", "+49 (0)30 123456", "tel:+4930123456"),
        ("phone", "+49(0) 30 / 123456", "tel:+4930123456"),
        ("phone", "030 123456", "tel:030123456"),
        ("phone", "(0)30 123456", "tel:030123456"),
        ("mobile_number", "+4915112345678", "tel:+4915112345678"),
        ("email", "anna@example.com", "mailto:anna@example.com"),
    ],
)
def test_who_can_be_called_or_written_to_can_be_so_from_the_details(
    panel: Callable[..., Page], page: Page, desk: PretendedDesk, attribute: str, value: str, leads: str
) -> None:
    page.set_viewport_size({"width": 1400, "height": 900})
    desk.brief = {**BRIEF, "contact": {attribute: value}}
    panel(f"?conversation={ANNA}")
    expect(page.locator(".context__facts").get_by_role("link", name=value)).to_have_attribute("href", leads)


def test_the_focus_stays_on_a_link_of_the_details_when_the_queue_changes(
    panel: Callable[..., Page], page: Page, desk: PretendedDesk
) -> None:
    page.set_viewport_size({"width": 1400, "height": 900})
    desk.brief = {**BRIEF, "contact": {"phone": "+49 30 123456"}}
    panel(f"?conversation={ANNA}")
    number = page.locator(".context__facts").get_by_role("link", name="+49 30 123456")
    number.focus()
    desk.waiting.append(row(OTTO, "Otto"))
    desk.queue()
    expect(page.locator(f"#row-{OTTO}")).to_be_visible()
    expect(number).to_be_focused()
    desk.waiting[0]["visitor"] = {**desk.waiting[0]["visitor"], "page": "/terms"}
    desk.queue()
    expect(detail(page, "Last page")).to_have_text("/terms")
    expect(number).to_be_focused()
    desk.brief = {**BRIEF, "contact": {}}
    desk.happens(ANNA, event(4, "contact_changed", "bot", attribute="phone", value=""))
    expect(number).to_have_count(0)
    expect(page.get_by_role("region", name="Details of the conversation")).to_be_focused()


@pytest.mark.parametrize(
    ("attribute", "value"), [("phone", "javascript:alert(1)"), ("phone", "ask Otto"), ("order", "4930123456")]
)
def test_what_is_no_number_to_call_is_words(
    panel: Callable[..., Page], page: Page, desk: PretendedDesk, attribute: str, value: str
) -> None:
    page.set_viewport_size({"width": 1400, "height": 900})
    desk.brief = {**BRIEF, "contact": {attribute: value}}
    panel(f"?conversation={ANNA}")
    expect(page.locator(".context__facts").get_by_text(value)).to_be_visible()
    expect(page.locator(".context__facts").get_by_role("link")).to_have_count(0)
