"""Custom actions on the whole road: in a browser, beside other visitors, and when the server is killed."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.bot.actions.hostile import answer, hostile
from tests.bot.actions.test_server import children_of, is_running
from tests.browser import picture
from tests.server import Server, VisitorLine, running, wait_for
from tests.web.road.conftest import open_shop
from tests.web.road.test_database_in_trouble import told

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
        timeout: TIMEOUT
        save_as: thought
        on_error: lost
      - say: {en: "I thought of {{ thought.of }}.", de: "Ich dachte an {{ thought.of }}."}
      - end: true
      - id: lost
        say: {en: I lost the thread., de: Ich habe den Faden verloren.}
"""


DELIVERY = (
    "A parcel leaves us within a working day, and takes one or two days within Germany and Austria. "
    "From €60 delivery is free."
)
TAKES_A_MOMENT = "One moment, I am looking that up."


def make_shop(folder: Path, *, timeout: str = "60s") -> Path:
    """The site of the starter, never closed, with one more flow and a slow action for it, which has so much time."""
    site = open_shop(folder)
    (site / "actions" / "slow.py").write_text(SLOW)
    (site / "flows" / "thinking.yaml").write_text(
        FLOW.replace("FILE", f'"{folder / THOUGHT}"').replace("TIMEOUT", timeout)
    )
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
    slow.hears(TAKES_A_MOMENT)
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


@contextmanager
def silent(folder: Path, *, timeout: str) -> Iterator[tuple[Server, threading.Event]]:
    """A shop whose action server elsewhere says nothing when called, until it may speak."""
    may_speak = threading.Event()
    with hostile() as elsewhere:

        def says() -> Iterator[bytes]:
            if elsewhere.requests[-1].startswith(b"GET"):
                yield answer(b'[{"name": "thinks"}]')
            else:
                may_speak.wait(60)
                yield answer(b'{"events": [], "responses": [{"text": "I thought of coffee."}]}')

        elsewhere.says = says
        options = ("--actions-url", elsewhere.url)
        shop = Server(make_shop(folder, timeout=timeout), f"sqlite:///{folder}/parlour.db", options=options)
        for server in running(shop):
            yield server, may_speak
        may_speak.set()


def kept_waiting(server: Server) -> VisitorLine:
    """Somebody who was told that it takes a moment, and is answered meanwhile."""
    visitor = thinker(server)
    visitor.says("Hello")
    visitor.hears(TAKES_A_MOMENT)
    visitor.says("And delivery?")
    visitor.hears(DELIVERY)
    return visitor


@pytest.mark.fault("F24")
def test_who_waits_for_a_silent_action_server_is_told_so_and_then_that_it_failed(tmp_path: Path):
    with silent(tmp_path, timeout="7s") as (server, may_speak):
        visitor = kept_waiting(server)
        visitor.hears("I lost the thread.")
        visitor.says("a person, please")
        visitor.hears("What is your e-mail address?")
        assert not may_speak.is_set()
        assert [entry["reason"] for entry in told(server, "action.failed")] == ["timeout"]
        assert visitor.texts().count(TAKES_A_MOMENT) == 1
        visitor.close()


@pytest.mark.fault("F25")
def test_what_a_silent_action_server_says_too_late_is_left_out_and_told_to_the_operator(tmp_path: Path):
    with silent(tmp_path, timeout="60s") as (server, may_speak):
        visitor = kept_waiting(server)
        visitor.says("a person, please")
        visitor.hears("What is your e-mail address?")
        assert not told(server, "action.late")
        may_speak.set()
        wait_for(lambda: told(server, "action.late"), 10)
        assert [entry["action"] for entry in told(server, "action.late")] == ["thinks"]
        visitor.says("ann@shop.example")
        visitor.until(lambda: visitor.texts()[-1] != "ann@shop.example")
        assert "I thought of coffee." not in visitor.texts()
        assert "I lost the thread." not in visitor.texts()
        visitor.close()


def write(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Message").fill(text)
    page.get_by_role("button", name="Send").click()
