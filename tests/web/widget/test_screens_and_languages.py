"""How it stands on a page: on a phone, with long names, in the site's colour, in other languages."""

import pytest
from playwright.sync_api import BrowserContext, Locator, expect

from tests.browser import picture
from tests.web.widget.shop import (
    HELP,
    SHOP,
    SPOKEN,
    Host,
    PretendedChat,
    Visit,
    bubble_of,
    dialog_of,
    log_of,
    long_talk,
    opened,
    serious,
    settle,
)


def test_on_a_phone_it_has_the_whole_screen_and_gives_it_back(
    world: BrowserContext, chat: PretendedChat, host: Host
) -> None:
    host.body = "<main><h1>Boots</h1><p style='height: 3000px'>Warm and dry.</p></main>"
    long_talk(chat)
    page = world.new_page()
    page.set_viewport_size({"width": 360, "height": 640})
    page.goto(f"{SHOP}/boots")
    opened(page)
    expect(log_of(page)).to_contain_text("Down to −15 °C")
    settle(page)
    box = dialog_of(page).bounding_box()
    assert box == {"x": 0, "y": 0, "width": 360, "height": 640}
    expect(page.get_by_role("button", name="Close chat")).to_have_count(1)
    assert page.evaluate(
        "document.querySelector('parlour-widget').shadowRoot.querySelector('dialog').matches(':modal')"
    )
    picture(page, "widget-phone")
    assert serious(page) == []
    page.get_by_role("button", name="Close chat").click()
    expect(page.get_by_role("button", name="Open chat")).to_be_focused()
    page.reload()
    expect(page.get_by_role("button", name="Open chat")).to_be_visible()
    expect(dialog_of(page)).to_be_hidden()


@pytest.mark.parametrize("position", ["bottom_right", "bottom_left"])
def test_nothing_lies_under_the_notch_of_a_phone_or_its_bar(
    world: BrowserContext, chat: PretendedChat, host: Host, position: str
) -> None:
    host.policy = ""
    host.body = "<meta name=viewport content='width=device-width, viewport-fit=cover'><main><h1>Boots</h1></main>"
    chat.look["position"] = position
    page = world.new_page()
    page.set_viewport_size({"width": 844, "height": 390})
    session = world.new_cdp_session(page)
    edges = {"top": 10, "left": 59, "right": 50, "bottom": 34}
    session.send("Emulation.setSafeAreaInsetsOverride", {"insets": edges})
    page.goto(f"{SHOP}/boots")
    launcher = page.get_by_role("button", name="Open chat").bounding_box()
    assert launcher is not None
    assert launcher["y"] + launcher["height"] == 390 - 34
    at_side = launcher["x"] == 59 if position == "bottom_left" else launcher["x"] + launcher["width"] == 844 - 50
    assert at_side
    opened(page)
    settle(page)
    picture(page, f"widget-notch-{position}")
    head, below = page.locator(".head").bounding_box(), page.locator(".composer").bounding_box()
    assert head is not None
    assert below is not None
    assert (head["x"], head["y"], head["width"]) == (59, 10, 844 - 59 - 50)
    assert below["y"] + below["height"] == 390 - 34


def test_a_bubble_fits_a_narrow_phone(world: BrowserContext, chat: PretendedChat) -> None:
    chat.triggers = [HELP]
    chat.shown = {**SPOKEN, "say": "Donaudampfschifffahrtsgesellschaftskapitänsmütze? " * 4}
    page = world.new_page()
    page.set_viewport_size({"width": 320, "height": 568})
    page.goto(f"{SHOP}/boots")
    expect(bubble_of(page)).to_be_visible()
    settle(page)
    picture(page, "widget-phone-bubble")
    box = bubble_of(page).bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 320
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_long_names_and_long_words_stay_inside(visit: Visit, chat: PretendedChat) -> None:
    name = "Dr. Maximiliane-Theodora von und zu Hohenstein-Waldburg"
    chat.adds("message", "visitor", text="W" * 300)
    chat.adds("message", "agent", name, text="https://shop.test/" + "x" * 200)
    chat.adds(
        "message",
        "bot",
        text="Choose",
        options=[{"label": "word " * 20, "value": "a"}, {"label": "Y" * 80, "value": "b"}],
        step="s",
    )
    chat.standing = {"holder": "agent", "agent": name, "department": "Reklamationen, Rücksendungen und Ersatzteile"}
    page = opened(visit())
    expect(log_of(page)).to_contain_text("Choose")
    settle(page)
    picture(page, "widget-long-names")
    assert page.evaluate("""() => {
        const root = document.querySelector("parlour-widget").shadowRoot;
        const parts = ["dialog", ".log", ".head"].map((part) => root.querySelector(part));
        return parts.every((part) => part.scrollWidth <= part.clientWidth);
    }""")


@pytest.mark.parametrize("color", ["#ffd400", "#0a7d4b", "#e5007d", "#9aa", "#c60"])
def test_words_on_the_sites_own_colour_can_be_read(visit: Visit, chat: PretendedChat, color: str) -> None:
    chat.look["color"] = color
    chat.adds("message", "visitor", text="Hello")
    page = opened(visit())
    expect(log_of(page)).to_contain_text("Hello")
    settle(page)
    if color == "#ffd400":
        picture(page, "widget-yellow")
    assert serious(page) == []


def test_german_visitors_are_spoken_to_in_german(visit: Visit, chat: PretendedChat) -> None:
    chat.language = "de"
    page = visit(launcher="Chat öffnen")
    page.get_by_role("button", name="Chat öffnen").click()
    expect(page.get_by_role("textbox", name="Nachricht")).to_be_focused()
    page.get_by_role("button", name="Mit einem Menschen sprechen").click()
    expect(page.get_by_role("log", name="Unterhaltung")).to_contain_text("Mit einem Menschen sprechen")
    chat.stands(holder="queue", place=2)
    expect(dialog_of(page)).to_contain_text("Sie sind Nummer 2 in der Reihe")
    settle(page)
    picture(page, "widget-german")


def test_what_is_said_is_pronounced_in_the_language_it_is_in(visit: Visit, chat: PretendedChat) -> None:
    chat.language = "fr"
    chat.triggers, chat.shown = [HELP], {**SPOKEN, "say": "Je peux vous aider ?"}
    page = visit()
    assert pronounced(bubble_of(page).get_by_text("Je peux vous aider ?")) == "fr"
    assert pronounced(bubble_of(page).get_by_role("button", name="Help me choose")) == "fr"
    assert pronounced(bubble_of(page).get_by_text("Assistant")) == "en"
    assert pronounced(page.get_by_role("button", name="Open chat")) == "en"
    fields = [{"name": "size", "type": "number", "label": "Pointure", "choices": None, "optional": True, "help": None}]
    form = {"step": "f", "title": "Vos chaussures", "submit": None, "fields": fields, "errors": {}}
    chat.adds("message", "visitor", text="Bonjour")
    chat.adds("message", "bot", text="Quelle pointure ?", options=[{"label": "Petite", "value": "s"}], step="s")
    page.reload()
    opened(page)
    assert pronounced(log_of(page).get_by_text("Quelle pointure ?")) == "fr"
    assert pronounced(log_of(page).get_by_role("button", name="Petite")) == "fr"
    assert pronounced(log_of(page).get_by_text("A program answers here.")) == "en"
    assert pronounced(page.get_by_role("textbox", name="Message")) == "en"
    chat.happens("message", "bot", text="Dites-moi.", form=form)
    assert pronounced(log_of(page).get_by_label("Pointure")) == "fr"
    assert pronounced(log_of(page).get_by_text("(optional)")) == "en"
    assert pronounced(log_of(page).get_by_role("button", name="Send")) == "en"


def pronounced(words: Locator) -> str:
    """The language in which a screen reader reads this."""
    expect(words).to_be_visible()
    language: str = words.evaluate("words => words.closest('[lang]').lang")
    return language


def test_what_is_written_from_the_right_stands_on_the_right(visit: Visit, chat: PretendedChat) -> None:
    chat.language = "ar"
    chat.adds("message", "visitor", text="مرحبا")
    chat.adds("message", "bot", text="كيف يمكنني المساعدة؟", options=[{"label": "طلب", "value": "a"}], step="s")
    page = opened(visit())
    expect(log_of(page)).to_contain_text("مرحبا")
    settle(page)
    picture(page, "widget-from-the-right")
    own, other = log_of(page).locator(".own").bounding_box(), log_of(page).locator(".message").last.bounding_box()
    assert own is not None
    assert other is not None
    assert own["x"] < other["x"]


def test_in_the_other_corner_it_opens_there(visit: Visit, chat: PretendedChat) -> None:
    chat.look["position"] = "bottom_left"
    page = opened(visit())
    settle(page)
    box = dialog_of(page).bounding_box()
    assert box is not None
    assert box["x"] == 20
