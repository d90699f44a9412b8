"""What stands in a text as an address becomes a link, in widget and panel; all else is text."""

from typing import Any

from playwright.sync_api import Page

SCRIPT = """async (texts) => {
  const { prose } = await import("/static/shared/prose.js");
  return texts.map((text) => prose(text).map((part) => part.href ?? part).filter((part) => part !== ""));
}"""
LONG = 1_000_000


def test_addresses_are_links_and_what_ends_the_sentence_is_not_part_of_them(empty_page: Page) -> None:
    told: Any = empty_page.evaluate(
        SCRIPT,
        [
            "See https://tea.example/a?b=c. Or (http://tea.example/d)!",
            "Write to ann.berg+tea@mail.tea-house.example, please",
            "tel:+49301234, mailto:ann@tea.example",
            "javascript:alert(1) data:text/html,x ann@tea",
        ],
    )
    assert told == [
        ["See ", "https://tea.example/a?b=c", ". Or (", "http://tea.example/d", ")!"],
        ["Write to ", "mailto:ann.berg+tea@mail.tea-house.example", ", please"],
        ["tel:+49301234", ", ", "mailto:ann@tea.example"],
        ["javascript:alert(1) data:text/html,x ann@tea"],
    ]


def test_a_long_word_is_not_searched_for_an_address_from_each_of_its_letters(empty_page: Page) -> None:
    # A pattern that does so is at it for an hour.
    words = ["a" * LONG, "a" * LONG + "@" + "a" * LONG, "a@" + "-" * LONG, "tel:" + "," * LONG]
    told: Any = empty_page.evaluate(SCRIPT, words)
    assert told == [[word] for word in words]
