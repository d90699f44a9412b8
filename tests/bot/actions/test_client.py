"""An action server may do anything: whoever calls it has an answer, or a reason, when the time is over."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from itertools import chain, repeat
from random import random

import pytest

from bot.actions.breaker import OPENS_AFTER, STAYS_OPEN
from bot.actions.client import MOST_BYTES, Client, Failed, NotAnAddress, address_of
from tests.bot.actions.hostile import Hostile, answer, hostile

SOON = 0.4
"""Seconds a call may take that nobody answers."""


@pytest.fixture(scope="module")
def server() -> Iterator[Hostile]:
    with hostile() as server:
        yield server


def client_of(url: str, clock: Callable[[], float] = time.monotonic) -> Client:
    return Client(address_of(url), clock=clock, sleep=time.sleep, chance=random)


def reason(server: Hostile, says: Callable[[], Iterator[bytes]], *, within: float = 30.0) -> str:
    server.says = says
    with pytest.raises(Failed) as failed:
        client_of(server.url).call("look_up", {"next_action": "look_up"}, within=within)
    return failed.value.reason


def slowly(pieces: Iterable[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        yield piece
        time.sleep(0.05)


def silence() -> Iterator[bytes]:
    time.sleep(30)
    yield b""


def chunks() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    yield from repeat((b"64\r\n" + b" " * 100 + b"\r\n") * 1000)


def test_what_an_action_answers_is_read(server: Hostile):
    server.says = lambda: iter([answer(b'{"events": [], "responses": [{"text": "Hello"}]}')])
    said = client_of(server.url).call("look_up", {"next_action": "look_up"}, within=30)
    assert said == {"events": [], "responses": [{"text": "Hello"}]}
    head, _, body = server.requests[-1].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /webhook HTTP/1.1")
    assert body == b'{"next_action":"look_up"}'


@pytest.mark.fault("F24")
@pytest.mark.parametrize(
    ("says", "expected"),
    [
        (silence, "timeout"),
        (lambda: slowly(repeat(b"HTTP/1.1 100 Continue\r\n\r\n")), "timeout"),
        (lambda: slowly(chain([b"HTTP/1.1 200 OK\r\n\r\n"], repeat(b"["))), "timeout"),
        (lambda: repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000), "error"),
        (lambda: chain([b"HTTP/1.1 200 OK\r\n\r\n"], repeat(b" " * 65536)), "error"),
        (chunks, "error"),
        (lambda: repeat(b"X: " + b"y" * 65536), "error"),
        (lambda: iter([answer(b"not JSON at all")]), "error"),
        (lambda: iter([answer(b'{"events": NaN}')]), "error"),
        (lambda: iter([answer(b"[" * 100_000)]), "error"),
        (lambda: iter([answer(b"9" * 5000)]), "error"),
        (lambda: iter([answer(b"\xff\xfe\x00")]), "error"),
        (lambda: iter([b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{}"]), "error"),
        (lambda: iter([b""]), "error"),
        (lambda: iter([b"SSH-2.0-OpenSSH_9.2\r\n"]), "error"),
        (lambda: iter([answer(b'{"error": "x", "request_body": {}}', "500 Internal Server Error")]), "error"),
        (lambda: iter([answer(b'{"error": "x", "action_name": "look_up"}', "449 Retry With")]), "error"),
        (lambda: iter([answer(b'{"error": "Invalid body request"}', "400 Bad Request")]), "error"),
        (lambda: iter([answer(b'{"error": "no", "action_name": "look_up"}', "400 Bad Request")]), "rejected"),
        (lambda: iter([answer(b'{"error": "no", "action_name": "look_up"}', "404 Not Found")]), "missing"),
    ],
    ids=[
        "30 s of silence",
        "headers without end, slowly",
        "a body without end, slowly",
        "continue, for ever",
        "50 MB",
        "small chunks without end",
        "one header without end",
        "no JSON",
        "not a number",
        "nested too deeply",
        "a number of 5000 digits",
        "no text",
        "it breaks off",
        "nothing at all",
        "another protocol",
        "500",
        "449",
        "400 for a bad request",
        "400 for a rejection",
        "404",
    ],
)
def test_every_failure_has_a_reason_in_time(server: Hostile, says: Callable[[], Iterator[bytes]], expected: str):
    assert reason(server, says, within=SOON if expected == "timeout" else 30) == expected


def test_an_answer_of_just_under_a_megabyte_is_read(server: Hostile):
    text = "x" * (MOST_BYTES - 1000)
    server.says = lambda: iter([answer(f'{{"text": "{text}"}}'.encode())])
    assert client_of(server.url).call("look_up", {}, within=30) == {"text": text}


@pytest.mark.fault("F24")
def test_a_redirect_is_not_followed(server: Hostile):
    with hostile() as inside:
        moved = f"Location: http://127.0.0.1:{inside.port}/webhook"
        assert reason(server, lambda: iter([answer(b"{}", "307 Temporary Redirect", moved)])) == "error"
        assert inside.requests == []


def test_what_a_500_says_is_not_repeated(server: Hostile):
    server.says = lambda: iter([answer(b'{"request_body": "my card is 4111"}', "500 Internal Server Error")])
    with pytest.raises(Failed) as failed:
        client_of(server.url).call("look_up", {}, within=30)
    assert str(failed.value) == "the action server answered 500"


def test_a_refused_connection_is_tried_again_until_the_time_is_over():
    with hostile() as server:
        url = server.url
    waited: list[float] = []
    client = Client(address_of(url), clock=lambda: sum(waited), sleep=waited.append, chance=random)
    with pytest.raises(Failed) as failed:
        client.call("look_up", {}, within=30)
    assert failed.value.reason == "refused"
    assert waited, "it was not tried again"


def test_a_server_that_comes_up_in_time_is_reached():
    with hostile() as gone:
        port = gone.port
    with ExitStack() as later:

        def wait(seconds: float) -> None:
            if not server:
                server.append(later.enter_context(hostile(port)))
            time.sleep(seconds)

        server: list[Hostile] = []
        client = Client(address_of(f"http://127.0.0.1:{port}/"), clock=time.monotonic, sleep=wait, chance=random)
        assert client.call("look_up", {}, within=30) == {}
    assert len(server[0].requests) == 1


def test_an_action_that_fails_again_and_again_is_left_alone_for_a_while(server: Hostile):
    now = 0.0
    client = client_of(server.url, lambda: now)
    server.says = lambda: iter([answer(b"{}", "500 Internal Server Error")])
    for _ in range(OPENS_AFTER):
        with pytest.raises(Failed, match="500"):
            client.call("look_up", {}, within=30)
    asked = len(server.requests)
    with pytest.raises(Failed) as failed:
        client.call("look_up", {}, within=30)
    assert (failed.value.reason, len(server.requests)) == ("refused", asked)
    server.says = lambda: iter([answer(b'{"events": []}')])
    assert client.call("another", {}, within=30) == {"events": []}, "the others go on"
    now = STAYS_OPEN + 1
    assert client.call("look_up", {}, within=30) == {"events": []}, "it was given another chance"
    assert client.call("look_up", {}, within=30) == {"events": []}


def test_an_action_that_declines_is_not_broken(server: Hostile):
    client = client_of(server.url)
    server.says = lambda: iter([answer(b'{"error": "no", "action_name": "look_up"}', "400 Bad Request")])
    for _ in range(OPENS_AFTER * 2):
        with pytest.raises(Failed, match="declined"):
            client.call("look_up", {}, within=30)


@pytest.mark.parametrize(
    ("written", "webhook", "actions"),
    [
        ("http://actions.internal:5055/webhook", "/webhook", "/actions"),
        ("http://actions.internal:5055", "/webhook", "/actions"),
        ("http://actions.internal:5055/", "/webhook", "/actions"),
        ("https://shop.example/bots/tea/webhook?token=x", "/bots/tea/webhook?token=x", "/bots/tea/actions?token=x"),
    ],
)
def test_an_address_may_be_written_as_rasa_writes_it(written: str, webhook: str, actions: str):
    address = address_of(written)
    assert (address.webhook, address.actions) == (webhook, actions)


@pytest.mark.parametrize(
    "written", ["", "actions.internal:5055", "ftp://x/", "http://", "http://x:99999/", "file:///x"]
)
def test_what_is_no_address_says_how_one_looks(written: str):
    with pytest.raises(NotAnAddress, match=r"looks like http://actions\.internal:5055/webhook"):
        address_of(written)
