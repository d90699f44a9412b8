"""Nobody is kept out: by keyboard, by day and by night, for screen readers and weak eyes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import picture
from tests.web.widget.shop import (
    HELP,
    SPOKEN,
    Host,
    PretendedChat,
    Visit,
    bubble_of,
    log_of,
    long_talk,
    opened,
    serious,
    settle,
    write,
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_conversation_reads_well_by_day_and_by_night(visit: Visit, chat: PretendedChat, scheme: Any) -> None:
    long_talk(chat)
    page = visit()
    page.emulate_media(color_scheme=scheme)
    opened(page)
    expect(log_of(page)).to_contain_text("Down to −15 °C")
    expect(log_of(page).locator(".own").last).to_contain_text("Read")
    settle(page)
    picture(page, f"widget-talk-{scheme}")
    assert serious(page) == []


def test_nothing_keeps_a_screen_reader_or_a_weak_eye_out(visit: Visit, chat: PretendedChat) -> None:
    chat.triggers, chat.shown = [HELP], SPOKEN
    page = visit()
    expect(bubble_of(page)).to_be_visible()
    settle(page)
    assert serious(page) == []
    chat.refusal = {"code": "malformed", "message": "It cannot be stored."}
    opened(page)
    write(page, "x")
    page.get_by_role("textbox", name="Message").press("Enter")
    expect(page.get_by_role("alert")).not_to_be_empty()
    settle(page)
    assert serious(page) == []


def test_everything_can_be_reached_by_keyboard_and_the_page_hears_none_of_it(
    visit: Visit, chat: PretendedChat, host: Host
) -> None:
    host.body = "<main><button>Buy</button></main>"
    page = visit()
    page.evaluate("window.keys = []; addEventListener('keydown', (event) => keys.push(event.key))")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Buy")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Open chat")).to_be_focused()
    page.keyboard.press("Enter")
    field = page.get_by_role("textbox", name="Message")
    expect(field).to_be_focused()
    page.keyboard.type("Hello")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Send")).to_be_focused()
    page.keyboard.press("Enter")
    expect(log_of(page)).to_contain_text("Hello")
    page.keyboard.press("Shift+Tab")
    expect(log_of(page)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Open chat")).to_be_focused()
    assert page.evaluate("keys") == ["Tab", "Tab"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_where_colours_are_forced_everything_has_an_edge(visit: Visit, chat: PretendedChat, scheme: Any) -> None:
    chat.triggers, chat.shown = [HELP], SPOKEN
    page = visit()
    page.emulate_media(forced_colors="active", color_scheme=scheme)
    expect(bubble_of(page)).to_be_visible()
    settle(page)
    picture(page, f"widget-bubble-forced-{scheme}")
    assert without_edge(page, ".launcher", ".bubble", ".face") == []
    long_talk(chat)
    page.reload()
    expect(page.locator(".badge")).to_be_visible()
    assert without_edge(page, ".badge") == []
    page.get_by_role("button", name="Open chat").click()
    expect(log_of(page)).to_contain_text("Down to −15 °C")
    settle(page)
    picture(page, f"widget-talk-forced-{scheme}")
    assert without_edge(page, ".launcher", ".dialog", ".face", ".send", ".message .words", ".own .words") == []
    assert serious(page) == []
    page.emulate_media(forced_colors="none")
    assert without_edge(page, ".launcher", ".dialog", ".send", ".own .words") == [
        ".launcher",
        ".dialog",
        ".send",
        ".own .words",
    ]


def without_edge(page: Page, *parts: str) -> list[str]:
    """Which of these have no border to be told by from what is around them."""
    width = "part => parseFloat(getComputedStyle(part).borderTopWidth)"
    return [part for part in parts if not page.locator(f"{part}:visible").last.evaluate(width)]


def test_nothing_moves_for_who_does_not_want_it_and_nothing_is_printed(visit: Visit) -> None:
    page = visit()
    page.emulate_media(reduced_motion="reduce")
    opened(page)
    assert (
        page.evaluate(
            "getComputedStyle(document.querySelector('parlour-widget').shadowRoot.querySelector('dialog')).animationDuration"
        )
        == "0s"
    )
    page.emulate_media(media="print")
    expect(page.locator(".root")).to_be_hidden()


OVERHEARD = """
    window.heard = [];
    const attach = Element.prototype.attachShadow;
    Element.prototype.attachShadow = function (options) {
        const root = attach.call(this, options);
        const aloud = (node) => node.closest("[aria-live], [role=log]")?.ariaLive !== "off";
        new MutationObserver((changes) => {
            for (const { target, addedNodes } of changes) {
                for (const node of addedNodes) {
                    if (target.matches?.(".log, .replies") && node.innerText && aloud(node)) heard.push(node.innerText);
                }
            }
        }).observe(root, { childList: true, subtree: true });
        return root;
    };
"""
"""Keeps what comes into the log in a way that a screen reader reads out."""


def test_what_was_seen_before_is_not_read_out_again_and_what_is_new_is(
    world: BrowserContext, visit: Visit, chat: PretendedChat
) -> None:
    world.add_init_script(OVERHEARD)
    size = [{"label": "Forty", "value": "40"}, {"label": "Larger", "value": "41"}]
    chat.adds("message", "visitor", ago=5000, text="Hello")
    chat.adds("message", "bot", ago=4000, text="Which size?", options=size, step="size")
    page = opened(visit())
    expect(log_of(page)).to_contain_text("Which size?")
    page.reload()
    expect(log_of(page).get_by_role("button", name="Forty")).to_be_visible()
    assert page.evaluate("heard") == []
    expect(log_of(page)).to_have_attribute("aria-live", "polite")
    chat.happens("message", "bot", text="Or tell me the length of your foot.")
    expect(log_of(page)).to_contain_text("Or tell me the length of your foot.")
    assert page.evaluate("heard.join().split('\\n').at(-1)") == "Or tell me the length of your foot."


def test_a_conversation_that_is_opened_is_not_read_out_but_what_is_said_in_it(
    visit: Visit, chat: PretendedChat
) -> None:
    page, now = visit(), datetime.now(UTC)
    page.clock.install(time=now)
    page.clock.pause_at(now + timedelta(hours=1))
    opened(page)
    expect(log_of(page)).to_have_attribute("aria-live", "off")
    page.clock.run_for(500)
    expect(log_of(page)).to_have_attribute("aria-live", "polite")
