"""What a reader of 1 kB a second costs fifty quick ones: their times beside it and beside one who reads everything.

Both are told the same, by turns in the same run.
"""

import asyncio
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import cycle
from pathlib import Path

import uvloop

from bench.crowd import Crowd, Visitor, tokens_of
from bench.load import memory
from bench.ports import free_port
from bench.starting import QUESTIONS, running, told, wait_for

QUICK, RATE = 50, 100
"""Visitors, and messages of them together a second."""
ROUNDS, SECONDS = 4, 6.0
READ_A_SECOND = 1000
ALL = 10**6
LONG = "x" * 3900
LONG_A_SECOND = 40
"""What they are told: 160 kB a second, of which the slow one reads 1."""
SENT_AWAY_WITHIN = 90.0
GOODBYE = b"\x03\xf5too slow"
RATIO_AT_MOST = 1.2
GROWN_AT_MOST = 20.0


def main() -> int:
    """Prints what was measured; returns 1 when a target is missed."""
    uvloop.install()
    with tempfile.TemporaryDirectory(prefix="parlour-bench-") as folder:
        port = free_port()
        (Path(folder) / "site").symlink_to(QUESTIONS)
        with running("-m", "bench.servers.product", str(port), folder) as server:
            wait_for(port)
            return asyncio.run(_measure(port, server.pid, Path(folder) / "data"))


async def _measure(port: int, pid: int, data: Path) -> int:
    crowd = Crowd(port, tokens_of(data, QUICK + 1))
    await crowd.connect(QUICK)
    slow, all_ = Reader(port, crowd.tokens[-1], READ_A_SECOND), Reader(port, crowd.tokens[-1], ALL)
    times: dict[Reader, list[float]] = {slow: [], all_: []}
    await _pace_beside(all_, crowd)  # What the server makes once it makes now.
    before = memory(pid)
    for _ in range(ROUNDS):  # By turns, so that the machine's moods meet both alike.
        for reader, took in times.items():
            took.append(await _pace_beside(reader, crowd))
    grown = (memory(pid) - before) / 1e6
    took_it = await _until_sent_away(slow, crowd)
    us, them = statistics.median(times[slow]), statistics.median(times[all_])
    print(f"\n{QUICK} visitors, {RATE} messages a second: p95 {us * 1e3:.1f} ms beside a slow reader,")
    print(f"{them * 1e3:.1f} ms beside one who reads everything")
    missed = told("seconds until the slow one has read that it is too slow", took_it, SENT_AWAY_WITHIN)
    missed |= told("p95 of the quick beside a slow reader / beside a quick one", us / them, RATIO_AT_MOST)
    return missed | told("memory grown meanwhile, in MB", grown, GROWN_AT_MOST)


async def _until_sent_away(slow: "Reader", crowd: Crowd) -> float:
    began = time.perf_counter()
    async with _told_much(slow, crowd):
        while not slow.sent_away and time.perf_counter() - began < 2 * SENT_AWAY_WITHIN:
            await asyncio.sleep(0.1)
    return time.perf_counter() - began


async def _pace_beside(reader: "Reader", crowd: Crowd) -> float:
    async with _told_much(reader, crowd):
        return await _pace(crowd)


@asynccontextmanager
async def _told_much(reader: "Reader", crowd: Crowd) -> AsyncIterator[None]:
    """Lets somebody read at their pace, of whom another window writes much."""
    beside = [asyncio.create_task(reader.read()), asyncio.create_task(_write(crowd))]
    try:
        yield
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)


async def _pace(crowd: Crowd) -> float:
    """Lets the quick ones write one after the other; returns the 95th percentile of seconds."""
    took: list[float] = []
    tasks = []
    began = time.perf_counter()
    for number, turn in enumerate(cycle(range(QUICK))):
        if number >= RATE * SECONDS:
            break
        await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
        tasks.append(asyncio.create_task(_timed(crowd.visitors[turn], took)))
    await asyncio.gather(*tasks)
    return statistics.quantiles(took, n=20)[18]


async def _timed(visitor: Visitor, took: list[float]) -> None:
    took.append(await visitor.write())


async def _write(crowd: Crowd) -> None:
    """The reader writes in another window, so that much is to be told in this one."""
    other = Crowd(crowd.port, crowd.tokens[-1:])
    await other.connect(1)
    while True:
        other.visitors[0].say(LONG)
        await asyncio.sleep(1 / LONG_A_SECOND)


class Reader:
    """Reads so many bytes a second, and comes back when it is sent away."""

    def __init__(self, port: int, token: str, a_second: int):
        self.sent_away = 0
        self._a_second = a_second
        self._port = port
        self._token = token

    async def read(self) -> None:
        while True:
            with socket.socket() as side, suppress(OSError):
                await self._read(side)
            await asyncio.sleep(0.1)

    async def _read(self, side: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        side.setblocking(False)
        side.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        await loop.sock_connect(side, ("127.0.0.1", self._port))
        key = "AAAAAAAAAAAAAAAAAAAAAA=="
        head = (
            f"GET /widget/socket HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
            f"Sec-WebSocket-Protocol: chat.v1, tok.{self._token}\r\n\r\n"
        )
        await loop.sock_sendall(side, head.encode())
        while data := await loop.sock_recv(side, self._a_second // 10):
            self.sent_away += data.endswith(GOODBYE)
            await asyncio.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
