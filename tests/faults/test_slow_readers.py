"""Somebody who reads slowly, or not at all, costs the others nothing, and has everything in the end (F6)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.places import harbour
from tests.faults.proxy import FaultProxy
from tests.server import NO_LIMITS, Server, VisitorLine, closing, running, wait_for

pytestmark = pytest.mark.fault("F6")

LITTLE_ROOM = {
    "web.connection:Connection.queue_bytes": 16 * 1024,
    "web.connection:Connection.unsent_bytes": 16 * 1024,
}
"""So that little has to be said to pass what may wait for a reader."""
LONG = "x" * 3900
QUICK = 50


PATIENT = {"web.connection:Connection.send_deadline": 300}
"""So that nobody is sent away for being slow before too much waits for them, however slow the machine is."""
IMPATIENT = {
    "web.connection:Connection.send_deadline": 0.5,
    "web.background:BEAT": 1,
    "web.connection:Connection.most_unanswered": 100,
}
"""So that it is never the sign of life that is missed."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    yield from running(harbour(tmp_path, **NO_LIMITS, **LITTLE_ROOM, **PATIENT))


@pytest.fixture
def impatient(tmp_path: Path) -> Iterator[Server]:
    yield from running(harbour(tmp_path, **NO_LIMITS, **LITTLE_ROOM, **IMPATIENT))


@pytest.fixture
def proxy(server: Server) -> Iterator[FaultProxy]:
    with FaultProxy(server.port) as proxy:
        proxy.rate = 50_000
        yield proxy


def write_elsewhere(server: Server, line: VisitorLine, first: int, last: int) -> None:
    """Writes as the same visitor, past the slow line."""
    headers = {"Origin": server.address, "Authorization": f"Bearer {line.token}"}
    for number in range(first, last):
        frame = {
            "op": "send",
            "conversation": None,
            "client_id": f"long-message-{number}",
            "body": {"text": f"{number} {LONG}"},
        }
        assert server.post("/widget/op", frame, **headers).status == 200


def test_a_slow_reader_is_sent_away_and_comes_back_to_everything(server: Server, proxy: FaultProxy):
    quick = [server.visitor() for _ in range(QUICK)]
    slow = server.visitor(port=proxy.port)
    before = server.memory
    proxy.mode = "blackhole"
    write_elsewhere(server, slow, 0, 30)
    for line in quick:
        line.says("Hello")
    proxy.mode = "pass"
    assert closing(slow.socket) == (1013, "too slow")
    write_elsewhere(server, slow, 30, 40)
    slow.port = None
    slow.reconnect()
    slow.until(lambda: len(written_by(slow)) == 40)
    assert [text.split()[0] for text in written_by(slow)] == [str(number) for number in range(40)]
    assert sorted(slow.events) == list(range(1, len(slow.events) + 1))
    assert server.memory - before < 20_000_000
    for line in quick:
        line.says("still here")


def written_by(line: VisitorLine) -> list[str]:
    """Everything of the conversation so far, as pages are fetched until there is no more."""
    last = line.frames[-1]
    if last["op"] == "events" and last["more"] and last["events"]:
        line.frames.append({"op": "asked"})
        line.tell(op="resume", conversation=line.conversation, after=max(line.events))
    return [text for text in line.texts() if text.endswith(LONG)]


def test_a_reader_who_takes_its_time_but_keeps_up_is_left_alone(server: Server, proxy: FaultProxy):
    slow = server.visitor(port=proxy.port)
    for number in range(8):
        slow.says(f"{number} {LONG}")
    assert len(slow.acked) == 8
    slow.close()


def test_a_page_of_long_messages_is_no_longer_than_what_may_wait(server: Server):
    ann = server.visitor()
    write_elsewhere(server, ann, 0, 60)
    again = VisitorLine(server, ann.token)
    again.until(lambda: len(written_by(again)) == 60)
    pages = [frame for frame in again.frames if frame["op"] == "events"]
    assert len(pages) > 2
    assert all(len(str(page)) < 80_000 for page in pages)


def test_whoever_never_reads_is_let_go_of(impatient: Server):
    before = impatient.open_sockets
    with FaultProxy(impatient.port) as proxy:
        proxy.rate = 1000
        slow = impatient.visitor(port=proxy.port)
        proxy.mode = "blackhole"
        write_elsewhere(impatient, slow, 0, 30)
        wait_for(lambda: impatient.open_sockets == before, 60)
        assert impatient.open_sockets == before
