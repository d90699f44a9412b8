"""What the panel says of what happened in a conversation, in words that are true of it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from bot.events import Event
from handoff.audience import AgentEars, as_heard
from tests.web.panel.desk import ANNA, BEN, PretendedDesk, event, row


def of_agent(seq: int, kind: str, name: str, **body: Any) -> dict[str, Any]:
    """Returns what the system tells of an agent."""
    body |= {"agent": name.lower(), "name": name}
    return as_heard(Event(ANNA, seq, None, None, "system", kind, body, datetime.now(UTC)), AgentEars(BEN))


def clara_is_gone(seq: int, **more: Any) -> dict[str, Any]:
    return of_agent(seq, "requeued", "Clara", department="sales", why="agent_gone", **more)


def test_a_message_that_went_back_is_one_again(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    owner = {"id": "clara", "name": "Clara"}
    desk.waiting, desk.all = [], [row(ANNA, holder="agent", owner=owner, last_seq=4)]
    desk.record[ANNA].append(event(4, "accepted", "agent", "Clara", agent="clara", department="sales", left=True))
    page = panel(f"?conversation={ANNA}")
    page.get_by_role("tab", name="All").click()
    expect(page.locator(".conversation__where")).to_contain_text("With Clara")
    desk.happens(ANNA, clara_is_gone(5, left=True))
    expect(page.locator(".conversation__where")).to_contain_text("Left a message")
    expect(page.get_by_role("log")).to_contain_text("A message again: Clara is gone")
    desk.happens(ANNA, clara_is_gone(6))
    expect(page.locator(".conversation__where")).to_contain_text("Waiting for a person")
    expect(page.get_by_role("log")).to_contain_text("Waiting again: Clara is gone")


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("declined", "You passed it on"),
        ("no_answer", "You did not answer the offer"),
        ("unable", "You could not take it any more"),
    ],
)
def test_what_the_agent_did_with_an_offer_is_told_as_theirs(
    panel: Callable[..., Page], desk: PretendedDesk, why: str, words: str
) -> None:
    desk.record[ANNA] += [of_agent(4, "offer_over", "Ben", why=why), of_agent(5, "offer_over", "Clara", why=why)]
    log = panel(f"?conversation={ANNA}").get_by_role("log")
    expect(log).to_contain_text(words)
    expect(log).to_contain_text(words.replace("You", "Clara"))
    expect(log).not_to_contain_text("Ben")


def test_who_was_gone_is_told_so_as_themselves(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    desk.agent_id, desk.agent_name = "clara", "Clara"
    desk.record[ANNA].append(clara_is_gone(4))
    log = panel(f"?conversation={ANNA}").get_by_role("log")
    expect(log).to_contain_text("Waiting again: you were gone")
