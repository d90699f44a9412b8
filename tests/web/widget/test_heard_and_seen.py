"""What a screen reader hears without being asked, where there is no light, and what one key does."""

from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser import picture
from tests.web.widget.shop import HELP, ID, SPOKEN, PretendedChat, Visit, bubble_of, eventually, log_of, opened, settle

AS_READ_OUT = """() => {
    window.heard = [];
    const root = document.querySelector("parlour-widget").shadowRoot;
    new MutationObserver((changes) => {
        for (const { target, addedNodes } of changes) {
            for (const node of addedNodes) if (target.closest("[role=status]")) heard.push(node.textContent);
        }
    }).observe(root, { childList: true, subtree: true });
}"""


def test_that_somebody_writes_is_read_out_once_and_not_with_every_key(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "visitor", text="Hello")
    chat.standing = {"holder": "agent", "agent": "Anna"}
    page = opened(visit())
    expect(log_of(page)).to_contain_text("Hello")
    # What is read out later is there, and in no way hidden, before anything is said in it.
    typing = page.locator(".typing[role=status]")
    expect(typing).to_be_empty()
    assert typing.evaluate("(it) => getComputedStyle(it).display") == "block"
    page.evaluate(AS_READ_OUT)
    for _ in range(3):
        chat.tell("typing", conversation=ID, who="agent", on=True)
    chat.tell("typing", conversation=ID, who="agent", on=False)
    chat.tell("typing", conversation=ID, who="agent", on=True)
    chat.happens("message", "agent", "Anna", text="Here I am.")
    expect(log_of(page)).to_contain_text("Here I am.")
    expect(typing).to_be_empty()
    assert page.evaluate("heard") == ["Anna is writing …", "Anna is writing …"]


def test_escape_waves_away_the_bubble_one_is_in(visit: Visit, chat: PretendedChat) -> None:
    chat.triggers, chat.shown = [HELP], SPOKEN
    page = visit()
    expect(bubble_of(page)).to_be_visible()
    page.keyboard.press("Escape")
    expect(bubble_of(page)).to_be_visible()
    bubble_of(page).get_by_role("button", name="Just looking").focus()
    page.keyboard.press("Escape")
    expect(bubble_of(page)).to_have_count(0)
    expect(page.get_by_role("button", name="Open chat")).to_be_focused()
    eventually(page, lambda: [each["outcome"] for each in chat.asks("seen")][-1:] == ["dismissed"])


def test_escape_waves_away_what_a_person_said_beside_the_launcher(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "visitor", text="Hello")
    page = visit()
    eventually(page, lambda: bool(chat.sockets))
    chat.happens("message", "agent", "Anna", text="Here I am.")
    bubble_of(page).get_by_role("button", name="Here I am.").focus()
    page.keyboard.press("Escape")
    expect(bubble_of(page)).to_have_count(0)
    expect(page.get_by_role("button", name="Open chat, 1 new")).to_be_focused()


EDGE = """(element) => {
    const paint = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const brightness = (color) => {
        paint.fillStyle = color;
        paint.fillRect(0, 0, 1, 1);
        const parts = [...paint.getImageData(0, 0, 1, 1).data].slice(0, 3).map((part) => part / 255);
        const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        const [red, green, blue] = parts.map(linear);
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const around = element.closest(".bubble, .dialog");
    const [low, high] = [getComputedStyle(element).borderTopColor, getComputedStyle(around).backgroundColor]
        .map(brightness)
        .sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
}"""
"""How much the edge of something stands out from the ground it is on (WCAG 1.4.11)."""

LINE = "rgb(59, 53, 45) 0px 0px 0px 1px"
"""What lines are drawn in by night, all around."""


def edge_of(element: Locator) -> float:
    assert element.evaluate("(element) => getComputedStyle(element).borderTopStyle") == "solid"
    contrast: float = element.evaluate(EDGE)
    return contrast


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("color", ["#0a7d4b", "#ffd400", "#001040", "#fff", "#000", "#e5007d"])
def test_what_can_be_pressed_has_an_edge_in_every_colour_by_day_and_by_night(
    visit: Visit, chat: PretendedChat, color: str, scheme: Any
) -> None:
    chat.triggers, chat.shown = [HELP], SPOKEN
    chat.look["color"] = color
    page = visit()
    page.emulate_media(color_scheme=scheme)
    assert edge_of(bubble_of(page).get_by_role("button", name="Just looking")) >= 3


def test_by_night_the_bubble_and_the_window_have_an_edge(visit: Visit, chat: PretendedChat) -> None:
    chat.triggers, chat.shown = [HELP], SPOKEN
    page = visit()
    edge = "(element) => getComputedStyle(element).boxShadow.split(/, (?=rgb)/).at(-1)"
    assert bubble_of(page).evaluate(edge) != LINE
    page.emulate_media(color_scheme="dark")
    assert bubble_of(page).evaluate(edge) == LINE
    settle(page)
    picture(page, "widget-bubble-dark")
    opened(page)
    assert page.locator(".dialog").evaluate(edge) == LINE
    settle(page)
    picture(page, "widget-window-dark")
