"""What a reader of 1 kB a second costs fifty quick ones: their times with and without it, by turns in the same run."""

import asyncio
import socket
import statistics
import sys
import tempfile
import time
from contextlib import suppress
from itertools import cycle
from pathlib import Path

import uvloop

from bench.crowd import Crowd, Visitor
from bench.load import memory
from bench.ports import free_port
from bench.starting import QUESTIONS, running, told, wait_for

QUICK, RATE = 50, 100
"""Visitors, and messages of them together a second."""
ROUNDS, SECONDS = 5, 4.0
READ_A_SECOND = 1000
LONG = "x" * 3900
LONG_A_SECOND = 20
"""What the slow one is told: 80 kB a second, of which it reads 1."""
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
            return asyncio.run(_measure(port, server.pid))


async def _measure(port: int, pid: int) -> int:
    crowd = Crowd(port)
    await asyncio.to_thread(crowd.look, QUICK + 2)
    await crowd.connect(QUICK + 1)
    with_slow, without = [], []
    slow = Slow(port, crowd.tokens[-1])
    await _pace(crowd)
    before = memory(pid)
    for _ in range(ROUNDS):  # By turns, so that the machine's moods meet both alike.
        without.append(await _pace(crowd))
        reading, writing = asyncio.create_task(slow.read()), asyncio.create_task(_write(crowd))
        with_slow.append(await _pace(crowd))
        for task in (reading, writing):
            task.cancel()
        await asyncio.gather(reading, writing, return_exceptions=True)
    grown = (memory(pid) - before) / 1e6
    us, them = statistics.median(with_slow), statistics.median(without)
    print(
        f"\n{QUICK} visitors, {RATE} messages a second: p95 {them * 1e3:.2f} ms, beside a slow reader {us * 1e3:.2f} ms"
    )
    print(f"(sent away {slow.sent_away} times)")
    missed = told("p95 of the quick beside a slow reader / without", us / them, RATIO_AT_MOST)
    return missed | told("memory grown meanwhile, in MB", grown, GROWN_AT_MOST)


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
    """The slow one writes in another window, so that much is to be told in this one."""
    other = Crowd(crowd.port)
    other.tokens = crowd.tokens[-1:]
    await other.connect(1)
    while True:
        await asyncio.gather(other.visitors[0].write(LONG), asyncio.sleep(1 / LONG_A_SECOND))


class Slow:
    """Reads a little at a time, and comes back when it is sent away."""

    def __init__(self, port: int, token: str):
        self.sent_away = 0
        self._port = port
        self._token = token

    async def read(self) -> None:
        while True:
            with socket.socket() as side:
                with suppress(OSError):
                    await self._read(side)
                self.sent_away += 1
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
        while await loop.sock_recv(side, READ_A_SECOND // 10):
            await asyncio.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
