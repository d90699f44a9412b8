"""Ten thousand visitors of one process: what they cost while silent, how they come back, how they are sent home.

Each has a conversation. They come from many addresses of loopback, as visitors do. Run alone, it takes three minutes:
`python -m bench --only crowd`.
"""

import asyncio
import json
import os
import resource
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from random import random

import picows
import uvloop
from sqlalchemy import insert

from bench.load import TEXT, memory, processor_time
from bench.ports import free_port
from bench.starting import Process, ended, product, started, told, wait_for
from bot.change import table_of
from bot.database import Database
from bot.ids import new_id
from bot.models import Visit
from web.app import utc_now
from web.tokens import VisitorTokens, signing_key

MANY, FEWER = 10_000, 1_000
ADDRESSES = 250
CONNECT_AT_ONCE = 200
HANDSHAKE_WITHIN = 60.0
IDLE_FOR = 45.0
"""Seconds in which every connection has been asked twice for a sign of life."""
WRITERS = 100
ANSWERED_WITHIN = 60.0
KB_AT_MOST = 50.0
"""KB that the server takes for each visitor who says nothing, conversation and all."""
BACK_WITHIN = 60.0
TOLD_WITHIN = 2.0
STOPPED_WITHIN = 2.0
SEND_P99_AT_MOST = 2.0


def main() -> int:
    """Prints what was measured; returns 1 when a target is missed."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    uvloop.install()
    with tempfile.TemporaryDirectory(prefix="parlour-bench-") as folder:
        return asyncio.run(_measure(Path(folder)))


async def _measure(folder: Path) -> int:
    port = free_port()
    server = started(*product(folder, port))
    try:
        wait_for(port)
        crowd = Crowd(port, tokens_of(folder / "site" / ".parlour", MANY))
        before = memory(server.pid)
        lasted = await crowd.connect(MANY)
        print(f"\n{MANY:,} visitors came in {lasted:.1f} s; tried again: {dict(crowd.tried_again)}", flush=True)
        await crowd.write(range(MANY))
        await asyncio.sleep(IDLE_FOR)
        kb = (memory(server.pid) - before) / 1024 / MANY
        missed = told("idle conversations dropped, of 10,000", MANY - crowd.here, 0)
        missed |= told("memory of an idle conversation with all its state, in KB", kb, KB_AT_MOST)

        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
        server = started(*product(folder, port))
        wait_for(port)
        spent = processor_time(server.pid)
        sending = asyncio.create_task(crowd.write_meanwhile(WRITERS))
        lasted = await crowd.connect(MANY)
        crowd.all_back.set()
        took = await sending
        missed |= told("all back after the server was killed, everybody at once, in seconds", lasted, BACK_WITHIN)
        print(f"        … tried again: {dict(crowd.tried_again)}")
        print(f"        … of which {processor_time(server.pid) - spent:.1f} are the server's processor time")
        missed |= told("send to acknowledged meanwhile, p99 in seconds", took, SEND_P99_AT_MOST)

        heard, stopped = await crowd.stop(server)
        missed |= told("SIGTERM, 10,000 sockets: everybody told after seconds", heard, TOLD_WITHIN)
        print(f"        … and gone after {stopped:.2f} s")

        server = started(*product(folder, port))
        wait_for(port)
        await crowd.connect(FEWER)
        heard, stopped = await crowd.stop(server)
        missed |= told("SIGTERM, 1,000 sockets: gone after seconds", stopped, STOPPED_WITHIN)
        return missed
    finally:
        ended(server)


class Crowd:
    """Visitors, by their number."""

    def __init__(self, port: int, tokens: Sequence[str]):
        self.port = port
        self.tokens = tokens
        self.visitors: dict[int, Visitor] = {}
        self.tried_again: Counter[str] = Counter()
        self.all_back = asyncio.Event()

    @property
    def here(self) -> int:
        """How many sockets are open."""
        return sum(visitor.is_open for visitor in self.visitors.values())

    async def connect(self, how_many: int) -> float:
        """Lets everybody connect at once and take up where they were; returns the seconds until all have."""
        began = time.perf_counter()
        gate = asyncio.Semaphore(CONNECT_AT_ONCE)
        await asyncio.gather(*(self._connect(number, gate) for number in range(how_many)))
        return time.perf_counter() - began

    async def _connect(self, number: int, gate: asyncio.Semaphore) -> None:
        for failures in count(1):
            visitor = Visitor()
            async with gate:
                try:
                    await picows.ws_connect(
                        lambda visitor=visitor: visitor,
                        f"ws://127.0.0.1:{self.port}/widget/socket",
                        extra_headers={"Sec-WebSocket-Protocol": f"chat.v1, tok.{self.tokens[number]}"},
                        proxy=None,
                        read_buffer_init_size=1024,
                        websocket_handshake_timeout=HANDSHAKE_WITHIN,
                        local_addr=(_address(number), 0),
                    )
                    await visitor.welcomed.wait()
                except (OSError, TimeoutError, picows.WSError) as problem:
                    self.tried_again[type(problem).__name__] += 1
            if visitor.is_open:
                self.visitors[number] = visitor
                return
            # As the widget does: whoever tries again and again is held up by the limits.
            await asyncio.sleep(min(20.0, 0.4 * 2**failures) * (1 + random() / 2))

    async def write(self, numbers: Sequence[int]) -> None:
        """Lets these say something, a few at a time, and waits until it is acknowledged."""
        gate = asyncio.Semaphore(32)

        async def one(number: int) -> None:
            async with gate:
                await self.visitors[number].write()

        await asyncio.gather(*(one(number) for number in numbers))

    async def write_meanwhile(self, how_many: int) -> float:
        """Lets those who are back write while the others still come; returns the 99th percentile of seconds."""
        took: list[float] = []
        gone = set(self.visitors.values())
        while not self.all_back.is_set():
            back = [visitor for visitor in self.visitors.values() if visitor not in gone][-how_many:]
            took += await asyncio.gather(*(visitor.write() for visitor in back))
            await asyncio.sleep(0.5)
        return statistics.quantiles(took, n=100)[98] if len(took) > 1 else 0.0

    async def stop(self, server: Process) -> tuple[float, float]:
        """Tells the server to stop; returns the seconds until everybody was told 1012, and until it was gone."""
        here = [visitor for visitor in self.visitors.values() if visitor.is_open]
        began = time.perf_counter()
        server.send_signal(signal.SIGTERM)
        gone = asyncio.create_task(asyncio.to_thread(server.wait, 30))
        await asyncio.gather(*(visitor.closed.wait() for visitor in here))
        heard = max(visitor.closed_at for visitor in here) - began
        await gone
        stopped = time.perf_counter() - began
        codes = {visitor.code for visitor in here}
        assert codes == {1012} and server.returncode == 0, (codes, server.returncode)
        return heard, stopped


class Visitor(picows.WSListener):
    """One visitor's socket."""

    def __init__(self) -> None:
        self.welcomed, self.closed = asyncio.Event(), asyncio.Event()
        self.is_open = False
        self.code: int | None = None
        self.closed_at = 0.0
        self._sent: dict[str, asyncio.Future[None]] = {}
        self._transport: picows.WSTransport | None = None

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        self._transport, self.is_open = transport, True
        transport.send(TEXT, b'{"op":"resume","conversation":null,"after":0}')

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        if frame.msg_type == TEXT:
            payload = frame.get_payload_as_bytes()
            if payload.startswith(b'{"op":"welcome"'):
                self.welcomed.set()
            elif payload.startswith(b'{"op":"ack"'):
                waiting = self._sent.pop(json.loads(payload)["client_id"])
                if not waiting.done():
                    waiting.set_result(None)
        elif frame.msg_type == picows.WSMsgType.CLOSE:
            self.code, self.closed_at = frame.get_close_code(), time.perf_counter()
            transport.send_close(picows.WSCloseCode(self.code), b"")
            transport.disconnect()

    def on_ws_disconnected(self, transport: picows.WSTransport) -> None:
        self.is_open = False
        self.closed.set()
        self.welcomed.set()  # Nothing more is to be waited for.

    async def write(self, text: str = "blue") -> float:
        """Says something; returns the seconds until it was acknowledged."""
        began = time.perf_counter()
        await asyncio.wait_for(self.say(text), ANSWERED_WITHIN)
        return time.perf_counter() - began

    def say(self, text: str) -> "asyncio.Future[None]":
        """Says something; the result is there when it is acknowledged."""
        assert self._transport is not None
        client_id = os.urandom(12).hex()
        acknowledged = self._sent[client_id] = asyncio.get_running_loop().create_future()
        said = {"op": "send", "conversation": None, "client_id": client_id, "body": {"text": text}}
        self._transport.send(TEXT, json.dumps(said).encode())
        return acknowledged


def tokens_of(data: Path, how_many: int) -> list[str]:
    """Returns the tokens of visitors who have just come, as a server with this data folder gives them out."""
    tokens = VisitorTokens(signing_key(data))
    minted = [tokens.mint(None) for _ in range(how_many)]
    visits = [
        {"id": new_id(), "visitor_id": visitor_id, "started_at": utc_now(), "context": {}, "revision": 1}
        for visitor_id, _ in minted
    ]
    database = Database(f"sqlite:///{data / 'parlour.db'}")
    with database.writing() as connection:
        connection.execute(insert(table_of(Visit)), visits)
    database.close()
    return [token for _, token in minted]


def _address(number: int) -> str:
    return f"127.0.0.{2 + number % ADDRESSES}"


if __name__ == "__main__":
    sys.exit(main())
