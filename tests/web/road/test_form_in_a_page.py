"""A form on the whole road: filled in by a visitor, refused in words, kept, and read by an agent."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import picture
from tests.server import Server, running
from tests.web.road.conftest import open_shop
from tests.web.road.test_whole_road import DESKTOP, PHONE, answer, first_account

FLOW = """\
flows:
  tasting:
    start_when: {last_message: {contains: tasting}}
    steps:
      - form:
          - {collect: name, ask: {en: Who comes?, de: Wer kommt?}}
          - {collect: email}
          - {collect: guests, type: number, min: 2, max: 12, ask: {en: How many people?, de: Wie viele Personen?}}
          - {collect: news, type: consent, ask: {en: May we write to you once a month?, de: Dürfen wir schreiben?}}
        title: {en: A tea tasting, de: Eine Teeprobe}
        submit: {en: Reserve a table, de: Tisch reservieren}
      - tag: [tasting]
      - handoff: sales
        say: {en: "Thank you, {{ name }}. I am asking a colleague.", de: "Danke, {{ name }}. Ich frage nach."}
        note: "{{ guests }} people"
"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Server]:
    site = open_shop(tmp_path)
    (site / "flows" / "tasting.yaml").write_text(FLOW)
    yield from running(Server(site, f"sqlite:///{tmp_path}/parlour.db"))


def fill_in(form: Locator, guests: str) -> None:
    form.get_by_role("textbox", name="Who comes?").fill("Ann Example")
    form.get_by_role("textbox", name="e-mail").fill("ann@example.org")
    form.get_by_role("textbox", name="How many people?").fill(guests)
    form.get_by_role("checkbox").check()
    form.get_by_role("button", name="Reserve a table").click()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_form_is_filled_in_mended_and_read_by_an_agent(
    shop: Server,
    window: Callable[..., Page],
    size: dict[str, Any],
) -> None:
    which = "form-phone" if size == PHONE else "form-desktop"
    agent, visitor = window(DESKTOP), window(size)
    first_account(shop, agent)
    visitor.goto(f"{shop.address}/demo/")
    visitor.get_by_role("button", name=re.compile("Open chat")).click()
    answer(visitor, "A tasting, please")
    log = visitor.get_by_role("log", name="Conversation")
    form = log.locator("form")
    expect(form).to_be_visible()
    picture(visitor, f"{which}-1-asked")
    fill_in(form, "40")
    expect(form).to_contain_text("12 is the most there can be")
    expect(form.get_by_role("textbox", name="Who comes?")).to_have_value("Ann Example")
    picture(visitor, f"{which}-2-refused")
    fill_in(form, "six")
    expect(log).to_contain_text("Thank you, Ann Example. I am asking a colleague.")
    expect(form).to_have_count(0)
    mine = log.locator(".own .words").last
    expect(mine).to_have_text(re.compile("Who comes\\? Ann Example.*How many people\\? (six|6)", re.S))
    picture(visitor, f"{which}-3-sent")
    visitor.reload()
    if size == PHONE:  # There the conversation does not cover the page by itself.
        visitor.get_by_role("button", name=re.compile("Open chat")).click()
    expect(visitor.get_by_role("log", name="Conversation").locator(".own .words").last).to_contain_text("Ann Example")

    agent.get_by_role("button", name="Accept").first.click()
    expect(agent.get_by_text("tasting", exact=True).first).to_be_visible()
    expect(agent.get_by_text("6 people").first).to_be_visible()
    picture(agent, f"{which}-4-agent")
