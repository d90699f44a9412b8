"""Words of others are words and nothing else, and links give nothing away."""

import re

from playwright.sync_api import expect

from tests.browser import picture
from tests.web.widget.shop import HOSTILE, Host, PretendedChat, Visit, log_of, opened


def test_hostile_words_are_shown_as_words(visit: Visit, chat: PretendedChat, host: Host) -> None:
    host.title = HOSTILE[0].replace("<", "&lt;")
    for words in HOSTILE:
        chat.adds("message", "visitor", text=words)
        chat.adds("message", "bot", text=words, options=[{"label": words, "value": words}], step="s")
        chat.adds("message", "agent", words, text=words)
        chat.adds("accepted", "agent", name=words)
        chat.adds("message_left", "system", email=words)
    chat.standing = {"holder": "agent", "agent": HOSTILE[0], "department": HOSTILE[1]}
    chat.greeting = HOSTILE[1]
    chat.privacy_note = HOSTILE[0] + " [here](javascript:alert(11)) [there](/terms)"
    page = opened(visit())
    expect(log_of(page).locator(".words").nth(1)).to_have_text(HOSTILE[0])
    for at, words in enumerate(HOSTILE):
        for nth in (1, 2, 3):
            expect(log_of(page).locator(".words").nth(at * 3 + nth)).to_have_text(words, use_inner_text=False)
    assert page.evaluate("document.title") == HOSTILE[0]
    links = page.locator(".root").get_by_role("link")
    addresses = [link.get_attribute("href") or "" for link in links.all()]
    assert {re.match(r"[a-z]+:", address)[0] if ":" in address else address for address in addresses} == {  # type: ignore
        "https:",
        "/terms",
    }
    assert page.locator("img, svg[onload], script:not([src])").count() == 0
    picture(page, "widget-hostile")


def test_links_lead_away_and_give_nothing_away(visit: Visit, chat: PretendedChat) -> None:
    chat.adds(
        "message",
        "bot",
        text="See https://shop.test/a?b=1#c, (http://shop.test/x), tel:+4989123 or write to help@shop.test. "
        "Not data:text/html,x nor javascript:alert(1) nor //evil.test nor ftp://x.test",
    )
    page = opened(visit())
    links = log_of(page).get_by_role("link")
    expect(links).to_have_text(["https://shop.test/a?b=1#c", "http://shop.test/x", "tel:+4989123", "help@shop.test"])
    assert [link.get_attribute("href") for link in links.all()] == [
        "https://shop.test/a?b=1#c",
        "http://shop.test/x",
        "tel:+4989123",
        "mailto:help@shop.test",
    ]
    for link in links.all():
        assert link.get_attribute("rel") == "noopener noreferrer nofollow"
        assert link.get_attribute("target") == "_blank"
