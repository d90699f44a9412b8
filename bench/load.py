"""The client: opens connections, keeps some of them busy, and weighs the server meanwhile. Prints one JSON line.

Closed loop: each busy connection says the next thing when the last was answered. What counts is the processor time the
server and its children took per message; how many there were per second depends on the machine's mood.
"""

import argparse
import asyncio
import json
import os
import statistics
import time
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import cycle

import picows
import psutil
import uvloop

WARM_UP = 1.0
CONNECT_AT_ONCE = 64
TEXT = picows.WSMsgType.TEXT


@dataclass
class Count:
    """What was answered, and how long each answer took."""

    answered: int = 0
    took: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    stopped: bool = False
    every: int = 16
    """Of how many answers one is timed."""
    paced: bool = False
    """Whether somebody else says when each writes."""
    pacer: asyncio.Task[None] | None = None


class Echoer(picows.WSListener):
    """Says one thing and waits to hear it."""

    payload = b'{"op":"typing","conversation":"kQ3vX0aRr1m8c6yVt2WbZw","on":true}'

    def __init__(self, count: Count):
        self.count = count
        self.transport: picows.WSTransport | None = None
        self.said_at = 0.0

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        self.transport = transport

    def begin(self) -> None:
        """Says the first thing."""
        self.say(self.payload)

    def say(self, payload: bytes) -> None:
        """Sends, unless it is over."""
        if self.transport is not None and not self.count.stopped:
            self.said_at = time.perf_counter()
            self.transport.send(TEXT, payload)

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        if frame.msg_type == TEXT:
            self.hear(frame.get_payload_as_bytes())
        elif frame.msg_type == picows.WSMsgType.CLOSE:
            if not self.count.stopped:
                self.count.wrong.append(f"closed {frame.get_close_code()}")
            transport.disconnect()

    def hear(self, _: bytes) -> None:
        """Counts, and says it again, unless somebody else says when."""
        self.done()
        if not self.count.paced:
            self.say(self.payload)

    def done(self) -> None:
        """Counts one answer."""
        self.count.answered += 1
        if self.count.answered % self.count.every == 0:
            self.count.took.append(time.perf_counter() - self.said_at)


VIEW = {
    "facts": {
        "page": "/",
        "page.path": "/",
        "page.url": "https://bench.example/",
        "page.title": "Bench",
        "device": "desktop",
        "visits": 1,
        "returning": False,
    },
    "languages": ["en"],
}


def look_at_page(host: str) -> str:
    """Tells the product of a page view, as the widget does first, and returns the visitor's token."""
    asked = urllib.request.Request(
        f"http://{host}/widget/view", json.dumps(VIEW).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(asked, timeout=20) as answer:
        token: str = json.load(answer)["token"]
    return token


class Visitor(Echoer):
    """Writes a message, waits for the acknowledgement and for what the bot says to it, and writes the next."""

    def begin(self) -> None:
        self.say(b'{"op":"resume","conversation":null,"after":0}')

    def hear(self, payload: bytes) -> None:
        if payload.startswith(b'{"op":"welcome"'):
            if not self.count.paced:
                self.write()
        elif payload.startswith(b'{"op":"events"') and b'"role":"bot"' in payload:
            self.done()
            if not self.count.paced:
                self.write()
        elif payload.startswith(b'{"op":"refused"'):
            self.count.wrong.append(payload.decode()[:200])

    def write(self) -> None:
        """Sends a message with an id of its own."""
        self.say(b'{"op":"send","conversation":null,"client_id":"%s","body":{"text":"blue"}}' % _client_id().encode())


def _client_id() -> str:
    """Returns a UUIDv7 (RFC 9562), as the widget makes them: their order in time keeps the index of them dense."""
    made = bytearray(int(time.time() * 1000).to_bytes(6) + os.urandom(10))
    made[6], made[8] = made[6] & 0x0F | 0x70, made[8] & 0x3F | 0x80
    return str(uuid.UUID(bytes=bytes(made)))


def processor_time(pid: int) -> float:
    """Returns the seconds of processor time a process and its children have taken."""
    total = 0.0
    parent = psutil.Process(pid)
    for process in (parent, *parent.children(recursive=True)):
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system
    return total


def memory(pid: int) -> int:
    """Returns the bytes that a process and its children keep to themselves or share fairly."""
    parent = psutil.Process(pid)
    return sum(process.memory_full_info().pss for process in (parent, *parent.children(recursive=True)))


async def connect(url: str, make: Callable[[], Echoer], tokens: Sequence[str | None]) -> list[Echoer]:
    """Opens a connection for each token (or for nobody in particular), some at once."""
    gate = asyncio.Semaphore(CONNECT_AT_ONCE)

    async def one(token: str | None) -> Echoer:
        async with gate:
            headers = {"Sec-WebSocket-Protocol": f"chat.v1, tok.{token}"} if token else None
            _, peer = await picows.ws_connect(
                make, url, extra_headers=headers, proxy=None, read_buffer_init_size=1024, websocket_handshake_timeout=20
            )
            return peer

    return await asyncio.gather(*(one(token) for token in tokens))


async def measure(given: argparse.Namespace) -> dict[str, float | int | list[str]]:
    """Connects, warms up, and counts for the given time."""
    count = Count()
    turns = given.what == "turn"
    host = urllib.parse.urlsplit(given.url).netloc
    tokens = [look_at_page(host) if turns else None for _ in range(given.connections)]
    before = memory(given.pid)
    peers = await connect(given.url, lambda: Visitor(count) if turns else Echoer(count), tokens)
    await asyncio.sleep(0.5)
    idle = memory(given.pid)
    if given.rate:
        await pace(peers, count, given.rate)
    else:
        step = max(1, len(peers) // given.busy)
        for peer in peers[::step][: given.busy]:
            peer.begin()
    await asyncio.sleep(WARM_UP)
    count.took.clear()
    first, spent, began = count.answered, processor_time(given.pid), time.perf_counter()
    await asyncio.sleep(given.seconds)
    answered, spent, lasted = count.answered - first, processor_time(given.pid) - spent, time.perf_counter() - began
    count.stopped = True
    took = sorted(count.took) or [0.0]
    return {
        "connections": len(peers),
        "answered": answered,
        "per_second": round(answered / lasted),
        "cpu_us": round(spent / answered * 1e6, 1) if answered else 0.0,
        "p50_ms": round(statistics.median(took) * 1e3, 2),
        "p95_ms": round(took[int(len(took) * 0.95)] * 1e3, 2),
        "p99_ms": round(took[int(len(took) * 0.99)] * 1e3, 2),
        "kb_per_connection": round((idle - before) / 1024 / len(peers), 1),
        "wrong": sorted(set(count.wrong))[:5],
    }


async def pace(peers: Sequence[Echoer], count: Count, rate: float) -> None:
    """Lets everybody begin, then one after the other say something, so many each second, whoever has been answered."""
    count.every, count.paced = 1, True
    for peer in peers:
        if isinstance(peer, Visitor):
            peer.begin()
    await asyncio.sleep(2 * WARM_UP)

    async def go_on() -> None:
        began = time.perf_counter()
        for number, peer in enumerate(cycle(peers)):
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            if count.stopped:
                return
            peer.write() if isinstance(peer, Visitor) else peer.say(peer.payload)

    count.pacer = asyncio.create_task(go_on())


def main() -> None:
    """Reads the options, measures, prints."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--what", choices=["echo", "turn"], required=True)
    options.add_argument("--url", required=True)
    options.add_argument("--pid", type=int, required=True, help="the server's process")
    options.add_argument("--connections", type=int, default=1000)
    options.add_argument("--busy", type=int, default=64)
    options.add_argument("--seconds", type=float, default=4.0)
    options.add_argument("--rate", type=float, default=0.0, help="messages a second; 0: as many as are answered")
    uvloop.install()
    print(json.dumps(asyncio.run(measure(options.parse_args()))), flush=True)


if __name__ == "__main__":
    main()
