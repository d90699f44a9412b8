"""What is said before anybody asked: when, where, and what becomes of the answer."""

from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser import picture, stop_clock
from tests.web.widget.shop import (
    CHAT,
    HELP,
    SHOP,
    SPOKEN,
    Host,
    PretendedChat,
    Visit,
    bubble_of,
    dialog_of,
    eventually,
    hide,
    log_of,
    opened,
    serious,
    settle,
    write,
)


def own_trigger(name: str, *when: Any, **more: Any) -> dict[str, Any]:
    return {**HELP, "id": name, "when": ["all", *when], **more}


def asks_again_in(page: Page, milliseconds: int) -> None:
    """Lets the page ask again and take the answer, from when on it counts when to ask next."""
    page.evaluate("localStorage.removeItem('parlour.token')")
    page.clock.run_for(milliseconds)
    eventually(page, lambda: page.evaluate("'parlour.token' in localStorage"))  # It keeps the one of the answer.


def test_a_trigger_that_is_ready_asks_and_speaks_and_is_seen(visit: Visit, chat: PretendedChat) -> None:
    chat.triggers, chat.shown = [HELP], SPOKEN
    page = visit()
    expect(bubble_of(page)).to_contain_text("Which boots are right for you?")
    expect(bubble_of(page)).to_contain_text("Assistant")
    (asked,) = chat.asks("show")
    assert asked["trigger"] == "pricing_help"
    assert asked["facts"]["page"] == "/boots"
    assert asked["facts"]["chat"] == "never"
    picture(page, "widget-bubble")
    eventually(page, lambda: bool(chat.asks("seen")))
    assert chat.asks("seen") == [{"impression": "impression-1", "outcome": "seen"}]
    assert chat.sockets == []


def test_pressing_a_button_of_the_bubble_begins_the_conversation_with_it(visit: Visit, chat: PretendedChat) -> None:
    chat.triggers, chat.shown = [HELP], SPOKEN
    page = visit()
    bubble_of(page).get_by_role("button", name="Help me choose").click()
    expect(dialog_of(page)).to_be_visible()
    expect(log_of(page).locator(".own")).to_have_text("YouHelp me choose")
    assert chat.ops("send")[0]["body"] == {"answer": {"impression": "impression-1", "label": "Help me choose"}}
    expect(log_of(page).get_by_role("button")).to_have_count(0)


def test_what_is_written_after_a_bubble_is_an_answer_to_it(visit: Visit, chat: PretendedChat) -> None:
    chat.triggers, chat.shown = [HELP], SPOKEN
    page = visit()
    expect(bubble_of(page)).to_be_visible()
    opened(page)
    expect(bubble_of(page)).to_have_count(0)
    expect(log_of(page)).to_contain_text("Which boots are right for you?")
    expect(log_of(page).get_by_role("button", name="Just looking")).to_be_visible()
    write(page, "Size 42?")
    expect(log_of(page)).to_contain_text("Size 42?")
    write(page, "Or 43?")
    expect(log_of(page)).to_contain_text("Or 43?")
    eventually(page, lambda: len(chat.ops("send")) == 2)
    assert [frame["body"] for frame in chat.ops("send")] == [
        {"text": "Size 42?", "answer": {"impression": "impression-1"}},
        {"text": "Or 43?"},
    ]


def test_what_the_bubble_said_is_not_shown_twice_once_it_is_in_the_record(visit: Visit, chat: PretendedChat) -> None:
    chat.triggers, chat.shown = [HELP], SPOKEN
    page = visit()
    expect(bubble_of(page)).to_be_visible()
    opened(page)
    chat.adds("message", "bot", text=SPOKEN["say"])
    write(page, "Size 42?")
    expect(log_of(page).locator(".own")).to_have_text("YouSize 42?")
    expect(log_of(page).get_by_text("Which boots are right for you?")).to_have_count(1)


@pytest.mark.parametrize("by", ["the bubble", "the launcher"])
def test_a_bubble_that_is_opened_was_seen_however_soon_and_once(visit: Visit, chat: PretendedChat, by: str) -> None:
    chat.triggers, chat.shown = [HELP], SPOKEN
    page = visit()
    expect(bubble_of(page)).to_be_visible()
    if by == "the bubble":
        bubble_of(page).get_by_text("Which boots are right for you?").click()
    else:
        page.get_by_role("button", name="Open chat").click()
    expect(dialog_of(page)).to_be_visible()
    eventually(page, lambda: bool(chat.asks("seen")))
    page.wait_for_timeout(1_500)
    assert chat.asks("seen") == [{"impression": "impression-1", "outcome": "seen"}]


def test_a_bubble_waved_away_is_gone_and_told(visit: Visit, chat: PretendedChat) -> None:
    chat.triggers, chat.shown = [HELP], SPOKEN
    page = visit()
    bubble_of(page).get_by_role("button", name="Close message").click()
    expect(bubble_of(page)).to_have_count(0)
    eventually(page, lambda: bool(chat.asks("seen")))
    assert chat.asks("seen")[-1] == {"impression": "impression-1", "outcome": "dismissed"}


def test_a_button_that_waves_it_away_opens_no_chat_and_says_nothing(visit: Visit, chat: PretendedChat) -> None:
    buttons = [{"label": "Yes", "value": "yes"}, {"label": "No, thank you", "value": "no", "kind": "dismiss"}]
    chat.triggers, chat.shown = [HELP], {**SPOKEN, "buttons": buttons}
    page = visit()
    bubble_of(page).get_by_role("button", name="No, thank you").click()
    expect(bubble_of(page)).to_have_count(0)
    eventually(page, lambda: bool(chat.asks("seen")))
    assert chat.asks("seen")[-1] == {"impression": "impression-1", "outcome": "dismissed"}
    expect(page.get_by_role("button", name="Open chat")).to_be_visible()
    assert chat.ops("send") == []


@pytest.mark.parametrize("by_itself", [False, True], ids=["opened by the visitor", "opened by itself"])
def test_in_the_chat_the_button_that_waves_it_away_says_nothing_either(
    visit: Visit, chat: PretendedChat, by_itself: bool
) -> None:
    buttons = [{"label": "Yes", "value": "yes"}, {"label": "No, thank you", "value": "no", "kind": "dismiss"}]
    chat.triggers, chat.shown = [HELP], {**SPOKEN, "buttons": buttons, "open": by_itself}
    page = visit(launcher="Close chat" if by_itself else "Open chat")
    if not by_itself:
        bubble_of(page).get_by_role("button", name="Which boots").click()
    log_of(page).get_by_role("button", name="No, thank you").click()
    expect(dialog_of(page)).to_be_hidden()
    expect(page.get_by_role("button", name="Open chat")).to_be_focused()
    eventually(page, lambda: "dismissed" in [asked["outcome"] for asked in chat.asks("seen")])
    expect(log_of(opened(page))).not_to_contain_text("Which boots are right for you?")
    expect(log_of(page).get_by_role("button")).to_have_count(0)
    write(page, "Size 42?")
    eventually(page, lambda: bool(chat.ops("send")))
    assert [frame["body"] for frame in chat.ops("send")] == [{"text": "Size 42?"}]
    assert [asked["outcome"] for asked in chat.asks("seen")].count("dismissed") == 1


def test_what_the_server_does_not_grant_is_not_shown(visit: Visit, chat: PretendedChat) -> None:
    chat.triggers, chat.shown = [HELP], {"show": False, "why": "manners_gap"}
    page = visit()
    eventually(page, lambda: bool(chat.asks("show")))
    page.mouse.wheel(0, 100)
    page.wait_for_timeout(200)
    expect(bubble_of(page)).to_have_count(0)
    assert len(chat.asks("show")) == 1


def test_what_was_said_about_a_page_goes_with_it_and_another_may_speak(visit: Visit, chat: PretendedChat) -> None:
    chat.triggers, chat.shown = [HELP], SPOKEN
    page = visit()
    expect(bubble_of(page)).to_contain_text("Which boots are right for you?")
    chat.triggers = [own_trigger("cart_help", ["is", "page", "/cart"])]
    chat.shown = {**SPOKEN, "impression": "impression-2", "say": "Shall I look after your cart?"}
    page.evaluate("history.pushState({}, '', '/cart')")
    expect(bubble_of(page)).to_contain_text("Shall I look after your cart?")
    assert "dismissed" not in [asked["outcome"] for asked in chat.asks("seen")]


def test_a_number_about_a_page_goes_with_it(visit: Visit, chat: PretendedChat) -> None:
    chat.triggers, chat.shown = [HELP], {**SPOKEN, "badge": True}
    page = visit(launcher="Open chat, 1 new")
    page.evaluate("history.pushState({}, '', '/cart')")
    expect(page.get_by_role("button", name="Open chat", exact=True)).to_be_visible()


def test_what_a_person_said_stays_over_pages(visit: Visit, chat: PretendedChat) -> None:
    chat.triggers, chat.shown = [HELP], SPOKEN
    page = visit()
    expect(bubble_of(page)).to_be_visible()
    chat.adds("message", "agent", "Anna", text="I am Anna. Which size?")
    page.evaluate("history.pushState({}, '', '/cart')")
    expect(bubble_of(page)).to_contain_text("I am Anna.")
    page.evaluate("history.pushState({}, '', '/shoes')")
    eventually(page, lambda: len(chat.asks("view")) == 3)
    expect(bubble_of(page)).to_contain_text("I am Anna.")


def test_what_comes_too_late_for_its_page_is_not_said_on_the_next(
    visit: Visit, chat: PretendedChat, world: BrowserContext
) -> None:
    late: list[Route] = []

    def answer(route: Route) -> None:
        if route.request.method == "POST":
            late.append(route)
        else:
            chat.answer(route)

    chat.triggers, chat.shown = [HELP], SPOKEN
    world.route(f"{CHAT}/widget/show", answer)
    page = visit()
    eventually(page, lambda: bool(late))
    page.evaluate("history.pushState({}, '', '/cart')")
    eventually(page, lambda: len(chat.asks("view")) == 2)
    chat.answer(late[0])
    page.wait_for_timeout(200)
    expect(bubble_of(page)).to_have_count(0)


def test_what_is_true_of_a_new_page_at_once_is_said_when_the_page_has_settled(
    visit: Visit, chat: PretendedChat
) -> None:
    chat.triggers, chat.shown = [own_trigger("cart_help", ["is", "page", "/cart"])], SPOKEN
    page = visit()
    page.evaluate("history.pushState({}, '', '/cart')")
    eventually(page, lambda: len(chat.asks("view")) == 2 and bool(chat.asks("show")))
    expect(bubble_of(page)).to_be_visible()
    assert [what for what, _, _ in chat.asked if what != "seen"] == ["view", "view", "show"]


def test_nothing_is_said_about_a_page_that_the_server_has_not_heard_of(
    visit: Visit, chat: PretendedChat, world: BrowserContext
) -> None:
    late: list[Route] = []

    def answer(route: Route) -> None:
        if route.request.method == "POST":
            late.append(route)
        else:
            chat.answer(route)

    chat.triggers, chat.shown = [own_trigger("cart_help", ["is", "page", "/cart"])], SPOKEN
    page = visit()
    world.route(f"{CHAT}/widget/view", answer)
    page.evaluate("history.pushState({}, '', '/cart')")
    eventually(page, lambda: bool(late))
    page.evaluate("dispatchEvent(new Event('focusout'))")
    page.wait_for_timeout(200)
    assert chat.asks("show") == []
    chat.answer(late[0])
    expect(bubble_of(page)).to_be_visible()


def test_asking_again_does_not_begin_the_waiting_anew(visit: Visit, chat: PretendedChat, world: BrowserContext) -> None:
    chat.triggers, chat.shown, chat.ask_again_after = [{**HELP, "for": 60}], SPOKEN, 20
    world.clock.install()
    page = visit()
    for _ in range(2):
        asks_again_in(page, 21_000)
    assert (len(chat.asks("view")), chat.asks("show")) == (3, [])
    page.clock.run_for(20_000)
    expect(bubble_of(page)).to_be_visible()
    assert [view["again"] for view in chat.asks("view")[1:3]] == [True, True]
    assert "again" not in chat.asks("view")[0]


def test_a_page_that_is_read_for_long_says_so_before_the_visit_would_end(
    visit: Visit, chat: PretendedChat, world: BrowserContext
) -> None:
    world.clock.install()
    page = opened(visit())
    for step in range(5):
        page.clock.run_for(5 * 60_000)
        page.mouse.move(300 + step, 300)
    eventually(page, lambda: len(chat.asks("view")) == 2)
    assert chat.asks("view")[1]["again"] is True


def test_of_a_page_nobody_is_at_nothing_is_asked_until_somebody_is_back(
    visit: Visit, chat: PretendedChat, world: BrowserContext
) -> None:
    chat.ask_again_after = 3 * 60
    world.clock.install()
    page = visit()
    for minutes in range(3, 60, 3):
        asked = len(chat.asks("view"))
        if minutes < 30:
            asks_again_in(page, 3 * 60_000 + 1_000)
            assert len(chat.asks("view")) == asked + 1
        else:
            page.clock.run_for(3 * 60_000 + 1_000)
    asked = len(chat.asks("view"))
    page.clock.run_for(6 * 3_600_000)
    assert len(chat.asks("view")) == asked <= 11
    page.mouse.move(300, 300)
    page.clock.run_for(1_000)
    eventually(page, lambda: len(chat.asks("view")) > asked)


def test_a_page_that_was_hidden_when_it_was_time_asks_as_soon_as_it_is_in_sight(
    visit: Visit, chat: PretendedChat, world: BrowserContext
) -> None:
    chat.ask_again_after = 600
    world.clock.install()
    page = visit()
    hide(page)
    page.clock.run_for(11 * 60_000)
    assert len(chat.asks("view")) == 1
    hide(page, hidden=False)
    eventually(page, lambda: len(chat.asks("view")) == 2)
    assert chat.asks("view")[1]["again"] is True


def test_who_comes_back_after_their_visit_was_over_views_the_page_once_more(
    visit: Visit, chat: PretendedChat, world: BrowserContext
) -> None:
    chat.ask_again_after = 600
    world.clock.install()
    page = visit()
    hide(page)
    page.clock.run_for(40 * 60_000)
    hide(page, hidden=False)
    page.clock.run_for(1_000)
    eventually(page, lambda: len(chat.asks("view")) == 2)
    page.clock.run_for(5_000)
    assert [(view["facts"]["visits"], view.get("again")) for view in chat.asks("view")] == [(1, None), (2, None)]


def test_nobody_is_spoken_to_over_an_open_chat_or_while_filling_a_form(
    visit: Visit, chat: PretendedChat, host: Host
) -> None:
    host.body = "<main><label>Name <input autofocus></label></main>"
    chat.triggers, chat.shown = [HELP], SPOKEN
    page = visit()
    page.wait_for_timeout(200)
    assert chat.asks("show") == []
    page.get_by_label("Name").blur()
    expect(bubble_of(page)).to_be_visible()
    chat.asked.clear()
    page.evaluate("localStorage.setItem('parlour.open', '1')")
    page.reload()
    expect(dialog_of(page)).to_be_visible()
    page.get_by_label("Name").blur()
    page.wait_for_timeout(200)
    assert chat.asks("show") == []


def test_whoever_leaves_through_the_top_is_spoken_to(visit: Visit, chat: PretendedChat) -> None:
    chat.triggers, chat.shown = [own_trigger("leaving", ["is", "exit_intent", True])], SPOKEN
    page = visit()
    page.mouse.move(600, 300)
    page.mouse.move(600, 20)
    expect(bubble_of(page)).to_have_count(0)
    page.mouse.move(600, -10)
    expect(bubble_of(page)).to_be_visible()
    assert chat.asks("show")[0]["facts"]["exit_intent"] is True


def test_on_a_phone_whoever_scrolls_up_at_once_is_spoken_to(
    world: BrowserContext, chat: PretendedChat, host: Host
) -> None:
    host.body, host.policy = "<main><h1>Boots</h1><p style='height: 9000px'>Warm and dry.</p></main>", ""
    chat.triggers, chat.shown = [own_trigger("leaving", ["is", "exit_intent", True])], SPOKEN
    page = world.new_page()
    session = world.new_cdp_session(page)
    page.set_viewport_size({"width": 390, "height": 844})
    session.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    session.send("Emulation.setEmitTouchEventsForMouse", {"enabled": True, "configuration": "mobile"})
    page.clock.install()
    page.goto(f"{SHOP}/boots")
    expect(page.get_by_role("button", name="Open chat")).to_be_visible()
    stop_clock(page)
    assert chat.asks("view")[0]["facts"]["device"] == "mobile"
    page.evaluate("scrollTo(0, 5000)")
    page.clock.run_for(1_200)
    expect(bubble_of(page)).to_have_count(0)
    page.evaluate("""async () => {
        for (const top of [4900, 3000]) {
            const scrolled = new Promise((go) => addEventListener("scroll", go, { once: true }));
            scrollTo(0, top);
            await scrolled;
        }
    }""")
    expect(bubble_of(page)).to_be_visible()
    settle(page)
    picture(page, "widget-phone-leaving")


def test_whoever_sits_still_is_spoken_to_and_a_movement_begins_anew(
    visit: Visit, chat: PretendedChat, world: BrowserContext
) -> None:
    chat.triggers, chat.shown = [own_trigger("idle", [">=", "idle", 20])], SPOKEN
    world.clock.install()
    page = visit()
    for step in range(6):
        page.clock.run_for(5_000)
        page.mouse.move(300 + step, 300)
    assert chat.asks("show") == []
    page.clock.run_for(20_000)
    expect(bubble_of(page)).to_be_visible()
    assert chat.asks("show")[0]["facts"]["idle"] >= 20


def test_the_language_that_is_spoken_can_be_asked_about(visit: Visit, chat: PretendedChat) -> None:
    german, english = own_trigger("german", ["is", "language", "de"]), own_trigger("english", ["is", "language", "en"])
    chat.triggers, chat.shown = [german, english], SPOKEN
    page = visit()
    expect(bubble_of(page)).to_be_visible()
    assert [asked["trigger"] for asked in chat.asks("show")] == ["english"]


def test_a_window_that_opens_by_itself_takes_nothing_away_and_can_be_waved_away(
    visit: Visit, chat: PretendedChat, host: Host
) -> None:
    host.body = "<main><button>Buy</button></main>"
    chat.triggers, chat.shown = [own_trigger("leaving", ["is", "exit_intent", True])], {**SPOKEN, "open": True}
    page = visit()
    page.get_by_role("button", name="Buy").focus()
    page.mouse.move(600, 300)
    page.mouse.move(600, -10)
    expect(dialog_of(page)).to_be_visible()
    expect(page.get_by_role("button", name="Buy")).to_be_focused()
    expect(log_of(page)).to_contain_text("Which boots are right for you?")
    expect(log_of(page).get_by_role("button", name="Help me choose")).to_be_visible()
    settle(page)
    picture(page, "widget-opened-by-itself")
    eventually(page, lambda: bool(chat.asks("seen")))
    page.get_by_role("button", name="Close chat").click()
    eventually(page, lambda: len(chat.asks("seen")) == 2)
    assert [asked["outcome"] for asked in chat.asks("seen")] == ["seen", "dismissed"]
    assert chat.sockets == []
    page.reload()
    expect(page.get_by_role("button", name="Open chat")).to_be_visible()


def test_an_answer_in_a_window_that_opened_by_itself_is_one(visit: Visit, chat: PretendedChat) -> None:
    chat.triggers, chat.shown = [HELP], {**SPOKEN, "open": True}
    page = visit(launcher="Close chat")
    log_of(page).get_by_role("button", name="Help me choose").click()
    expect(log_of(page).locator(".own")).to_have_text("YouHelp me choose")
    assert chat.ops("send")[0]["body"] == {"answer": {"impression": "impression-1", "label": "Help me choose"}}
    page.get_by_role("button", name="Close chat").click()
    page.wait_for_timeout(100)
    assert "dismissed" not in [asked["outcome"] for asked in chat.asks("seen")]


def test_on_a_phone_no_window_opens_by_itself(world: BrowserContext, chat: PretendedChat) -> None:
    chat.triggers, chat.shown = [HELP], {**SPOKEN, "open": True, "from": {"role": "bot", "name": "Sales"}}
    page = world.new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{SHOP}/boots")
    expect(bubble_of(page)).to_contain_text("Assistant for Sales")
    expect(dialog_of(page)).to_be_hidden()
    settle(page)
    picture(page, "widget-phone-bubble-for-sales")


@pytest.mark.parametrize("width", [1280, 390])
def test_a_number_on_the_button_waits_until_it_is_pressed(
    world: BrowserContext, chat: PretendedChat, width: int
) -> None:
    chat.triggers, chat.shown = [HELP], {**SPOKEN, "badge": True}
    page = world.new_page()
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{SHOP}/boots")
    expect(page.get_by_role("button", name="Open chat, 1 new")).to_be_visible()
    expect(bubble_of(page)).to_have_count(0)
    settle(page)
    picture(page, f"widget-number-{width}")
    eventually(page, lambda: bool(chat.asks("seen")))
    assert serious(page) == []
    page.get_by_role("button", name="Open chat").click()
    expect(log_of(page)).to_contain_text("Which boots are right for you?")
    page.get_by_role("button", name="Close chat").last.click()
    expect(page.get_by_role("button", name="Open chat", exact=True)).to_be_visible()


def test_of_two_that_are_ready_the_one_that_waits_has_its_turn_later(visit: Visit, chat: PretendedChat) -> None:
    first = own_trigger("first", ["is", "page", "/boots"], priority=90)
    skips, waits = own_trigger("skips", ["is", "page", "/boots"]), own_trigger("waits", ["is", "page", "/boots"])
    chat.triggers, chat.shown = [skips, first, {**waits, "order": 2, "waits": True}], SPOKEN
    page = visit()
    bubble_of(page).get_by_role("button", name="Close message").click()
    eventually(page, lambda: len(chat.asks("show")) == 2)
    page.mouse.move(10, 10)
    page.mouse.wheel(0, 10)
    page.wait_for_timeout(200)
    assert [asked["trigger"] for asked in chat.asks("show")] == ["first", "waits"]


def test_a_focus_in_the_bubble_goes_on_in_the_one_that_takes_its_place(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "visitor", text="Hello")
    page = visit()
    eventually(page, lambda: bool(chat.sockets))
    chat.happens("message", "agent", "Anna", text="They are warm.")
    bubble_of(page).get_by_role("button", name="Close message").focus()
    chat.happens("message", "agent", "Anna", text="Which size do you need?")
    expect(bubble_of(page).get_by_role("button", name="Which size do you need?")).to_be_focused()


def test_a_focus_in_a_bubble_that_goes_with_its_page_goes_to_the_launcher(visit: Visit, chat: PretendedChat) -> None:
    chat.triggers, chat.shown = [HELP], SPOKEN
    page = visit()
    bubble_of(page).get_by_role("button", name="Help me choose").focus()
    page.evaluate("history.pushState({}, '', '/cart')")
    expect(bubble_of(page)).to_have_count(0)
    expect(page.get_by_role("button", name="Open chat")).to_be_focused()
