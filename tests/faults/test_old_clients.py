"""A page that was opened before an update speaks as it did then: it is understood, or told so in one word.

`frames.v1.json` is what a client of the first release says and what it reads of the answers. It is not changed with the
protocol: frames and fields may be added, and none of these taken away.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.server import Server
from tests.sockets import open_socket, received

PINNED = json.loads((Path(__file__).parent / "frames.v1.json").read_text())


@pytest.mark.fault("F38")
def test_a_client_of_the_first_release_is_understood(server: Server, seed: int):
    socket = open_socket(address(server), server.address, f"tok.{server.view()['token']}")
    assert socket.subprotocol == PINNED["protocol"]
    conversation: str | None = None
    for exchange in PINNED["visitor"]:
        said = {name: conversation if value == "$conversation" else value for name, value in exchange["say"].items()}
        socket.send(json.dumps(said))
        expected = exchange["hear"]
        if expected is None:
            continue
        heard = next_of(socket, expected["op"])
        assert set(expected["fields"]) <= set(heard)
        conversation = heard.get("conversation", conversation) if heard["op"] == "ack" else conversation
        for event in heard.get("events", ()):
            assert set(PINNED["event"]) <= set(event)
    socket.close()


@pytest.mark.fault("F38")
def test_a_client_that_speaks_only_another_protocol_gets_no_line_it_could_misread(server: Server, seed: int):
    offered = [Subprotocol("chat.v0"), Subprotocol(f"tok.{server.view()['token']}")]
    try:
        with connect(address(server), subprotocols=offered, origin=server.address) as socket:  # type: ignore[arg-type]
            assert socket.subprotocol is None
    except WebSocketException:
        return


@pytest.mark.fault("F38")
def test_a_frame_nobody_knows_is_refused_in_words_and_the_line_stays(server: Server, seed: int):
    ann = server.visitor()
    ann.tell(op="wave", client_id="unknown-0001")
    ann.until(lambda: any(frame["op"] == "refused" for frame in ann.frames))
    refused = next(frame for frame in ann.frames if frame["op"] == "refused")
    assert refused["client_id"] == "unknown-0001" and refused["error"]["message"]
    ann.says("Hello")


def address(server: Server) -> str:
    return server.address.replace("http", "ws") + "/widget/socket"


def next_of(socket: Any, op: str) -> dict[str, Any]:
    """Returns the next frame of a kind."""
    while True:
        raw = received(socket, timeout=10)
        assert raw is not None, f"no {op} came"
        frame: dict[str, Any] = json.loads(raw)
        if frame["op"] == op:
            return frame
