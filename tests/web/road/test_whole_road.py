"""The whole road in real browsers: spoken to by a trigger, asked by the bot, handed to a person, answered.

With PICTURES=folder every station is kept as a picture, to be looked at.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import picture
from tests.server import Server, running
from tests.web.road.conftest import open_shop
from web.commands.agents import add_agent

PASSWORD = "three blue teapots"
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def shop(tmp_path: Path, database_url: str) -> Iterator[Server]:
    """The sample shop as a new site has it, only never closed and quicker to speak."""
    site = open_shop(tmp_path)
    triggers = site / "triggers" / "shop.yaml"
    triggers.write_text(triggers.read_text().replace("time_on_page: 30s", "time_on_page: 2s"))
    yield from running(Server(site, database_url))


def first_account(server: Server, page: Page, name: str = "Anna") -> None:
    """Makes the first account by the link the server printed, which leads into the panel."""
    page.goto(server.first_link)
    page.get_by_label("Your name").fill(name)
    page.get_by_label("E-mail address").fill(f"{name.lower()}@shop.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    expect(page).to_have_url(re.compile(r"/panel/$"))
    expect(page.get_by_role("button", name="Online")).to_be_visible()


def answer(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Message").fill(text)
    page.get_by_role("button", name="Send").click()


# How large the screen is does not depend on the database: each is met, not each with each.
@pytest.mark.parametrize(
    ("size", "database_url"),
    [(DESKTOP, "postgresql"), (PHONE, "sqlite")],
    indirect=["database_url"],
    ids=["desktop", "phone"],
)
def test_a_visitor_is_greeted_asked_and_handed_to_a_person(shop: Server, window: Any, size: dict[str, int]):
    which = "phone" if size == PHONE else "desktop"
    agent, visitor = window(size), window(size)
    first_account(shop, agent)
    picture(agent, f"{which}-1-panel-empty")

    visitor.goto(f"{shop.address}/demo/pricing")
    expect(visitor.get_by_text("Questions about the prices?")).to_be_visible(timeout=20_000)
    picture(visitor, f"{which}-2-bubble")
    visitor.get_by_role("button", name="Yes, please").click()
    log = visitor.get_by_role("log", name="Conversation")
    expect(log.get_by_text("Questions about the prices?")).to_be_visible()
    expect(log).to_contain_text("Yes, please")
    picture(visitor, f"{which}-3-answered")

    answer(visitor, "human")
    waiting = agent.get_by_role("list", name="Waiting")
    expect(waiting.get_by_role("button", name="Accept").first).to_be_visible(timeout=10_000)
    expect(visitor.get_by_text(re.compile("next in line|1st in line", re.I))).to_be_visible()
    picture(visitor, f"{which}-4-waiting")
    picture(agent, f"{which}-5-somebody-waits")
    waiting.get_by_role("button", name="Accept").first.click()

    expect(visitor.get_by_text("Anna").first).to_be_visible(timeout=10_000)
    expect(agent.get_by_role("textbox", name="Reply")).to_be_visible()
    picture(agent, f"{which}-6-accepted")
    agent.get_by_role("textbox", name="Reply").fill("Hello, Anna here. What would you like to know?")
    agent.keyboard.press("Enter")
    expect(log.get_by_text("Anna here")).to_be_visible()
    answer(visitor, "Is there a price for ten people? <img src=x onerror=alert(1)> https://tea.example 🫖")
    expect(agent.get_by_role("log", name="Conversation").get_by_text("ten people")).to_be_visible()
    picture(agent, f"{which}-7-talking")
    picture(visitor, f"{which}-8-talking")

    visitor.goto(f"{shop.address}/demo/")
    visitor.reload()
    if size == PHONE:
        visitor.get_by_role("button", name=re.compile("Open chat")).click()
    expect(visitor.get_by_role("log", name="Conversation").get_by_text("Anna here")).to_be_visible()
    picture(visitor, f"{which}-9-another-page")


def test_the_second_agent_is_told_who_was_first(shop: Server, window: Any):
    anna, ben, visitor = window(DESKTOP), window(DESKTOP), window(DESKTOP)
    first_account(shop, anna)
    add_agent(
        shop.site,
        "ben@shop.example",
        name="Ben",
        departments=("sales", "support"),
        role="agent",
        ask=lambda: PASSWORD,
        data=None,
        database=shop.database_url,
    )
    sign_in(shop, ben, "ben@shop.example")
    visitor.goto(f"{shop.address}/demo/")
    visitor.get_by_role("button", name="Open chat").click()
    answer(visitor, "human")
    for panel in (anna, ben):
        expect(panel.get_by_role("list", name="Waiting").get_by_role("button", name="Accept").first).to_be_visible(
            timeout=10_000
        )
    ben.context.set_offline(True)  # He decides on what he saw last.
    anna.get_by_role("list", name="Waiting").get_by_role("button", name="Accept").first.click()
    expect(anna.get_by_role("textbox", name="Reply")).to_be_visible()
    ben.get_by_role("list", name="Waiting").get_by_role("button", name="Accept").first.click()
    ben.context.set_offline(False)
    expect(ben.get_by_text(re.compile("Anna has already taken|taken by Anna", re.I)).first).to_be_visible(
        timeout=20_000
    )
    picture(ben, "second-agent")


def sign_in(server: Server, page: Page, email: str) -> None:
    page.goto(f"{server.address}/panel/")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile(r"/panel/$"))
    expect(page.get_by_role("button", name="Online")).to_be_visible()
