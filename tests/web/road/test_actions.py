"""Custom actions on the whole road: in a browser, beside other visitors, and when the server is killed."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.bot.actions.hostile import hostile
from tests.bot.actions.test_server import children_of, is_running
from tests.browser import picture
from tests.server import Server, VisitorLine, running, wait_for
from tests.web.road.conftest import open_shop

pytestmark = pytest.mark.xdist_group("shop with actions")  # What takes long to make is made by one process.

THOUGHT = "thought"
"""The file that a slow action waits for."""
SLOW = """
import asyncio
from pathlib import Path

from rasa_sdk import Action
from rasa_sdk.events import SlotSet


class Thinks(Action):
    def name(self):
        return "thinks"

    async def run(self, dispatcher, tracker, domain):
        while not Path(tracker.get_slot("until")).exists():
            await asyncio.sleep(0.05)
        return [SlotSet("thought", {"of": "tea"})]
"""
FLOW = """
flows:
  thinking:
    start_when: {page: /think*}
    steps:
      - action: thinks
        with: {until: FILE}
        timeout: 60s
        save_as: thought
        on_error: lost
      - say: {en: "I thought of {{ thought.of }}.", de: "Ich dachte an {{ thought.of }}."}
      - end: true
      - id: lost
        say: {en: I lost the thread., de: Ich habe den Faden verloren.}
"""


def make_shop(folder: Path) -> Path:
    """The site of the starter, never closed, with one more flow and a slow action for it."""
    site = open_shop(folder)
    (site / "actions" / "slow.py").write_text(SLOW)
    (site / "flows" / "thinking.yaml").write_text(FLOW.replace("FILE", f'"{folder / THOUGHT}"'))
    return site


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("shop")
    yield from running(Server(make_shop(folder), f"sqlite:///{folder}/parlour.db"))


def thinker(server: Server) -> VisitorLine:
    return VisitorLine(server, server.view("/think")["token"])


def test_a_visitor_of_the_shop_is_told_where_the_order_is(shop: Server, page: Page):
    page.goto(f"{shop.address}/demo/")
    page.get_by_role("button", name="Open chat").click()
    write(page, "Hello")
    page.get_by_role("button", name="My order").click()
    log = page.get_by_role("log", name="Conversation")
    expect(log).to_contain_text("What is your order number?")
    write(page, "tt-1002")
    expect(log.get_by_role("link", name="https://parcels.example/TT-1002")).to_be_visible(timeout=20_000)
    picture(page, "order-looked-up")


def test_a_slow_action_holds_up_nobody_and_says_that_it_takes_a_moment(shop: Server):
    slow, quick = thinker(shop), shop.visitor()
    slow.says("Hello")
    quick.says("Hello")
    quick.hears("What is it about?")
    slow.hears("One moment, I am looking that up.")
    assert "I thought of tea." not in slow.texts()
    (shop.site.parent / THOUGHT).touch()
    slow.hears("I thought of tea.")
    slow.close()
    quick.close()


def test_health_says_how_the_actions_are_and_nothing_that_is_in_them(shop: Server):
    wait_for(lambda: shop.get("/health").json()["actions"]["state"] == "running", 30)
    assert shop.get("/health").json()["actions"] == {"state": "running", "problem": None}
    broken = shop.site / "actions" / "broken.py"
    broken.write_text("password = 'three blue teapots' +\n")
    wait_for(lambda: shop.get("/health").json()["actions"]["problem"], 30)
    told = shop.get("/health").json()
    assert told["actions"]["problem"] == "actions/broken.py:1 cannot be used; the log and `parlour check` say why"
    assert told["status"] == "degraded"
    broken.unlink()
    wait_for(lambda: shop.get("/health").json()["status"] == "ok", 30)
    assert shop.get("/health").json()["status"] == "ok"


def test_no_action_outlives_a_server_that_is_killed(shop: Server):
    assert shop.process is not None
    master = shop.process.pid
    wait_for(lambda: len(children_of(master)) == 1, 10)  # one that was replaced may just be leaving
    (actions,) = children_of(master)
    os.kill(shop.process.pid, signal.SIGKILL)
    assert shop.process.has_ended(within=10)
    wait_for(lambda: not is_running(actions), 10)
    assert not is_running(actions)


def test_an_action_server_elsewhere_that_breaks_leads_where_the_step_says(tmp_path: Path):
    with hostile() as elsewhere:
        options = ("--actions-url", elsewhere.url)
        for server in running(Server(make_shop(tmp_path), f"sqlite:///{tmp_path}/parlour.db", options=options)):
            assert children_of(server.process.pid) == []  # type: ignore[union-attr]
            visitor = thinker(server)
            visitor.says("Hello")
            visitor.hears("I lost the thread.")
            assert elsewhere.requests[-1].startswith(b"POST /webhook HTTP/1.1")
            visitor.close()


def write(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Message").fill(text)
    page.get_by_role("button", name="Send").click()
