"""The widget before anybody wrote: quiet, opened and closed, and asked by the page."""

import re

from playwright.sync_api import BrowserContext, expect

from tests.browser import picture, stop_clock
from tests.web.widget.shop import (
    CHAT,
    SHOP,
    Host,
    PretendedChat,
    Visit,
    dialog_of,
    eventually,
    hide,
    log_of,
    opened,
    write,
)


def test_until_somebody_writes_there_is_no_socket_and_nothing_but_a_view(visit: Visit, chat: PretendedChat) -> None:
    page = visit()
    opened(page)
    assert chat.sockets == []
    (view,) = chat.asks("view")
    page_seen = {name: view["facts"][name] for name in ("page", "page.url", "page.title", "referrer", "pages_viewed")}
    assert page_seen == {
        "page": "/boots",
        "page.url": f"{SHOP}/boots",
        "page.title": "Boots for the mountains",
        "referrer": None,
        "pages_viewed": 1,
    }
    assert {name for name, _, _ in chat.asked} == {"view"}


def test_the_token_goes_in_the_head_and_in_the_subprotocol_and_never_in_an_address(
    visit: Visit, chat: PretendedChat
) -> None:
    page = visit()
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    page.on("websocket", lambda socket: addresses.append(socket.url))
    offered = page.evaluate("""() => {
        const Real = WebSocket;
        window.offered = [];
        window.WebSocket = class extends Real {
            constructor(address, protocols) { super(address, protocols); window.offered.push(protocols); }
        };
    }""")
    write(opened(page), "Hello")
    expect(log_of(page)).to_contain_text("Hello")
    page.wait_for_function("offered.length")
    offered = page.evaluate("offered")
    assert offered == [["chat.v1", "tok.token-of-this-visitor"]]
    page.reload()
    expect(dialog_of(page)).to_be_visible()
    assert chat.asked[-1][2] == "Bearer token-of-this-visitor"
    assert not [address for address in addresses if "token-of" in address]


def test_opening_says_who_answers_and_takes_the_writer_to_the_field(visit: Visit) -> None:
    page = opened(visit())
    expect(dialog_of(page)).to_have_accessible_name("Bergschuh")
    expect(dialog_of(page)).to_contain_text("Assistant, a program")
    expect(log_of(page)).to_contain_text("A program answers here. You can ask for a person at any time.")
    expect(log_of(page)).to_contain_text("Hello! How can we help?")
    expect(page.get_by_role("textbox", name="Message")).to_be_focused()
    expect(page.get_by_role("link", name="privacy policy")).to_have_attribute("href", re.compile("/privacy$"))
    picture(page, "widget-opened")


def test_escape_closes_and_leads_back_to_where_one_came_from(visit: Visit) -> None:
    page = opened(visit())
    page.keyboard.press("Escape")
    expect(dialog_of(page)).to_be_hidden()
    expect(page.get_by_role("button", name="Open chat")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Message")).to_be_focused()
    page.get_by_role("button", name="Close chat").click()
    expect(dialog_of(page)).to_be_hidden()


def test_who_closes_and_opens_again_at_once_finds_it_open(visit: Visit) -> None:
    page = opened(visit())
    page.evaluate("(Parlour.close(), Parlour.open())")
    page.wait_for_timeout(200)
    expect(dialog_of(page)).to_be_visible()
    expect(page.get_by_role("textbox", name="Message")).to_be_focused()


def test_the_page_opens_closes_hides_and_shows(visit: Visit) -> None:
    page = visit()
    page.evaluate("Parlour.open()")
    expect(dialog_of(page)).to_be_visible()
    page.evaluate("Parlour.close()")
    expect(dialog_of(page)).to_be_hidden()
    page.evaluate("Parlour.hide()")
    expect(page.get_by_role("button", name="Open chat")).to_be_hidden()
    page.evaluate("Parlour.show()")
    expect(page.get_by_role("button", name="Open chat")).to_be_visible()


def test_what_the_page_asks_before_the_widget_is_there_is_done_then(world: BrowserContext, host: Host) -> None:
    host.policy = ""
    host.body = f"""<main></main><script src="{CHAT}/widget.js"></script><script>Parlour.open()</script>"""
    page = world.new_page()
    page.goto(f"{SHOP}/boots")
    expect(dialog_of(page)).to_be_visible()
    assert page.locator("parlour-widget").count() == 1


def test_a_page_made_ready_in_advance_is_viewed_when_it_is_looked_at(
    world: BrowserContext, chat: PretendedChat
) -> None:
    world.add_init_script("Object.defineProperty(document, 'prerendering', { value: true, configurable: true })")
    page = world.new_page()
    page.goto(f"{SHOP}/boots")
    page.wait_for_function("Parlour.open")
    page.evaluate("Parlour.open()")
    page.wait_for_timeout(500)
    assert chat.asked == []
    page.evaluate("delete document.prerendering; document.dispatchEvent(new Event('prerenderingchange'))")
    expect(dialog_of(page)).to_be_visible()
    assert [view["facts"]["page"] for view in chat.asks("view")] == ["/boots"]


def test_a_page_opened_in_a_tab_behind_is_viewed_when_it_comes_in_sight(
    world: BrowserContext, visit: Visit, chat: PretendedChat
) -> None:
    visit("/boots")
    world.add_init_script("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
    behind = world.new_page()
    behind.goto(f"{SHOP}/cart")
    behind.wait_for_function("Parlour.open")
    behind.evaluate("Parlour.open()")
    behind.wait_for_timeout(500)
    assert [view["facts"]["page"] for view in chat.asks("view")] == ["/boots"]
    hide(behind, hidden=False)
    expect(dialog_of(behind)).to_be_visible()
    assert [view["facts"]["page"] for view in chat.asks("view")] == ["/boots", "/cart"]


def test_a_page_that_is_brought_back_whole_is_viewed_once_more(
    world: BrowserContext, visit: Visit, chat: PretendedChat
) -> None:
    world.clock.install()
    page = visit()
    stop_clock(page)
    page.clock.run_for(10_000)
    brought_back = "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))"
    page.evaluate(brought_back.replace("true", "false"))
    page.clock.run_for(500)
    page.wait_for_timeout(500)
    assert len(chat.asks("view")) == 1
    page.evaluate(brought_back)
    page.clock.run_for(300)
    eventually(page, lambda: len(chat.asks("view")) == 2)
    first, second = (view["facts"] for view in chat.asks("view"))
    assert (second["page"], second["pages_viewed"]) == ("/boots", first["pages_viewed"] + 1)
    assert second["time_on_page"] == 0
