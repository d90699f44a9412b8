"""Told to stop: everybody hears when to come back, what was asked is answered, nothing acknowledged is lost (F10)."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from time import sleep

import pytest
from websockets.exceptions import ConnectionClosed

from tests.faults.proxy import FaultProxy
from tests.server import NO_LIMITS, Server, VisitorLine, closing, running, wait_for
from tests.web.road.conftest import HARBOUR
from tests.web.road.test_sockets_under_attack import Raw

pytestmark = pytest.mark.fault("F10")

REQUESTS_TAKE_LONG = {"web.serving:GOODBYE_TAKES": 60, "web.serving:REQUESTS_TAKE": 59.0}
ENDS_WITHIN = 30
"""Seconds after which a stop counts as stuck: far more than it takes, and less than it would wait for a request."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    site = Path(shutil.copytree(HARBOUR, tmp_path / "site"))
    yield from running(Server(site, f"sqlite:///{tmp_path}/parlour.db", tuned=NO_LIMITS | REQUESTS_TAKE_LONG))


def told(server: Server, number: int = signal.SIGTERM) -> None:
    assert server.process is not None
    os.kill(server.process.pid, number)


def has_ended(server: Server) -> bool:
    assert server.process is not None
    return server.process.has_ended(within=ENDS_WITHIN)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_everybody_is_told_to_come_back_spread_over_seconds(server: Server, number: int):
    lines = [server.visitor() for _ in range(40)]
    told(server, number)
    ends = [closing(line.socket) for line in lines]
    assert {code for code, _ in ends} == {1012}
    waits = sorted(float(words.removeprefix("retry:")) for _, words in ends)
    assert waits[0] >= 1
    assert waits[-1] - waits[0] > 4.5
    assert len(set(waits)) > 30
    assert has_ended(server)


def test_to_be_told_twice_changes_nothing(server: Server):
    ann = server.visitor()
    told(server)
    told(server)
    assert closing(ann.socket)[0] == 1012
    assert has_ended(server)


def test_the_worker_told_together_with_its_master_ends_as_well(server: Server):
    """As from a keyboard, where everybody in front of it hears the same."""
    ann = server.visitor()
    assert server.process is not None
    os.killpg(server.process.pid, signal.SIGINT)
    assert closing(ann.socket)[0] == 1012
    assert has_ended(server)


def test_it_ends_with_status_0(tmp_path: Path):
    site = Path(shutil.copytree(HARBOUR, tmp_path / "site"))
    command = [sys.executable, "-m", "web.cli", "serve", str(site), "--port", "0"]
    with (tmp_path / "log").open("w+b") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        wait_for(lambda: b"Panel" in (tmp_path / "log").read_bytes() or process.poll() is not None, 40)
        process.terminate()
        assert process.wait(20) == 0, (tmp_path / "log").read_text()


def test_those_who_do_not_answer_hold_nobody_up(server: Server):
    with FaultProxy(server.port) as proxy:
        gone = [server.visitor(port=proxy.port) for _ in range(5)]
        mute = [Raw(server, token=server.view()["token"]) for _ in range(5)]
        idle = socket.create_connection(("127.0.0.1", server.port))
        proxy.mode = "blackhole"
        told(server)
        assert has_ended(server)
        assert {raw.close_code() for raw in mute} == {1012}
        assert len(gone) == 5
        idle.close()


def test_a_request_on_its_way_is_answered(server: Server):
    token = server.view()["token"]
    body = json.dumps({"op": "send", "conversation": None, "client_id": "a-request-1", "body": {"text": "Hi"}}).encode()
    head = (
        f"POST /widget/op HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nOrigin: {server.address}\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    ann = server.visitor()
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as asking:
        asking.sendall(head + body[:10])
        ann.says("so the request before it is there")
        told(server)
        assert closing(ann.socket)[0] == 1012
        asking.sendall(body[10:])
        answer = b""
        while data := asking.recv(65536):
            answer += data
    assert answer.startswith(b"HTTP/1.1 200") and b'"op":"ack"' in answer
    assert has_ended(server)


def test_nobody_new_is_let_in_while_it_ends(server: Server):
    ann = server.visitor()
    told(server)
    assert closing(ann.socket)[0] == 1012
    assert has_ended(server)
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", server.port), timeout=1)


def test_stopped_while_everybody_writes_nothing_is_lost_or_doubled(server: Server, seed: int):
    dice = Random(seed)
    lines = [server.visitor() for _ in range(8)]
    writers = [threading.Thread(target=writes_until_closed, args=(line,)) for line in lines]
    for writer in writers:
        writer.start()
    enough = dice.randrange(3, 30)
    wait_for(lambda: all(len(line.acked) >= enough for line in lines), 20)
    sleep(dice.uniform(0, 0.05))
    told(server)
    for writer in writers:
        writer.join(20)
    assert has_ended(server)
    server.start()
    for line in lines:
        acked = dict(line.acked)
        line.reconnect()
        line.until(drained(line))
        assert {each: line.acked[each] for each in acked} == acked
        mine = [event["client_id"] for _, event in sorted(line.events.items()) if event["client_id"] in line.acked]
        assert mine == sorted(line.acked, key=lambda each: line.acked[each])
        assert sorted(line.events) == list(range(1, len(line.events) + 1))


def writes_until_closed(line: VisitorLine) -> None:
    with suppress(ConnectionClosed):
        for number in range(10_000):
            line.say(f"message {number}")
            line.take(timeout=0.05)


def drained(line: VisitorLine) -> Callable[[], bool]:
    return lambda: not line.outbox and len(line.events) >= max(line.acked.values())
