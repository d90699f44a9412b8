"""The widget on a page of another origin, under a strict policy of its own, against the real server."""

import re
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.server import Server


@pytest.fixture
def elsewhere(sqlite_server: Server) -> Iterator[str]:
    """The address of a page of another origin with a strict policy; browsers want it to be really served."""
    chat = sqlite_server.address
    policy = f"default-src 'self'; script-src {chat}; connect-src {chat} ws://{urlsplit(chat).netloc}"
    html = f"""<!doctype html><html lang=en><title>Elsewhere</title><link rel=icon href=data:>
        <script async src="{chat}/widget.js"></script><main><h1>Elsewhere</h1></main>"""

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Security-Policy", f"{policy}; img-src data:")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def foreign(context: BrowserContext, elsewhere: str, troubles: list[str]) -> Callable[[], Page]:
    """Opens the foreign page in a new tab; its policy must not be broken."""

    def open_page() -> Page:
        page = context.new_page()
        page.goto(elsewhere)
        expect(page.get_by_role("button", name=re.compile("Open chat|Close chat"))).to_be_visible()
        return page

    return open_page


def write(page: Page, text: str) -> None:
    if not page.get_by_role("dialog").is_visible():
        page.get_by_role("button", name="Open chat").click()
    page.get_by_role("textbox", name="Message").fill(text)
    page.get_by_role("textbox", name="Message").press("Enter")


def own(page: Page, text: str) -> None:
    """Expects this to be said once, and to have been taken."""
    said = page.get_by_role("log", name="Conversation").locator(".own").filter(has_text=text)
    expect(said).to_have_text(re.compile(f"^You{text}(Read)?$"), timeout=30_000)


def test_a_visitor_of_another_origin_is_answered(foreign: Callable[[], Page]) -> None:
    page = foreign()
    write(page, "Hello")
    own(page, "Hello")
    answers = page.get_by_role("log", name="Conversation").locator(".message:not(.own)")
    expect(answers.nth(1)).to_be_visible()
    assert page.context.cookies() == []


def test_what_is_written_while_the_server_is_gone_arrives_once_in_every_tab(
    foreign: Callable[[], Page], sqlite_server: Server
) -> None:
    left = foreign()
    write(left, "Before")
    own(left, "Before")
    right = foreign()
    own(right, "Before")
    sqlite_server.kill()
    write(left, "Meanwhile")
    expect(left.get_by_role("log", name="Conversation")).to_contain_text("Not sent", timeout=30_000)
    left.reload(wait_until="commit")
    sqlite_server.start()
    right.bring_to_front()
    own(right, "Meanwhile")
    left.reload()
    own(left, "Meanwhile")


def test_without_sockets_the_real_server_answers_requests(foreign: Callable[[], Page], context: BrowserContext) -> None:
    context.route_web_socket(re.compile("/widget/socket"), lambda socket: socket.close(code=1011))
    page = foreign()
    write(page, "Hello")
    own(page, "Hello")
    expect(page.get_by_role("log", name="Conversation").locator(".message:not(.own)").nth(1)).to_be_visible()
