"""An agent's browser dies amid five conversations: they wait again, in front; or are kept by who comes back."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.browser import OwnBrowser
from tests.server import Server, VisitorLine, running, wait_for
from tests.web.road.conftest import PASSWORD, hired
from web.commands.agents import add_agent

pytestmark = pytest.mark.fault("F28")

FIVE = 5
ANNA = "anna@harbour.example"
GONE = "Anna is not here any more. I am asking somebody else."
WELL_WITHIN = 60


@pytest.fixture
def serve(site: Path, tmp_path: Path) -> Iterator[Callable[[float], Server]]:
    """Starts the harbour, where one may hold five conversations and be gone for so many seconds."""
    settings = site / "site.yaml"
    settings.write_text(re.sub(r"max_chats: \d+", f"max_chats: {FIVE}", settings.read_text()))
    with ExitStack() as ends:

        def start(grace: float) -> Server:
            server = Server(site, f"sqlite:///{tmp_path}/parlour.db", otherwise={"grace": grace})
            place = {"data": None, "database": server.database_url}
            add_agent(site, ANNA, name="Anna", departments=BOTH, role="agent", ask=lambda: PASSWORD, **place)
            served = running(server)
            ends.callback(served.close)
            return next(served)

        yield start


BOTH = ("sales", "support")


@pytest.fixture
def start_browser(playwright: Playwright, tmp_path: Path) -> Iterator[Callable[[], OwnBrowser]]:
    """Starts the agent's browser, the same one each time."""
    started: list[OwnBrowser] = []

    def start() -> OwnBrowser:
        (tmp_path / "profile" / "DevToolsActivePort").unlink(missing_ok=True)
        started.append(OwnBrowser(playwright, tmp_path / "profile"))
        return started[-1]

    yield start
    for each in started:
        each.kill()


def panel_of(browser: OwnBrowser, server: Server) -> Page:
    page = browser.open()
    page.goto(f"{server.address}/panel/")
    page.get_by_label("E-mail address").fill(ANNA)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Online")).to_be_visible(timeout=30_000)
    return page


def asking(server: Server) -> VisitorLine:
    visitor = server.visitor()
    visitor.says("Hi")
    visitor.says("human")
    return visitor


def accepted(server: Server, page: Page) -> list[VisitorLine]:
    """Returns five visitors whom Anna took, the first to come first."""
    visitors = []
    for count in range(1, FIVE + 1):
        visitors.append(asking(server))
        page.get_by_role("list", name="Waiting").get_by_role("button", name="Accept").first.click()
        expect(page.get_by_role("tab", name="Mine")).to_contain_text(str(count))
        page.get_by_role("tab", name="New").click()
    return visitors


def hears(visitor: VisitorLine, text: str) -> None:
    """Waits longer than a visitor usually does."""

    def heard() -> bool:
        visitor.take(timeout=0.2)
        return text in visitor.texts()

    wait_for(heard, WELL_WITHIN)
    assert text in visitor.texts()


def test_five_conversations_wait_again_in_front_and_the_visitors_are_told(serve, start_browser):
    server, browser = serve(2), start_browser()
    visitors = accepted(server, panel_of(browser, server))
    ben = hired(server, "Ben", *BOTH)
    newcomer = asking(server)
    ben.until(lambda: ben.sees_waiting() == newcomer.conversation)
    browser.kill()
    for visitor in visitors:
        hears(visitor, GONE)
    waiting = [each.conversation for each in (*visitors, newcomer)]
    ben.until(lambda: [row["id"] for row in ben.last("queue")["waiting"]] == waiting)
    assert GONE not in newcomer.texts()
    token = ben.accepts(waiting[0])
    ben.tell(op="send", conversation=waiting[0], client_id="answer-1", token=token, body={"text": "Ben here"})
    visitors[0].hears("Ben here")


def test_who_opens_the_panel_again_in_time_keeps_all_five(serve, start_browser):
    server, browser = serve(20), start_browser()
    visitors = accepted(server, panel_of(browser, server))
    browser.kill()
    page = panel_of(start_browser(), server)
    expect(page.get_by_role("tab", name="Mine")).to_contain_text(str(FIVE))

    ben, other = hired(server, "Ben", *BOTH), asking(server)
    ben.accepts(ben.sees_waiting())
    ben.socket.close()  # He was there for longer than she, so what he loses she would have lost before.
    hears(other, GONE.replace("Anna", "Ben"))

    page.get_by_role("tab", name="Mine").click()
    for number, visitor in enumerate(visitors):
        row = page.locator(f'[id="row-{visitor.conversation}"]')
        row.click()
        expect(row).to_have_attribute("aria-current", "true")
        page.get_by_role("textbox", name="Reply").fill(f"answer {number}")
        page.keyboard.press("Enter")
        visitor.hears(f"answer {number}")
        assert GONE not in visitor.texts()
