"""What the panel says of what happened in a conversation, in words that are true of it."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.web.panel.desk import ANNA, PretendedDesk, event, row


def _clara_is_gone(seq: int, **more: Any) -> dict[str, Any]:
    happened = event(seq, "requeued", "system", department="sales", why="agent_gone", agent="clara", **more)
    happened["body"]["name"] = "Clara"
    return happened


def test_a_message_that_went_back_is_one_again(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    owner = {"id": "clara", "name": "Clara"}
    desk.waiting, desk.all = [], [row(ANNA, holder="agent", owner=owner, last_seq=4)]
    desk.record[ANNA].append(event(4, "accepted", "agent", "Clara", agent="clara", department="sales", left=True))
    page = panel(f"?conversation={ANNA}")
    page.get_by_role("tab", name="All").click()
    expect(page.locator(".conversation__where")).to_contain_text("With Clara")
    desk.happens(ANNA, _clara_is_gone(5, left=True))
    expect(page.locator(".conversation__where")).to_contain_text("Left a message")
    expect(page.get_by_role("log")).to_contain_text("A message again: Clara is gone")
    desk.happens(ANNA, _clara_is_gone(6))
    expect(page.locator(".conversation__where")).to_contain_text("Waiting for a person")
    expect(page.get_by_role("log")).to_contain_text("Waiting again: Clara is gone")
