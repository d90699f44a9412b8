"""The page that carries the widget: left as it was, and unable to break or to fool it."""

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser import picture
from tests.web.widget.shop import Host, PretendedChat, Visit, dialog_of, log_of, opened, write


def test_the_page_of_somebody_else_is_left_as_it_was(visit: Visit) -> None:
    page = visit()
    assert page.evaluate("document.body.children.length") == 1
    assert page.evaluate("Object.keys(Parlour).sort()") == ["close", "hide", "open", "show"]
    assert page.context.cookies() == []


def test_the_widget_lives_on_a_page_that_has_bent_what_it_stands_on(
    visit: Visit, chat: PretendedChat, host: Host
) -> None:
    host.policy = ""
    host.body = """
        <style>* { color: red !important; display: block; font-size: 40px } button { all: unset }</style>
        <img name=createElement><img name=createElementNS><img name=querySelector><img name=body><img name=head>
        <form id=Parlour><input name=open></form><img name=documentElement><a id=localStorage></a><a id=fetch></a>
        <script>
          Object.prototype.x = function () { throw new Error("x was called"); };
          Array.prototype.y = 1;
        </script>"""
    chat.replies = lambda text: [{"text": "Still here."}]
    page = opened(visit())
    write(page, "Hello")
    expect(log_of(page)).to_contain_text("Still here.")
    expect(log_of(page).locator(".own")).to_have_text("YouHello")
    picture(page, "widget-bent-page")


@pytest.mark.parametrize("storage", ["get: () => null", "get() { throw new DOMException('', 'SecurityError'); }"])
def test_the_widget_lives_where_nothing_can_be_stored(
    world: BrowserContext, visit: Visit, chat: PretendedChat, storage: str
) -> None:
    world.add_init_script(f"Object.defineProperty(window, 'localStorage', {{ {storage} }})")
    chat.replies = lambda text: [{"text": "Still here."}]
    page = opened(visit())
    write(page, "Hello")
    expect(log_of(page)).to_contain_text("Still here.")


def test_messages_of_other_frames_are_nobodys_business(visit: Visit, chat: PretendedChat) -> None:
    page = visit()
    page.evaluate("postMessage({op: 'events', type: 'parlour', open: true}, '*')")
    expect(dialog_of(page)).to_be_hidden()
