"""What rules do to a message, seen in real browsers by both who talk."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser import picture
from tests.server import Server, running
from tests.web.road.conftest import open_shop
from tests.web.road.test_whole_road import DESKTOP, PHONE, answer, first_account

MORE = """\
rules:
  stay_polite:
    who: agent
    match: {words: [stupid]}
    block: true
    warn: Please say that in other words.
  no_promises:
    who: agent
    match: {words: [guarantee*]}
    warn: We must not promise this.
"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Server]:
    """The sample shop, never closed, with rules for agents."""
    site = open_shop(tmp_path)
    (site / "rules" / "agents.yaml").write_text(MORE)
    yield from running(Server(site, f"sqlite:///{tmp_path}/parlour.db"))


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_both_sides_see_what_rules_left_of_a_message(shop: Server, window: Any, size: dict[str, int]) -> None:
    which = "rules-phone" if size == PHONE else "rules-desktop"
    agent, visitor = window(size, color_scheme="dark"), window(size)
    first_account(shop, agent)
    visitor.goto(f"{shop.address}/demo/")
    visitor.get_by_role("button", name=re.compile("Open chat")).click()
    log = visitor.get_by_role("log", name="Conversation")
    answer(visitor, "Is shiping free with card 4111 1111 1111 1111?")
    expect(log.get_by_text("takes one or two days")).to_be_visible(timeout=10_000)
    visitor.reload()
    if size == PHONE:
        visitor.get_by_role("button", name=re.compile("Open chat")).click()
    expect(log.get_by_text("Is shiping free with card [card number removed]?")).to_be_visible()
    expect(log.get_by_text("4111")).to_have_count(0)
    answer(visitor, "I have a complaint")
    answer(visitor, "human")
    picture(visitor, f"{which}-1-masked")

    waiting = agent.get_by_role("list", name="Waiting")
    waiting.get_by_role("button", name="Accept").first.click(timeout=10_000)
    brief = agent.get_by_role("region", name="Brief")
    expect(brief.get_by_text("complaints_first tagged complaint, routed to support, priority up")).to_be_visible()
    picture(agent, f"{which}-2-brief")
    reply = agent.get_by_role("textbox", name="Reply")
    reply.fill("That is stupid")
    agent.keyboard.press("Enter")
    expect(agent.get_by_text("Please say that in other words.").first).to_be_visible()
    picture(agent, f"{which}-3-refused")
    reply.fill("We guarantee that it will be mended")
    agent.keyboard.press("Enter")
    expect(log.get_by_text("We guarantee")).to_be_visible()
    expect(agent.get_by_role("log", name="Conversation").get_by_text("We must not promise this.")).to_be_visible()
    picture(agent, f"{which}-4-warned")
    expect(log.get_by_text("stupid")).to_have_count(0)
    expect(log.get_by_text("must not promise")).to_have_count(0)
    written = [path for path in shop.site.parent.rglob("*") if path.is_file() and b"4111 1111" in path.read_bytes()]
    assert written == []
