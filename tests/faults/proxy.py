"""A proxy on loopback that breaks the link on order: between a client and the server, or the server and what it needs.

    with FaultProxy(server.port) as proxy:
        connect(proxy.port)
        proxy.mode = "blackhole"       # nothing passes, and nobody is told
        proxy.mode = "refuse"          # whoever comes now is cut off at once
        proxy.delay = 0.2              # seconds before each piece is passed on
        proxy.rate = 1000              # bytes a second towards the client
        proxy.cut_down = 137           # each link is cut after so many bytes from server to client
        proxy.cut_up = 137             # … or from client to server
        proxy.drop_all()               # every link is cut now

To cut is to reset (RST) both sides; `drop_all(reset=False)` ends them in good order instead.
"""

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine
from contextlib import suppress
from fcntl import ioctl
from termios import TIOCOUTQ
from typing import Any, Literal

MOST_AT_ONCE = 64 * 1024
PIECES_A_SECOND = 20
"""How often a link that is slowed down passes something on."""
LOOKS_AGAIN = 0.01
"""Seconds between two looks whether nothing may pass still."""
SLOW_ROOM = 4096
"""What the system may keep for a client that is slowed down, so that it is the server that has to wait."""
RESET = struct.pack("ii", 1, 0)

Mode = Literal["pass", "blackhole", "refuse"]


class FaultProxy:
    """Listens on a port of its own; what it shall do may be changed at any time and holds for open links too."""

    def __init__(self, to: int, *, host: str = "127.0.0.1", port: int = 0):
        self.mode: Mode = "pass"
        self.delay = 0.0
        self.rate: int | None = None
        self.cut_down: int | None = None
        self.cut_up: int | None = None
        self.accepted = self.bytes_up = self.bytes_down = 0
        self._to = (host, to)
        self._links: set[_Link] = set()
        self._loop = asyncio.new_event_loop()
        self._listening = socket.create_server(("127.0.0.1", port), backlog=1024)
        self._listening.setblocking(False)
        self.port: int = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> "FaultProxy":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def links(self) -> int:
        """How many links are open now."""
        return len(self._links)

    def start(self) -> "FaultProxy":
        self._thread.start()
        self._accepting = asyncio.run_coroutine_threadsafe(self._accept(), self._loop)
        return self

    def stop(self) -> None:
        """Cuts every link and listens no more."""
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._listening.close()

    def drop_all(self, *, reset: bool = True) -> int:
        """Ends every link that is open now; returns how many there were."""
        return self._do(self._drop_all(reset=reset))

    def catches_up(self) -> None:
        """Returns when what it shall do now holds for all that has come: what was let through before has passed."""
        self._do(self._catches_up())

    def _do(self, work: Coroutine[Any, Any, int]) -> int:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    async def _accept(self) -> None:
        while True:
            client, _ = await self._loop.sock_accept(self._listening)
            self.accepted += 1
            if self.mode == "refuse":
                _close(client, reset=True)
                continue
            link = _Link(self, client)
            self._links.add(link)
            link.task = self._loop.create_task(self._carry(link))

    async def _carry(self, link: "_Link") -> None:
        try:
            await link.carry(self._to)
        finally:
            self._links.discard(link)

    async def _drop_all(self, *, reset: bool) -> int:
        links = list(self._links)
        for link in links:
            link.reset = reset
            link.task.cancel()
        await asyncio.gather(*(link.task for link in links), return_exceptions=True)
        return len(links)

    async def _catches_up(self) -> int:
        """Takes its turn on the loop: nothing lies between the look whether data may pass and the end of its way."""
        return len(self._links)

    async def _end(self) -> int:
        self._accepting.cancel()
        return await self._drop_all(reset=True)


class _Link:
    """One client and its connection to the other side."""

    task: "asyncio.Task[None]"

    def __init__(self, proxy: FaultProxy, client: socket.socket):
        self.reset = True
        self._proxy = proxy
        self._client = client
        self._server = socket.socket()

    async def carry(self, to: tuple[str, int]) -> None:
        """Passes on both ways until one side ends, the link is cut, or the task is cancelled."""
        for each in (self._client, self._server):
            each.setblocking(False)
        pumps: list[asyncio.Task[None]] = []
        try:
            self._make_room_small()
            await asyncio.get_running_loop().sock_connect(self._server, to)
            pumps = [asyncio.create_task(self._up()), asyncio.create_task(self._down())]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        except OSError:
            return
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            for each in (self._client, self._server):
                _close(each, reset=self.reset)

    def _make_room_small(self) -> None:
        if self._proxy.rate:
            self._server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SLOW_ROOM)
            self._client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SLOW_ROOM)

    async def _up(self) -> None:
        passed = 0
        while data := await self._read(self._client):
            cut = self._proxy.cut_up
            passed += await self._pass_on(data, self._server, room=None if cut is None else cut - passed)
            self._proxy.bytes_up += len(data)

    async def _down(self) -> None:
        passed = 0
        while data := await self._read(self._server, rate=self._proxy.rate):
            cut = self._proxy.cut_down
            passed += await self._pass_on(data, self._client, room=None if cut is None else cut - passed)
            self._proxy.bytes_down += len(data)
            if self._proxy.rate:
                await asyncio.sleep(len(data) / self._proxy.rate)

    async def _read(self, source: socket.socket, *, rate: int | None = None) -> bytes:
        """Returns what came; nothing when that side has ended in good order, which ends the other one so too."""
        most = max(1, rate // PIECES_A_SECOND) if rate else MOST_AT_ONCE
        data = await asyncio.get_running_loop().sock_recv(source, most)
        while self._proxy.mode == "blackhole":
            await asyncio.sleep(LOOKS_AGAIN)
        if not data:
            self.reset = False
        elif self._proxy.delay:
            await asyncio.sleep(self._proxy.delay)
        return data

    async def _pass_on(self, data: bytes, target: socket.socket, *, room: int | None) -> int:
        """Passes data on, or what of it has room before the cut; raises ConnectionResetError at the cut."""
        loop = asyncio.get_running_loop()
        if room is None or len(data) < room:
            await loop.sock_sendall(target, data)
            return len(data)
        await loop.sock_sendall(target, data[: max(0, room)])
        await _is_taken(target)  # What was passed before the cut arrives before the cut.
        raise ConnectionResetError


async def _is_taken(target: socket.socket) -> None:
    """Waits until the other side's system has all that was sent: a reset would throw the rest away."""
    for _ in range(100):
        if ioctl(target, TIOCOUTQ, bytes(4)) == bytes(4):
            return
        await asyncio.sleep(LOOKS_AGAIN)


def _close(side: socket.socket, *, reset: bool) -> None:
    with suppress(OSError):
        if reset:
            side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        else:
            side.shutdown(socket.SHUT_WR)
    side.close()
