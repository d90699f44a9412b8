"""What a screen reader hears without being asked, where there is no light, and what one key does."""

from playwright.sync_api import expect

from tests.web.widget.shop import HELP, ID, SPOKEN, PretendedChat, Visit, bubble_of, eventually, log_of, opened

AS_READ_OUT = """() => {
    window.heard = [];
    const root = document.querySelector("parlour-widget").shadowRoot;
    new MutationObserver((changes) => {
        for (const { target, addedNodes } of changes) {
            for (const node of addedNodes) if (target.closest("[role=status]")) heard.push(node.textContent);
        }
    }).observe(root, { childList: true, subtree: true });
}"""


def test_that_somebody_writes_is_read_out_once_and_not_with_every_key(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "visitor", text="Hello")
    chat.standing = {"holder": "agent", "agent": "Anna"}
    page = opened(visit())
    expect(log_of(page)).to_contain_text("Hello")
    # What is read out later is there, and in no way hidden, before anything is said in it.
    typing = page.locator(".typing[role=status]")
    expect(typing).to_be_empty()
    assert typing.evaluate("(it) => getComputedStyle(it).display") == "block"
    page.evaluate(AS_READ_OUT)
    for _ in range(3):
        chat.tell("typing", conversation=ID, who="agent", on=True)
    chat.tell("typing", conversation=ID, who="agent", on=False)
    chat.tell("typing", conversation=ID, who="agent", on=True)
    chat.happens("message", "agent", "Anna", text="Here I am.")
    expect(log_of(page)).to_contain_text("Here I am.")
    expect(typing).to_be_empty()
    assert page.evaluate("heard") == ["Anna is writing …", "Anna is writing …"]


def test_escape_waves_away_the_bubble_one_is_in(visit: Visit, chat: PretendedChat) -> None:
    chat.triggers, chat.shown = [HELP], SPOKEN
    page = visit()
    expect(bubble_of(page)).to_be_visible()
    page.keyboard.press("Escape")
    expect(bubble_of(page)).to_be_visible()
    bubble_of(page).get_by_role("button", name="Just looking").focus()
    page.keyboard.press("Escape")
    expect(bubble_of(page)).to_have_count(0)
    expect(page.get_by_role("button", name="Open chat")).to_be_focused()
    eventually(page, lambda: [each["outcome"] for each in chat.asks("seen")][-1:] == ["dismissed"])


def test_escape_waves_away_what_a_person_said_beside_the_launcher(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "visitor", text="Hello")
    page = visit()
    eventually(page, lambda: bool(chat.sockets))
    chat.happens("message", "agent", "Anna", text="Here I am.")
    bubble_of(page).get_by_role("button", name="Here I am.").focus()
    page.keyboard.press("Escape")
    expect(bubble_of(page)).to_have_count(0)
    expect(page.get_by_role("button", name="Open chat, 1 new")).to_be_focused()
