"""Who wants everything leaves room for the others: sockets, frames and places for requests (S42)."""

import http.client
import json
import re
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from select import select
from typing import Any

import pytest

from tests.server import ANSWER_TAKES, NO_LIMITS, Server, closing, rates, wait_for
from tests.web.road.conftest import HARBOUR, hired
from tests.web.road.test_sockets_under_attack import Raw

DESCRIPTORS = 256


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers with limits of the test's own."""
    started: list[Server] = []

    def start(**more: Any) -> Server:
        site = Path(shutil.copytree(HARBOUR, tmp_path / "site"))
        started.append(Server(site, f"sqlite:///{tmp_path}/parlour.db", **more))
        return started[-1].start()

    yield start
    for server in started:
        server.kill()


def opened(server: Server, *, comes_from: str = "127.0.0.1", token: str | None = None) -> Raw:
    return Raw(server, token=token or server.view()["token"], comes_from=comes_from)


def is_welcome(raw: Raw) -> bool:
    raw.frame(1, b'{"op":"resume","conversation":null,"after":0}')
    return b"welcome" in raw.socket.recv(4096)


def in_time(done: Callable[[], bool]) -> bool:
    """Tries until it holds, and says whether it did."""
    tried: list[bool] = [False]
    wait_for(lambda: tried.append(done()) or tried[-1], 10)
    return tried[-1]


def test_one_address_cannot_have_every_socket(serving: Callable[..., Server]):
    server = serving(tuned=rates(sockets_of_address=5))
    greedy = [opened(server) for _ in range(6)]
    assert [raw.status for raw in greedy] == [101] * 5 + [429]
    assert "Retry-After: 60" in greedy[-1].head
    assert opened(server, comes_from="127.0.0.2").status == 101
    anna = hired(server, "Anna", "support")
    assert anna.last("welcome"), "agents are not counted by address"
    greedy[0].socket.close()
    assert in_time(lambda: opened(server).status == 101)


def test_one_visitor_cannot_have_every_socket_of_an_address(serving: Callable[..., Server]):
    server = serving(tuned=rates(sockets_of_visitor=3))
    token = server.view()["token"]
    held = [opened(server, token=token) for _ in range(3)]
    assert opened(server, token=token).close_code() == 1008
    assert is_welcome(held[0]), "those that are open stay open"
    ben = server.visitor()
    ben.says("Hello")
    held[0].socket.close()
    assert in_time(lambda: is_welcome(opened(server, token=token)))


def test_visitors_leave_room_for_agents(serving: Callable[..., Server]):
    server = serving(tuned=NO_LIMITS, descriptors=DESCRIPTORS)
    token = server.view()["token"]
    crowd: list[Raw] = []
    while not crowd or crowd[-1].status == 101:
        crowd.append(opened(server, token=token))
        assert len(crowd) < DESCRIPTORS
    assert crowd[-1].status == 503
    anna = hired(server, "Anna", "support")
    assert anna.last("welcome")


FEW_FRAMES = {"web.parts:BURST": 10, "web.parts:PER_SECOND": 0.001}


def test_what_a_visitor_may_send_is_shared_by_their_windows(serving: Callable[..., Server]):
    server = serving(tuned=FEW_FRAMES)
    token, other = server.view()["token"], server.view()["token"]
    one, two = opened(server, token=token), opened(server, token=token)
    assert all(is_welcome(raw) for raw in [one, two] * 5)
    asked = {"op": "resume", "conversation": None, "after": 0}
    refused = server.post("/widget/op", asked, Origin=server.address, Authorization=f"Bearer {token}")
    assert refused.status == 429 and "Retry-After" in refused.headers
    assert server.post("/widget/op", asked, Origin=server.address, Authorization=f"Bearer {other}").status == 200
    two.frame(1, b'{"op":"beat"}')
    assert two.close_code() == 1008


def test_what_an_agent_may_send_is_shared_by_panel_and_requests(serving: Callable[..., Server]):
    server = serving(tuned=FEW_FRAMES)
    anna, ben = hired(server, "Anna", "support"), hired(server, "Ben", "support")
    assert [anna.op(op="beat").status for _ in range(11)] == [200] * 10 + [429]
    assert ben.op(op="beat").status == 200
    anna.tell(op="beat")
    assert closing(anna.socket)[0] == 1008


SLOW_BODY = (
    b"POST /widget/view HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{"
)
ALL_DOORS = ("--door", "rest", "--door", "socketio")


def line_to(server: Server, sent: bytes, *, comes_from: str = "127.0.0.1") -> socket.socket:
    line = socket.create_connection(("127.0.0.1", server.port), timeout=ANSWER_TAKES, source_address=(comes_from, 0))
    line.sendall(sent)
    return line


def asks(server: Server, path: str, *, comes_from: str) -> int:
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=ANSWER_TAKES, source_address=(comes_from, 0))
    line.request("GET", path)
    return line.getresponse().status


def whole_view(server: Server) -> bytes:
    """A view whose body comes with its head."""
    page = {"page": "/", "page.path": "/", "page.url": f"{server.address}/", "page.title": "A page"}
    facts = {**page, "device": "desktop", "visits": 1, "returning": False}
    body = json.dumps({"facts": facts, "languages": ["en"]})
    head = f"Host: 127.0.0.1:{server.port}\r\nOrigin: {server.address}\r\nContent-Type: application/json\r\n"
    ends = f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return f"POST /widget/view HTTP/1.1\r\n{head}{ends}{body}".encode()


def all_of(line: socket.socket) -> bytes:
    """Reads until the server hangs up."""
    return b"".join(iter(lambda: line.recv(65536), b""))


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/widget/view", "application/json"),
        ("/webhooks/rest/webhook", "application/json"),
        ("/panel/login", "application/x-www-form-urlencoded"),
    ],
)
def test_a_body_that_does_not_come_is_not_waited_for(serving: Callable[..., Server], path: str, kind: str):
    server = serving(tuned={"web.places:BODY_TAKES": 0.5}, options=ALL_DOORS)
    sent = SLOW_BODY.replace(b"/widget/view", path.encode()).replace(b"application/json", kind.encode())
    answer = all_of(line_to(server, sent))
    assert answer.startswith(b"HTTP/1.1 503 ") and b"took too long" in answer, answer
    assert b"Retry-After: 2" in answer and b"Content-Security-Policy" in answer
    assert b'"token"' in all_of(line_to(server, whole_view(server))), "whose body comes is answered"


def test_a_body_that_comes_a_byte_now_and_then_is_not_waited_for_longer(serving: Callable[..., Server]):
    line = line_to(serving(tuned={"web.places:BODY_TAKES": 0.5}), SLOW_BODY)
    with suppress(ConnectionError):
        for _ in range(200):
            if select([line], [], [], 0.05)[0]:
                return
            line.sendall(b" ")
        pytest.fail("still waited for")


def test_a_body_that_is_not_needed_is_not_waited_for(serving: Callable[..., Server]):
    server = serving(tuned={"web.places:BODY_TAKES": 0.5})
    answer = all_of(line_to(server, SLOW_BODY.replace(b"/widget/view", b"/nowhere")))
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"404"], "answered, and once"


def test_pieces_of_a_body_that_are_none_are_refused(serving: Callable[..., Server]):
    server = serving()
    head = SLOW_BODY.replace(b"Content-Length: 60000", b"Transfer-Encoding: chunked").removesuffix(b"{")
    assert all_of(line_to(server, head + b"no length\r\n{}\r\n")).startswith(b"HTTP/1.1 400 ")


def test_one_address_cannot_have_every_place_of_requests(serving: Callable[..., Server]):
    server = serving(descriptors=DESCRIPTORS)
    held = [line_to(server, SLOW_BODY) for _ in range(60)]
    assert asks(server, "/health", comes_from="127.0.0.2") == 200
    wait_for(lambda: select(held, [], [], 0)[0], ANSWER_TAKES)
    refused = select(held, [], [], 0)[0]
    assert 0 < len(refused) < 30
    assert refused[0].recv(100).startswith(b"HTTP/1.1 429 ")
    for line in held:
        line.close()
    assert in_time(lambda: asks(server, "/health", comes_from="127.0.0.1") == 200)


def test_polls_that_wait_leave_their_places_to_others(serving: Callable[..., Server]):
    server = serving(descriptors=DESCRIPTORS, options=ALL_DOORS)
    address = "/socket.io/?EIO=4&transport=polling"
    polls: list[socket.socket] = []
    for number in range(60):
        found = re.search(rb'"sid":"([^"]+)"', server.get(address).body)
        assert found, number
        poll = f"GET {address}&sid={found[1].decode()} HTTP/1.1\r\nHost: a\r\n\r\n"
        polls.append(line_to(server, poll.encode()))
    assert asks(server, "/health", comes_from="127.0.0.1") == 200
    assert server.ask("POST", f"{address}&sid={found[1].decode()}", b"40").status == 200
    told = http.client.HTTPResponse(polls[-1])
    told.begin()
    assert told.read().startswith(b'40{"sid"'), "what is said to whoever waits comes at once"
