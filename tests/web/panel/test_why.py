"""Why the bot said that: the step, rule or trigger of each message, and the whole story."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from bot.explaining import Happening
from flows.telling import Told
from tests.browser import picture
from tests.web.panel.desk import ANNA, HOSTILE, PretendedDesk, event


def told_by_bot(seq: int, text: str, **body: Any) -> dict[str, Any]:
    return event(seq, "message", "bot", None, 300 - seq, text=text, **body)


TRACE = [
    ["event", "pricing", "for_whom", "input", None, "flows/pricing.yaml", 8],
    ["guard", "pricing", "ask_team", "team size is known", False, "flows/pricing.yaml", 12],
    ["enter", "pricing", "ask_team", "asks for team_size", None, "flows/pricing.yaml", 12],
]
RULE = {
    "rule": "invoice",
    "did": ["answered"],
    "why": "last message contains invoice",
    "file": "rules/money.yaml",
    "line": 4,
}
ORIGINS = [
    told_by_bot(1, "May I help?", trigger="prices"),
    event(2, "turn", "bot", trace=TRACE),
    told_by_bot(3, "How many are you?", flow="pricing", step="pricing.ask_team"),
    event(4, "rule_applied", "bot", **RULE),
    told_by_bot(5, "Yes, by invoice too.", rule="invoice"),
    told_by_bot(6, "I did not get that."),
]


def told(seq: int, who: str, what: str, *reasons: Told) -> dict[str, Any]:
    moment = datetime.now(UTC) - timedelta(seconds=300 - seq)
    return asdict(Happening(seq, moment, who, what, reasons)) | {"at": moment.isoformat()}


HAPPENINGS = [
    told(
        1,
        "system",
        "started (page /pricing, trigger Pricing help)",
        Told("", "trigger Pricing help", "page is /pricing (/pricing)", "yes"),
    ),
    told(2, "visitor", HOSTILE[0]),
    told(
        3,
        "bot",
        "took a turn",
        Told("flows/pricing.yaml:8", "pricing.for_whom", "the visitor answers", None),
        Told("flows/pricing.yaml:12", "pricing.ask_team", "team size is known", "no"),
        Told("flows/pricing.yaml:13", "pricing.ask_team", "country is DE", "unknown"),
        Told("flows/pricing.yaml:12", "pricing.ask_team", "asks for team_size", None),
    ),
    *(told(seq, "bot", f"Words of the assistant, number {seq}") for seq in range(4, 40)),
]


def test_an_opened_message_says_which_step_rule_or_trigger_said_it_and_where_that_is_written(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    desk.record[ANNA] = deepcopy(ORIGINS)
    page = panel(f"?conversation={ANNA}")
    folds = page.locator(".conversation__fold")
    origins = page.locator(".conversation__origin")
    expect(origins.first).to_be_hidden()
    for n, said in enumerate(
        (
            "trigger › prices",
            "pricing › ask_teamflows/pricing.yaml:12",
            "rule › invoicerules/money.yaml:4",
            "no step of a flow",
        )
    ):
        folds.nth(n).locator("summary").click()
        expect(origins.nth(n)).to_have_text(f"{said}Why?")


def test_why_opens_the_story_at_the_turn_that_said_it(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    desk.record[ANNA] = deepcopy(ORIGINS)
    desk.happenings = HAPPENINGS
    page = panel(f"?conversation={ANNA}")
    page.locator(".conversation__fold summary").nth(1).click()
    page.get_by_role("button", name="Why?").click()
    story = page.get_by_role("dialog", name="What happened with Anna Muster")
    expect(story.get_by_role("listitem").filter(has_text="Words of the assistant, number 39")).to_have_count(1)
    wanted = story.locator(".explanation__item--wanted")
    expect(wanted).to_contain_text("took a turn")
    expect(wanted).to_be_in_viewport()
    guard = wanted.locator(".explanation__reason").nth(1)
    expect(guard).to_have_text("no team size is knownpricing › ask_teamflows/pricing.yaml:12")
    expect(story).to_contain_text(HOSTILE[0])
    page.keyboard.press("Escape")
    expect(story).to_be_hidden()
    expect(page.get_by_role("button", name="Why?")).to_be_focused()


def test_the_story_is_told_by_a_key_and_from_the_details_and_asked_for_again_when_it_cannot_be_had(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    page = panel(f"?conversation={ANNA}")
    page.get_by_role("heading", name="Anna Muster").focus()
    page.keyboard.press("w")
    story = page.get_by_role("dialog", name="What happened with Anna Muster")
    expect(story.get_by_role("alert")).to_contain_text("could not be fetched")
    desk.happenings = HAPPENINGS
    story.get_by_role("button", name="Try again").click()
    expect(story.get_by_role("listitem").first).to_contain_text("started (page /pricing, trigger Pricing help)")
    story.get_by_role("button", name="Close the explanation").click()
    page.get_by_role("button", name="Why did it say that?").click()
    expect(story).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_story_can_be_read_by_everybody(
    panel: Callable[..., Page], page: Page, desk: PretendedDesk, width: int, scheme: Any
) -> None:
    desk.record[ANNA] = deepcopy(ORIGINS)
    desk.happenings = HAPPENINGS
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(color_scheme=scheme)
    panel(f"?conversation={ANNA}")
    page.locator(".conversation__fold summary").nth(1).click()
    picture(page, f"origin-{width}-{scheme}")
    page.get_by_role("button", name="Why?").click()
    expect(page.locator(".explanation__item--wanted")).to_be_in_viewport()
    page.locator(".explanation__body").evaluate("body => (body.scrollTop = 0)")
    picture(page, f"story-{width}-{scheme}")
    found = Axe().run(page).response["violations"]
    assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == []
    assert page.locator(".explanation__body").evaluate("body => body.scrollWidth <= body.clientWidth")
