"""Nobody's text is anything but text."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.web.panel.desk import ANNA, HOSTILE, PretendedDesk, accept_anna, at, event, row


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_a_visitor_controls_is_shown_as_text_everywhere(
    panel: Callable[..., Page], desk: PretendedDesk, troubles: list[str], hostile: str
) -> None:
    desk.waiting = [
        row(
            ANNA,
            hostile,
            visitor={"name": hostile, "email": hostile, "page": hostile, "language": hostile},
            department=hostile,
            last={"text": hostile, "from": "visitor", "at": at(10)},
        )
    ]
    desk.record[ANNA] = [
        event(1, "message", "bot", None, text=hostile, options=[{"label": hostile, "value": hostile}]),
        event(2, "message", "visitor", hostile, text=hostile),
        event(3, "message_left", "visitor", None, department="sales", email=hostile),
        event(4, "note", "agent", hostile, text=hostile),
        event(5, "page_viewed", "visitor", None, path=hostile, title=hostile),
        event(6, "agent_requested", "bot", None, department=hostile, title=hostile, reason="step"),
    ]
    desk.brief = {
        **desk.brief,
        "values": [{"label": hostile, "value": hostile, "source": hostile, "at": at(9)}],
        "pages": [
            {"path": hostile, "title": hostile, "at": at(9)},
            {"path": f"/{hostile}", "title": "", "at": hostile},
        ],
        "trigger": {"title": hostile, "said": hostile, "why": [hostile]},
        "failed": [{"at": at(8), "text": hostile, "step": hostile}],
        "rules": [{"at": at(8), "rule": hostile, "did": [hostile], "why": hostile}],
        "note": hostile,
        "tags": [hostile],
        "contact": {"name": hostile, "email": hostile, hostile: hostile},
        "context": dict.fromkeys(desk.brief["context"], hostile),
    }
    desk.responses = [{"id": "x", "shortcut": hostile, "text": hostile}]
    page = panel()
    accept_anna(page)
    desk.tell("typing", conversation=ANNA, who="visitor", on=True, text=hostile)
    page.get_by_role("textbox", name="Reply").press_sequentially("/")
    expect(page.get_by_role("option")).to_have_count(1)
    page.locator("summary").first.click()
    expect(page.get_by_role("region", name="Brief")).to_contain_text(hostile.replace("\t", " "))
    expect(page.locator(".conversation__item--visitor .conversation__bubble")).to_have_text(hostile)
    assert page.locator("panel-conversation :is(img, script, svg, b), waiting-queue img").count() == 0
    schemes = page.eval_on_selector_all("a[href]", "links => links.map((link) => link.protocol)")
    assert set(schemes) <= {"https:", "mailto:", "tel:", "http:"}
    assert troubles == []


def test_a_link_in_a_message_can_be_followed_and_tells_nothing(panel: Callable[..., Page]) -> None:
    page = panel()
    accept_anna(page)
    link = page.get_by_role("log").get_by_role("link", name="https://example.com/terms")
    expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
