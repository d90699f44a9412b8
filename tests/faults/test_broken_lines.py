"""Lines that are cut at any byte, or whose other end is gone without a word (F1, F2)."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
from websockets.exceptions import WebSocketException

from tests.faults.places import harbour
from tests.faults.proxy import FaultProxy
from tests.faults.thorough import THOROUGH
from tests.server import NO_LIMITS, Server, VisitorLine, closing, running, wait_for

TRIED = 12
"""Places on each side at which the line is cut for a seed."""
BROKEN = (WebSocketException, OSError, EOFError)
BEATS_EACH_SECOND = {"web.background:BEAT": 1, "web.connection:Connection.most_unanswered": 10}
"""More of them than usual may stay unanswered, for whoever is there may be kept waiting for seconds by the machine."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from running(harbour(tmp_path_factory.mktemp("broken"), **NO_LIMITS))


@pytest.fixture
def hasty(tmp_path: Path) -> Iterator[Server]:
    """A server that asks for a sign of life every second."""
    yield from running(harbour(tmp_path, **NO_LIMITS, **BEATS_EACH_SECOND))


@pytest.fixture
def proxy(server: Server) -> Iterator[FaultProxy]:
    with FaultProxy(server.port) as proxy:
        yield proxy


@pytest.mark.fault("F1")
@pytest.mark.parametrize("side", ["up", "down"])
def test_a_line_that_is_cut_at_any_byte_loses_and_doubles_nothing(
    server: Server, proxy: FaultProxy, side: str, seed: int
):
    writes_two(server, proxy).close()
    length = proxy.bytes_up if side == "up" else proxy.bytes_down
    places = range(length) if THOROUGH else sorted(Random(seed).sample(range(length), TRIED))
    for place in places:
        setattr(proxy, f"cut_{side}", place)
        ann = writes_two(server, proxy)
        assert shown(ann) == stored(server, ann), f"cut at byte {place} {side}"
        assert [event["text"] for event in shown(ann) if event["role"] == "visitor"] == ["one", "two"]
        ann.close()


def writes_two(server: Server, proxy: FaultProxy) -> VisitorLine:
    """Somebody writes twice through the proxy, and once more through a whole line if this one breaks."""
    ann = VisitorLine(server, server.view()["token"], port=proxy.port, connects=False)
    for text in ("one", "two"):
        frame = {"op": "send", "conversation": None, "client_id": f"the-message-{text}", "body": {"text": text}}
        ann.outbox[frame["client_id"]] = frame
    with suppress(*BROKEN):
        ann.connect()
        ann.until(lambda: has_all(ann))
    proxy.cut_up = proxy.cut_down = None
    if not has_all(ann):
        ann.reconnect()
        ann.until(lambda: has_all(ann))
    return ann


def has_all(ann: VisitorLine) -> bool:
    """Whether everything is acknowledged, and shown up to the last number that was told."""
    last = max((frame["last"] for frame in ann.frames if frame["op"] == "events"), default=0)
    return len(ann.acked) == 2 and len(ann.events) == max(last, *ann.acked.values())


def shown(ann: VisitorLine) -> list[dict[str, object]]:
    return [
        {"seq": seq, "role": event["from"]["role"], "text": event["body"].get("text")}
        for seq, event in sorted(ann.events.items())
    ]


def stored(server: Server, ann: VisitorLine) -> list[dict[str, object]]:
    """What another window of the same visitor is told."""
    other = VisitorLine(server, ann.token)
    other.until(lambda: len(other.events) >= len(ann.events))
    other.close()
    return shown(other)


@pytest.mark.fault("F2")
def test_ends_that_are_gone_without_a_word_are_let_go_of(hasty: Server):
    stays = hasty.visitor()
    before = hasty.open_sockets
    with FaultProxy(hasty.port) as proxy:
        gone = [hasty.visitor(port=proxy.port) for _ in range(20)]
        assert hasty.open_sockets == before + 20
        proxy.mode = "blackhole"
        wait_for(lambda: hasty.open_sockets == before, 60)
        assert hasty.open_sockets == before
        stays.says("still here")
        proxy.mode = "pass"
        assert {closing(line.socket) for line in gone} == {(4408, "no sign of life")}
    gone[0].port = None
    gone[0].reconnect()
    gone[0].says("back again")


@pytest.mark.fault("F2")
def test_ends_that_are_gone_while_much_was_to_be_said_leave_nothing_behind(hasty: Server):
    before = hasty.open_sockets
    with FaultProxy(hasty.port) as proxy:
        proxy.rate = 1000
        ann = hasty.visitor(port=proxy.port)
        proxy.mode = "blackhole"
        headers = {"Origin": hasty.address, "Authorization": f"Bearer {ann.token}"}
        for number in range(40):
            body = {"text": f"{number} " + "x" * 3900}
            frame = {"op": "send", "conversation": None, "client_id": f"long-message-{number}", "body": body}
            assert hasty.post("/widget/op", frame, **headers).status == 200
        wait_for(lambda: hasty.open_sockets == before, 60)
        assert hasty.open_sockets == before
