"""The panel where one column takes the place of another: the focus goes along, whichever way one goes."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.web.panel.desk import ANNA


@pytest.fixture(autouse=True)
def phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})


@pytest.fixture(params=["from the list", "by its address"])
def reading(request: pytest.FixtureRequest, panel: Callable[..., Page]) -> Page:
    """Anna's conversation, with her name in sight."""
    if request.param == "by its address":
        page = panel(f"?conversation={ANNA}")
    else:
        page = panel()
        page.locator(f"#row-{ANNA}").press("Enter")
        expect(page.get_by_role("heading", name="Anna Muster", level=2)).to_be_focused()
    expect(page.get_by_role("log", name="Conversation")).to_contain_text("Can I pay by invoice?")
    return page


@pytest.mark.parametrize("back", ["button", "Escape", "history", "d"])
def test_the_focus_goes_into_the_details_and_back_to_their_button(reading: Page, back: str) -> None:
    button = reading.get_by_role("button", name="Details", exact=True)
    button.press("Enter")
    expect(reading.get_by_role("heading", name="Details", level=2)).to_be_focused()
    if back == "button":
        reading.get_by_role("button", name="Fold the details away").press("Enter")
    elif back == "history":
        reading.go_back()
    else:
        reading.keyboard.press(back)
    expect(button).to_be_focused()


@pytest.mark.parametrize("back", ["button", "Escape"])
def test_the_focus_goes_back_to_the_list(reading: Page, back: str) -> None:
    if back == "button":
        reading.get_by_role("button", name="Back to the list").press("Enter")
    else:
        reading.keyboard.press(back)
    expect(reading.locator(f"#row-{ANNA}")).to_be_focused()


def test_details_that_are_opened_by_their_address_lead_back_to_their_button(panel: Callable[..., Page]) -> None:
    page = panel(f"?conversation={ANNA}&details=open")
    expect(page.get_by_role("heading", name="Details", level=2)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Details", exact=True)).to_be_focused()


def test_who_goes_forward_again_is_taken_along(panel: Callable[..., Page]) -> None:
    page = panel()
    page.locator(f"#row-{ANNA}").press("Enter")
    page.get_by_role("button", name="Back to the list").press("Enter")
    expect(page.locator(f"#row-{ANNA}")).to_be_focused()
    page.go_forward()
    expect(page.get_by_role("heading", name="Anna Muster", level=2)).to_be_focused()
