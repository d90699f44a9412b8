"""The line between the widget and the server: gone, not let through, with a token that ran out."""

from playwright.sync_api import BrowserContext, Page, Route, WebSocketRoute, expect

from tests.browser import picture, stop_clock
from tests.web.widget.shop import CHAT, SHOP, PretendedChat, Visit, dialog_of, eventually, log_of, opened, write


def test_without_a_connection_it_is_said_once_and_what_is_written_goes_out_later(
    visit: Visit, chat: PretendedChat, world: BrowserContext
) -> None:
    world.clock.install()
    page = opened(visit())
    write(page, "Hello")
    expect(log_of(page).locator(".own")).to_have_text("YouHello")
    chat.reachable = False
    chat.sockets[-1].close(code=1011)
    write(page, "Still there?")
    page.clock.fast_forward(1_500)
    expect(dialog_of(page)).to_contain_text("No connection. What you write is kept and sent when it is back.")
    expect(log_of(page).locator(".own").last).to_contain_text("Not sent · Try again")
    picture(page, "widget-no-connection")
    chat.reachable = True
    page.clock.fast_forward(3_000)
    expect(log_of(page).locator(".own").last).to_have_text("YouStill there?", timeout=20_000)
    expect(dialog_of(page)).not_to_contain_text("No connection")
    assert [event["body"]["text"] for event in chat.record] == ["Hello", "Still there?"]


def test_where_sockets_are_not_let_through_the_conversation_goes_by_request(
    visit: Visit, chat: PretendedChat, world: BrowserContext
) -> None:
    refused: list[WebSocketRoute] = []
    world.route_web_socket(
        "wss://chat.test/widget/socket", lambda socket: (refused.append(socket), socket.close(code=1011))
    )
    world.clock.install()
    chat.replies = lambda text: [{"text": f"You said {text}."}]
    page = opened(visit())
    write(page, "Hello")
    eventually(page, lambda: len(refused) == 1)
    page.clock.fast_forward(1_500)
    eventually(page, lambda: len(refused) == 2)
    page.clock.fast_forward(3_000)
    expect(log_of(page)).to_contain_text("You said Hello.", timeout=15_000)
    expect(log_of(page).locator(".own")).to_have_text("YouHello")
    assert chat.sockets == []


def test_a_token_that_has_run_out_is_replaced_and_nothing_is_lost(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "visitor", text="Hello")
    page = opened(visit())
    expect(log_of(page)).to_contain_text("Hello")
    chat.sockets[-1].close(code=4401)
    eventually(page, lambda: len(chat.sockets) == 2)
    write(page, "Still here")
    expect(log_of(page).locator(".own")).to_have_text(["YouHello", "YouStill here"])
    assert len(chat.asks("view")) == 2


def test_a_server_that_is_away_leaves_the_page_in_peace_and_is_asked_again(
    world: BrowserContext, chat: PretendedChat
) -> None:
    chat.reachable = False
    page = world.new_page()
    page.clock.install()
    failed: list[str] = []
    page.on("pageerror", lambda error: failed.append(str(error)))
    in_vain = views_in_vain(page)
    page.goto(f"{SHOP}/boots")
    page.clock.run_for(3_000)
    eventually(page, lambda: bool(in_vain))
    expect(page.get_by_role("button", name="Open chat")).to_have_count(0)
    chat.reachable = True
    page.clock.run_for(60_000)
    expect(page.get_by_role("button", name="Open chat")).to_be_visible()
    assert failed == []


def views_in_vain(page: Page) -> list[str]:
    """Every page view from now on of which the page knows that it did not arrive."""
    in_vain: list[str] = []
    page.on("requestfailed", lambda asked: in_vain.append(asked.method) if asked.url == f"{CHAT}/widget/view" else None)
    return in_vain


def test_of_the_pages_looked_at_without_a_connection_the_last_is_told_once(visit: Visit, chat: PretendedChat) -> None:
    page = visit()
    page.clock.install()
    stop_clock(page)
    chat.reachable = False
    in_vain = views_in_vain(page)
    for at, path in enumerate(["/coats", "/hats", "/cart"], 1):
        page.evaluate(f"history.pushState({{}}, '', '{path}')")
        page.clock.run_for(1_000)
        eventually(page, lambda at=at: len(in_vain) == at)
    chat.reachable = True
    page.clock.run_for(5_000)
    eventually(page, lambda: len(chat.asks("view")) == 2)
    for _ in range(10):
        page.clock.run_for(5_000)
        page.wait_for_timeout(20)
    assert [view["facts"]["page"] for view in chat.asks("view")] == ["/boots", "/cart"]


def test_a_server_that_was_away_for_long_is_found_again_soon(world: BrowserContext, chat: PretendedChat) -> None:
    chat.reachable = False
    page = world.new_page()
    page.clock.install()
    in_vain = views_in_vain(page)
    page.goto(f"{SHOP}/boots")
    page.clock.run_for(3_000)
    for times in range(1, 12):
        eventually(page, lambda times=times: len(in_vain) == times)
        page.clock.run_for(90_000)
    chat.reachable = True
    page.clock.run_for(90_000)
    expect(page.get_by_role("button", name="Open chat")).to_be_visible()


def test_two_tabs_opened_at_once_are_one_visitor(world: BrowserContext, chat: PretendedChat) -> None:
    held: list[Route] = []

    def answer(route: Route) -> None:
        if route.request.method == "POST" and not chat.asks("view") and not held:
            held.append(route)
        else:
            chat.answer(route)

    world.route(f"{CHAT}/widget/view", answer)
    tabs = [world.new_page(), world.new_page()]
    for tab in tabs:
        tab.goto(f"{SHOP}/boots")
    eventually(tabs[0], lambda: bool(held))
    tabs[0].wait_for_timeout(500)
    chat.answer(held[0])
    for tab in tabs:
        expect(tab.get_by_role("button", name="Open chat")).to_be_visible()
    tokens = [token for what, _, token in chat.asked if what == "view"]
    assert tokens == [None, "Bearer token-of-this-visitor"]


def test_a_page_looked_at_before_the_first_is_answered_has_the_same_visitor(
    world: BrowserContext, chat: PretendedChat
) -> None:
    held: list[Route] = []

    def answer(route: Route) -> None:
        if route.request.method == "POST" and not held:
            held.append(route)
        else:
            chat.answer(route)

    world.route(f"{CHAT}/widget/view", answer)
    page = world.new_page()
    page.goto(f"{SHOP}/boots")
    eventually(page, lambda: bool(held))
    page.evaluate("history.pushState({}, '', '/cart')")
    page.wait_for_timeout(500)
    chat.answer(held[0])
    expect(page.get_by_role("button", name="Open chat")).to_be_visible()
    eventually(page, lambda: len(chat.asked) == 2)
    told = [(view["facts"]["page"], token) for _, view, token in chat.asked]
    assert told == [("/boots", None), ("/cart", "Bearer token-of-this-visitor")]
