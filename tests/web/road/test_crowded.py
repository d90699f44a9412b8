"""Who wants everything leaves room for the others: sockets, frames and places for requests (S42)."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server import NO_LIMITS, Server, closing, rates, wait_for
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


FEW_FRAMES = {"web.app:BURST": 10, "web.app:PER_SECOND": 0.001}


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
