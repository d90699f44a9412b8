"""The panel without a mouse, with a screen reader, and on a phone."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser import picture
from tests.web.panel.desk import ANNA, OTTO, PretendedDesk, accept_anna, at, comes_true, event, row


def test_an_agent_without_a_mouse_takes_answers_and_leaves(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    desk.waiting.append(row(OTTO, "Otto", waiting_since=at(5)))
    page = panel()
    page.keyboard.press("j")
    expect(page.get_by_role("button", name="Anna Muster")).to_be_focused()
    page.keyboard.press("j")
    expect(page.get_by_role("button", name="Otto")).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("a")
    expect(page.get_by_role("textbox", name="Reply")).to_be_focused()
    page.keyboard.type("Hello jack")
    page.keyboard.press("Enter")
    expect(page.get_by_role("log")).to_contain_text("Hello jack")
    page.keyboard.press("Escape")
    expect(page.get_by_role("list", name="Mine").get_by_role("button", name="Anna Muster")).to_be_focused()
    page.keyboard.press("n")
    expect(page.get_by_role("textbox", name="Note")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    expect(page.get_by_role("list", name="Waiting")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    assert comes_true(page, lambda: [frame["body"]["text"] for frame in desk.said("send")] == ["Hello jack"])


def test_single_letters_are_no_keys_for_those_who_turned_them_off(panel: Callable[..., Page]) -> None:
    page = panel()
    page.get_by_role("button", name="Keyboard help").click()
    page.get_by_label("Single letters are keys").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    page.keyboard.press("j")
    expect(page.get_by_role("button", name="Accept")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_a_screen_reader_or_a_weak_eye_out(
    panel: Callable[..., Page], desk: PretendedDesk, scheme: Any
) -> None:
    desk.waiting.append(row(OTTO, "Otto", holder="bot", left=True, waiting_since=at(500)))
    desk.problem = "flows/welcome.yaml:3:5: unknown key"
    page = panel()
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    assert serious(page) == []
    accept_anna(page)
    desk.tell("typing", conversation=ANNA, who="visitor", on=True, text="or by card")
    desk.happens(ANNA, event(5, "note", "agent", "Clara", text="A reseller"))
    page.get_by_role("textbox", name="Reply").press_sequentially("/")
    expect(page.get_by_role("option")).to_have_count(3)
    assert serious(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Note").click()
    page.get_by_role("button", name="Presence: Online").click()
    assert serious(page) == []


def serious(page: Page) -> list[str]:
    """Returns what axe finds wrong that keeps somebody out, each with the first element concerned."""
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found if each["impact"] in ("serious", "critical")]


def test_what_was_said_before_is_not_read_out_and_what_comes_is(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    desk.waiting.append(row(OTTO, "Otto", waiting_since=at(5)))
    desk.record[OTTO] = [event(1, "message", "visitor", "Otto", 50, text="Is it so?")]
    page = panel()
    log = page.locator("[role=log]")
    log.evaluate("""log => {
        window.told = [];
        const hear = () => told.push(log.ariaBusy === "true" ? "history" : "news");
        new MutationObserver(hear).observe(log, { childList: true, subtree: true });
    }""")
    for name in ("Anna Muster", "Otto", "Anna Muster"):
        page.get_by_role("list", name="Waiting").get_by_role("button", name=name).click()
        expect(log.get_by_role("listitem")).not_to_have_count(0)
        expect(log).to_have_attribute("aria-busy", "false")
        assert set(page.evaluate("told.splice(0)")) == {"history"}
    desk.happens(ANNA, event(desk.next_seq(ANNA), "message", "visitor", "Anna Muster", 0, text="And one more"))
    expect(log).to_contain_text("And one more")
    assert page.evaluate("told") == ["news"]


def test_what_is_said_comes_into_a_status_that_stood_there_before(panel: Callable[..., Page]) -> None:
    statuses = panel().locator(".panel__notices [role=status]").all()
    stands = [status.evaluate("status => [status.checkVisibility(), status.innerText.trim()]") for status in statuses]
    assert stands == [[True, ""], [True, ""], [True, ""]]


def test_what_lies_over_the_page_has_an_edge_where_colours_are_forced(panel: Callable[..., Page], page: Page) -> None:
    page.emulate_media(forced_colors="active")
    panel()
    accept_anna(page)
    page.get_by_role("textbox", name="Reply").press_sequentially("/")
    expect(page.get_by_role("option")).to_have_count(3)
    assert edge(page, "canned-responses") == edge(page, ".composer__card")
    chosen = page.get_by_role("option").first.evaluate("option => getComputedStyle(option).outlineColor")
    assert chosen == edge(page, ".composer__card")[1]
    page.get_by_role("button", name="Presence: Online").click()
    assert edge(page, "#presence-menu") == edge(page, ".composer__card")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Keyboard help").click()
    assert edge(page, "#help") == edge(page, ".composer__card")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Why did it say that?").click()
    assert edge(page, ".explanation") == edge(page, ".composer__card")


def test_messages_and_numbers_have_an_edge_where_colours_are_forced(
    panel: Callable[..., Page], desk: PretendedDesk, page: Page
) -> None:
    desk.waiting.append(row(OTTO, "Otto", waiting_since=at(5)))
    page.emulate_media(forced_colors="active")
    panel()
    accept_anna(page)
    desk.happens(ANNA, event(desk.next_seq(ANNA), "message", "agent", "Ben", 0, text="By invoice, too."))
    expect(page.get_by_role("log")).to_contain_text("By invoice, too.")
    page.get_by_role("tab", name="New").click()
    drawn = edge(page, ".composer__card")
    picture(page, "panel-forced-colours")
    assert edge(page, ".conversation__item--visitor .conversation__bubble") == drawn
    assert edge(page, ".conversation__item--own .conversation__bubble") == drawn
    assert edge(page, "[role=tab][aria-selected=true] .queue__count") == drawn
    assert edge(page, "[aria-label=Waiting] .queue__unread") == drawn


def test_only_what_is_chosen_is_marked_where_colours_are_forced(
    panel: Callable[..., Page], desk: PretendedDesk, page: Page
) -> None:
    desk.mine = [row(OTTO, "Otto", owner="ben", holder="agent")]
    desk.record[OTTO] = [event(1, "message", "visitor", "Otto", 50, text="Is it so?")]
    page.emulate_media(forced_colors="active")
    panel()
    accept_anna(page)
    nothing = page.evaluate("""() => {
        document.documentElement.style.color = "Canvas";
        return getComputedStyle(document.documentElement).color;
    }""")
    for tabs in (page.get_by_role("tablist").first, page.get_by_role("tablist").last):
        for tab in tabs.get_by_role("tab").all():
            below = tab.evaluate("tab => getComputedStyle(tab).borderBlockEndColor")
            assert (below != nothing) == (tab.get_attribute("aria-selected") == "true")
    for name, marked in (("Anna Muster", True), ("Otto", False)):
        button = page.get_by_role("list", name="Mine").get_by_role("button", name=name)
        beside = button.evaluate("button => getComputedStyle(button).borderInlineStartColor")
        assert (beside != nothing) == marked


def edge(page: Page, part: str) -> list[str]:
    """Returns how wide the edge at the start of a part is, and its colour."""
    style = "getComputedStyle(part)"
    measured: list[str] = page.locator(part).evaluate(
        f"part => [{style}.borderInlineStartWidth, {style}.borderInlineStartColor]"
    )
    return measured


def test_a_phone_shows_one_column_at_a_time_and_back_is_back(panel: Callable[..., Page], page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    panel()
    expect(page.locator("panel-conversation")).to_be_hidden()
    accept_anna(page)
    expect(page.get_by_role("list", name="Mine")).to_be_hidden()
    page.get_by_role("button", name="Details").click()
    expect(page.get_by_role("heading", name="Pages seen", exact=True)).to_be_visible()
    expect(page.get_by_role("textbox", name="Reply")).to_be_hidden()
    page.go_back()
    expect(page.get_by_role("textbox", name="Reply")).to_be_visible()
    page.get_by_role("button", name="Back to the list").click()
    expect(page.get_by_role("list", name="Mine")).to_be_visible()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width == 390


def test_a_begun_reply_that_one_comes_back_to_on_a_phone_is_shown_whole(
    panel: Callable[..., Page], page: Page, desk: PretendedDesk
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    desk.waiting.append(row(OTTO, "Otto", waiting_since=at(5)))
    desk.record[OTTO] = []
    panel()
    accept_anna(page)
    reply, back = page.get_by_role("textbox", name="Reply"), page.get_by_role("button", name="Back to the list")
    reply.fill("line\n" * 6 + "the end")
    written = reply.bounding_box()
    back.click()
    page.get_by_role("tab", name="New").click()
    page.locator(f"#row-{OTTO}").click()
    expect(reply).to_be_hidden()
    back.click()
    page.get_by_role("tab", name="Mine").click()
    page.locator(f"#row-{ANNA}").click()
    expect(reply).to_be_visible()
    assert reply.bounding_box() == written


def test_on_a_tall_phone_nothing_stands_empty_below_the_reply(panel: Callable[..., Page], page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 1600})
    panel()
    accept_anna(page)
    columns = page.locator(".panel__columns").bounding_box()
    assert columns is not None
    assert (columns["y"], columns["height"]) == (0, 1600)


def test_on_a_page_enlarged_to_400_percent_a_long_reply_is_written_sent_and_what_was_said_is_read(
    panel: Callable[..., Page], page: Page, desk: PretendedDesk
) -> None:
    page.set_viewport_size({"width": 320, "height": 256})
    panel()
    accept_anna(page)
    reply, send = page.get_by_role("textbox", name="Reply"), page.get_by_role("button", name="Send")
    reply.fill("a line\n" * 8 + "the end")
    said = page.locator(".conversation__scroll").bounding_box()
    assert said is not None and said["height"] > 100
    page.mouse.move(160, 20)
    page.mouse.wheel(0, 400)
    expect(send).to_be_in_viewport(ratio=1)
    picture(page, "panel-enlarged")
    send.click()
    expect(page.get_by_role("log", name="Conversation")).to_contain_text("the end")
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    assert page.evaluate("document.documentElement.scrollHeight") == 400


def test_an_address_opened_directly_has_a_way_back_to_the_list(panel: Callable[..., Page], page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    panel(f"?conversation={ANNA}")
    expect(page.get_by_role("log", name="Conversation")).to_contain_text("Can I pay by invoice?")
    page.get_by_role("button", name="Back to the list").click()
    expect(page.get_by_role("list", name="Waiting")).to_be_visible()


def test_details_fold_away_and_stay_folded(panel: Callable[..., Page], page: Page) -> None:
    page.set_viewport_size({"width": 1400, "height": 900})
    panel()
    accept_anna(page)
    expect(page.get_by_role("heading", name="Pages seen", exact=True)).to_be_visible()
    page.get_by_role("button", name="Details", exact=True).click()
    expect(page.get_by_role("heading", name="Pages seen", exact=True)).to_be_hidden()
    page.reload()
    expect(page.get_by_role("textbox", name="Reply")).to_be_visible()
    expect(page.get_by_role("heading", name="Pages seen", exact=True)).to_be_hidden()
