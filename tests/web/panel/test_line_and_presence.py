"""The agent and the line: presence, a broken line, signing out, being called."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import ORIGIN, STATIC, stop_clock
from tests.web.panel.desk import ANNA, BRIEF, OTTO, PretendedDesk, accept_anna, comes_true, row
from tests.web.panel.pages import PanelPages


def test_a_presence_that_could_not_be_stored_is_wished_for_again(
    panel: Callable[..., Page], desk: PretendedDesk, page: Page
) -> None:
    page.clock.install()
    desk.busy = True
    page = panel()
    stop_clock(page)
    page.get_by_role("button", name="Presence: Online").click()
    page.get_by_role("button", name="Away").click()
    expect(page.get_by_text("It will be tried again in a moment.")).to_be_visible()
    assert desk.intent == "online"
    page.clock.run_for(2_500)
    expect(page.get_by_role("button", name="Presence: Away")).to_be_visible()
    assert comes_true(page, lambda: desk.intent == "away")


@pytest.mark.browser_context_args()
def test_behind_https_the_line_is_a_secure_one_too(
    page: Page, desk: PretendedDesk, pages: PanelPages, browser_context_args: dict[str, Any]
) -> None:
    def fetch(route: Route) -> None:
        route.fulfill(response=route.fetch(url=route.request.url.replace(ORIGIN, browser_context_args["base_url"])))

    pages.desk = desk
    page.context.route(f"{ORIGIN}/**", fetch)
    page.goto(f"{ORIGIN}/panel/")
    expect(page.locator(".presence__said")).to_have_text("Online")
    assert desk.socket is not None and desk.socket.url.startswith("wss:")


def test_presence_is_chosen_in_words_and_told_to_the_desk(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    page = panel()
    page.get_by_role("button", name="Presence: Online").click()
    expect(page.get_by_text("Connected.")).to_be_visible()
    page.get_by_role("button", name="Draining").click()
    expect(page.get_by_role("button", name="Presence: Draining")).to_be_visible()
    assert comes_true(page, lambda: [frame["intent"] for frame in desk.said("presence")] == ["draining"])


def test_another_presence_chosen_in_another_window_is_true_here_too(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    page = panel()
    desk.intent = "away"
    desk.queue()
    expect(page.get_by_role("button", name="Presence: Away")).to_be_visible()
    expect(page.get_by_text("You are away. Nothing is offered to you.")).to_be_visible()


def test_a_broken_line_is_said_and_what_was_chosen_meanwhile_is_told_later(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    page = panel()
    assert desk.socket is not None
    desk.socket.close(code=1012, reason="retry:60")
    page.get_by_role("button", name="Presence: No connection").click()
    page.get_by_role("button", name="Away").click()
    page.get_by_role("button", name="Presence: No connection").click()
    page.get_by_role("button", name="Try now").click()
    expect(page.get_by_role("button", name="Presence: Away")).to_be_visible()
    assert comes_true(page, lambda: [frame["intent"] for frame in desk.said("presence")] == ["away"])


def test_when_the_record_was_replaced_what_is_looked_at_is_fetched_anew(
    panel: Callable[..., Page], page: Page, desk: PretendedDesk
) -> None:
    page.set_viewport_size({"width": 1400, "height": 900})
    panel(f"?conversation={ANNA}")
    details = page.get_by_role("region", name="Details of the conversation")
    expect(details).to_contain_text("Visits2")
    desk.epoch = "e2"
    desk.brief = {**BRIEF, "context": {**BRIEF["context"], "visits": 3}}
    assert desk.socket is not None
    desk.socket.close(code=1012, reason="retry:0.1")
    expect(details).to_contain_text("Visits3")
    expect(page.get_by_role("region", name="Brief")).to_contain_text("Team size")
    expect(page.get_by_role("log", name="Conversation")).to_contain_text("Can I pay by invoice?")


def test_every_drawing_is_there_when_the_line_breaks(
    panel: Callable[..., Page], page: Page, desk: PretendedDesk
) -> None:
    asked: list[str] = []
    broken = False
    page.context.route("**/lucide/*", lambda route: route.abort() if broken else route.continue_())
    page.on("request", lambda request: asked.append(request.url) if "/lucide/" in request.url else None)
    panel()
    drawn = set(re.findall(r"lucide/[a-z0-9-]+\.svg", (STATIC / "panel" / "icons.css").read_text()))
    assert comes_true(page, lambda: {"lucide/" + each.rpartition("/")[2] for each in asked} == drawn)
    page.wait_for_load_state("networkidle")
    asked.clear()
    broken = True
    accept_anna(page)
    page.get_by_role("button", name="Sound is on").click()
    page.get_by_role("button", name="Presence: Online").click()
    expect(page.get_by_text("Connected.")).to_be_visible()
    expect(page.get_by_role("button", name="Sound is off")).to_be_visible()
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    assert asked == []


def test_trouble_with_the_content_is_said_and_may_contain_anything(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    desk.problem = "flows/welcome.yaml:3:5: <b>unknown key</b>"
    page = panel()
    expect(page.get_by_text("flows/welcome.yaml:3:5: <b>unknown key</b>")).to_be_visible()


def test_who_is_signed_out_is_told_and_keeps_what_was_written(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    page = panel()
    accept_anna(page)
    page.get_by_role("textbox", name="Reply").fill("Half an answ")
    assert desk.socket is not None
    desk.socket.close(code=4401)
    said = page.get_by_role("alert").filter(has_text="You are signed out.")
    expect(said).to_contain_text("What you wrote is kept in this window.")
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("Half an answ")


def test_what_an_agent_left_unsent_waits_for_them_and_is_sent_by_nobody_else(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    def notes() -> list[str]:
        return [frame["body"]["text"] for frame in desk.said("note")]

    def write(text: str) -> None:
        page.get_by_role("tab", name="Note").click()
        page.get_by_role("textbox", name="Note").fill(text)
        page.keyboard.press("Enter")
        assert comes_true(page, lambda: text in notes())

    page = panel()
    accept_anna(page)
    desk.silent = True
    write("from Ben")
    assert desk.socket is not None
    desk.socket.close(code=4401)
    expect(page.get_by_role("alert").filter(has_text="You are signed out.")).to_be_visible()

    desk.frames, desk.silent = [], False
    desk.agent_id, desk.agent_name = "clara", "Clara"
    panel(f"?conversation={ANNA}")
    write("from Clara")
    assert notes() == ["from Clara"]

    desk.frames, desk.agent_id, desk.agent_name = [], "ben", "Ben"
    panel()
    assert comes_true(page, lambda: notes() == ["from Ben"])


def test_what_an_agent_began_to_write_is_there_for_them_and_nobody_else(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    page = panel()
    accept_anna(page)
    reply = page.get_by_role("textbox", name="Reply")
    reply.fill("Half an answ")
    assert desk.socket is not None
    desk.socket.close(code=4401)
    expect(page.get_by_role("alert").filter(has_text="You are signed out.")).to_be_visible()
    for agent, name, begun in (("clara", "Clara", ""), ("ben", "Ben", "Half an answ")):
        desk.agent_id, desk.agent_name = agent, name
        desk.mine = [row(ANNA, holder="agent", owner={"id": agent, "name": name}, token=4, last_seq=4)]
        panel(f"?conversation={ANNA}")
        expect(page.get_by_role("button", name="Return to bot")).to_be_visible()
        expect(reply).to_have_value(begun)


def test_an_address_of_nothing_leads_to_the_list_and_says_so(panel: Callable[..., Page]) -> None:
    page = panel("?conversation=made-up-by-somebody")
    expect(page.get_by_role("status").filter(has_text="There is no such conversation")).to_be_visible()
    expect(page.get_by_role("heading", name="No conversation is open")).to_be_visible()


def test_signing_out_leaves_nothing_in_the_browser(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    page = panel()
    accept_anna(page)
    desk.silent = True
    page.get_by_role("textbox", name="Reply").fill("Not sent yet")
    page.keyboard.press("Enter")
    page.get_by_role("textbox", name="Reply").fill("Half an answ")
    kept = "() => JSON.stringify([...Object.entries(localStorage), ...Object.entries(sessionStorage)])"
    assert "Not sent yet" in page.evaluate(kept) and "Half an answ" in page.evaluate(kept)
    page.route("/logout", lambda route: route.fulfill(body="<title>Signed out</title>", content_type="text/html"))
    page.get_by_role("button", name="Presence: Online").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_title("Signed out")
    assert "Not sent yet" not in page.evaluate(kept) and "Half an answ" not in page.evaluate(kept)


def test_who_could_not_sign_out_in_another_window_keeps_what_they_wrote_when_it_ends_by_itself(
    panel: Callable[..., Page], desk: PretendedDesk, page: Page
) -> None:
    page.clock.install()
    panel()
    accept_anna(page)
    page.get_by_role("textbox", name="Reply").fill("Half an answ")
    page.evaluate("""() => new Promise((heard) => {
        const [says, hears] = [1, 2].map(() => new BroadcastChannel("parlour.panel.leaving"));
        hears.onmessage = () => heard();  // After the panel, which listens for longer.
        says.postMessage(null);
    })""")
    page.clock.fast_forward(10_000)
    desk.mine = [{**desk.mine[0], "tags": ["served"]}]
    desk.queue()
    page.get_by_role("tab", name="Mine").click()
    expect(page.get_by_text("served").first).to_be_visible()
    assert desk.socket is not None
    desk.socket.close(code=4401)
    expect(page.get_by_role("alert").filter(has_text="is kept in this window")).to_be_visible()
    assert "Half an answ" in page.evaluate("Object.values(sessionStorage)")


def test_who_is_signed_out_is_told_so_instead_of_being_let_wait(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    page = panel()
    accept_anna(page)
    assert desk.socket is not None
    desk.socket.close(code=4401)
    expect(page.get_by_role("alert").filter(has_text="You are signed out.")).to_be_visible()
    page.get_by_role("button", name="Return to bot").click()
    expect(page.get_by_role("status").filter(has_text="Sign in again first.")).to_be_visible()
    expect(page.locator(".conversation__doing")).to_have_text("")


def test_who_is_signed_out_accepts_nothing_that_they_look_at(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    page = panel(f"?conversation={ANNA}")
    expect(page.get_by_text("Nobody has this conversation yet.")).to_be_visible()
    assert desk.socket is not None
    desk.socket.close(code=4401)
    expect(page.get_by_role("alert").filter(has_text="You are signed out.")).to_be_visible()
    page.get_by_role("tabpanel", name="Reply").get_by_role("button", name="Accept").click()
    expect(page.locator(".composer__refused")).to_contain_text("Sign in again first.")


@pytest.mark.parametrize("first", ["signed out elsewhere", "over"])
def test_who_signs_out_in_another_window_can_copy_what_they_wrote_here_and_the_browser_keeps_none_of_it(
    panel: Callable[..., Page], desk: PretendedDesk, first: str
) -> None:
    def sign_out_elsewhere() -> None:
        other = page.context.new_page()
        other.route_web_socket(re.compile(r"/panel/socket"), PretendedDesk().open)
        other.goto("/panel/")
        other.get_by_role("button", name="Presence: Online").click()
        other.get_by_role("button", name="Sign out").click()
        expect(other).to_have_title("Signed out")
        other.close()

    desk.mine = [row(OTTO, "Otto", holder="agent", owner={"id": "ben", "name": "Ben"}, token=3)]
    desk.record[OTTO] = []
    page = panel()
    page.context.route(
        "/logout", lambda route: route.fulfill(body="<title>Signed out</title>", content_type="text/html")
    )
    accept_anna(page)
    desk.silent = True
    reply = page.get_by_role("textbox", name="Reply")
    reply.fill("An answer on its way")
    page.keyboard.press("Enter")
    reply.fill("Half an answ")
    page.locator(f"#row-{OTTO}").click()
    reply.fill("Dear Otto")
    socket = desk.socket
    assert socket is not None
    ends = [sign_out_elsewhere, lambda: socket.close(code=4401)]
    for end in ends if first == "signed out elsewhere" else reversed(ends):
        end()
    said = page.get_by_role("alert").filter(has_text="You are signed out")
    expect(said).to_have_count(1)
    expect(said).to_contain_text("What you wrote is not kept: copy it before you sign in again")
    expect(reply).to_have_value("Dear Otto")
    page.locator(f"#row-{ANNA}").click()
    expect(reply).to_have_value("Half an answ")
    unsent = page.get_by_role("list", name="Not sent yet")
    expect(unsent).to_contain_text("An answer on its wayNot sent.")
    expect(unsent.get_by_role("button")).to_have_count(0)
    reply.press_sequentially("er")
    page.keyboard.press("Enter")
    expect(page.get_by_text("You are signed out, so this cannot be sent.")).to_be_visible()
    expect(reply).to_have_value("Half an answer")
    kept = page.evaluate("JSON.stringify([...Object.entries(localStorage), ...Object.entries(sessionStorage)])")
    assert not any(words in kept for words in ("An answer on its way", "Half an answ", "Dear Otto"))


def test_nobody_is_left_in_doubt_that_they_are_not_online(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    page = panel()
    page.get_by_role("button", name="Presence: Online").click()
    page.get_by_role("button", name="Away").click()
    expect(page.get_by_text("You are away. Nothing is offered to you.")).to_be_visible()
    page.get_by_role("button", name="Go online").click()
    expect(page.get_by_text("Nothing is offered to you.")).to_be_hidden()
    assert comes_true(page, lambda: [frame["intent"] for frame in desk.said("presence")] == ["away", "online"])


def test_a_window_out_of_sight_tells_through_the_system_once_that_was_wished(
    panel: Callable[..., Page], page: Page, desk: PretendedDesk
) -> None:
    page.add_init_script("""
        window.told = [];
        window.Notification = class {
          static permission = "default";
          static requestPermission = async () => (window.Notification.permission = "granted");
          constructor(title, options) { window.told.push([title, options.body, options.renotify]); }
          close() {}
        };
        document.hasFocus = () => false;
    """)
    desk.waiting = []
    panel()
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("button", name="Turn on")).to_be_hidden()
    desk.waiting = [row(ANNA)]
    desk.queue()
    page.wait_for_function("told.length === 1")
    assert page.evaluate("told") == [["Anna Muster is waiting", "Can I pay by invoice?", True]]


ONLY_AFTER_A_PRESS = """
    // A browser without a screen lets every page sound. Elsewhere a finger that is put down is no press yet.
    window.AudioContext = class extends AudioContext {
      #sounds = false;
      get state() { return this.#sounds ? "running" : "suspended"; }
      async resume() { this.#sounds ||= event.type !== "pointerdown" || event.pointerType === "mouse"; }
    };
"""


@pytest.mark.browser_context_args(has_touch=True)
def test_a_touch_lets_the_page_sound_as_a_click_does(panel: Callable[..., Page], page: Page) -> None:
    page.add_init_script(ONLY_AFTER_A_PRESS)
    panel()
    page.get_by_role("heading", name="No conversation is open").tap()
    expect(page.get_by_role("button", name="Sound is on")).to_be_visible()


def test_the_switch_of_the_sound_turns_it_on_also_with_the_first_press(panel: Callable[..., Page], page: Page) -> None:
    page.add_init_script(ONLY_AFTER_A_PRESS)
    panel()
    page.get_by_role("button", name="Sound starts with your first click").click()
    expect(page.get_by_role("button", name="Sound is on")).to_be_visible()


def test_the_sound_says_whether_it_is_on_and_sounds_for_who_comes(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    desk.waiting = []
    page = panel()
    expect(page.get_by_role("button", name="Sound starts with your first click")).to_be_visible()
    page.get_by_role("heading", name="No conversation is open").click()
    expect(page.get_by_role("button", name="Sound is on")).to_be_visible()
    desk.waiting = [row(ANNA)]
    desk.queue()
    expect(page.locator("sound-alert")).to_have_attribute("data-played", "1")
    page.get_by_role("button", name="Sound is on").click()
    expect(page.get_by_role("button", name="Sound is off")).to_be_visible()
    desk.waiting = [row(ANNA), row(OTTO, "Otto")]
    desk.queue()
    expect(page).to_have_title("(2) Parlour")
    expect(page.locator("sound-alert")).to_have_attribute("data-played", "1")


@pytest.mark.parametrize(
    ("happens", "rings"),
    [
        ({"said": {"text": "It is urgent", "seq": 9}, "last": {"text": "We deliver daily.", "from": "bot"}}, 1),
        ({"last_seq": 9}, 0),
    ],
    ids=["the visitor writes and a rule answers", "the visitor looks at another page"],
)
def test_what_the_visitor_writes_calls_and_what_else_happens_does_not(
    panel: Callable[..., Page], desk: PretendedDesk, happens: dict[str, Any], rings: int
) -> None:
    desk.waiting = []
    desk.mine = [row(ANNA, holder="agent", owner={"id": "ben", "name": "Ben"}, token=3)]
    page = panel()
    page.evaluate(
        "() => { window.calls = []; document.addEventListener('parlour:attention', (e) => calls.push(e.detail.text)); }"
    )
    desk.mine = [{**desk.mine[0], **happens}]
    desk.queue()
    desk.waiting = [row(OTTO, "Otto", said={"text": "Anybody there?", "seq": 2})]
    desk.queue()
    expect(page).to_have_title("(2) Parlour")
    assert page.evaluate("calls") == ["It is urgent"] * rings + ["Anybody there?"]
