"""Everybody loses the line at the same moment, and everybody comes back at once (F32).

How long ten thousand take, and how long others wait meanwhile, is measured by `python -m bench --only crowd`.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin, Subprotocol

from bot.database import Database
from tests.faults.history import History
from tests.faults.kills import read
from tests.faults.line import Frame, Line
from tests.faults.oracle import judge
from tests.faults.record import heads
from tests.server import Server

ALL_BACK_WITHIN = 120
"""Seconds; many more than it takes."""


class Crowd:
    """Visitors, each in one tab that comes back until it is told to go."""

    def __init__(self, server: Server, size: int, dice: Random):
        self.history = History()
        self._server = server
        self._dice = dice
        viewed = [server.view() for _ in range(size)]
        self._tokens = [each["token"] for each in viewed]
        self._lines = [
            Line(f"tab-{number}", f"visitor:{each['visitor']}", self.history) for number, each in enumerate(viewed)
        ]

    async def live_through_a_crash(self) -> None:
        """Everybody says something, loses the server, says something to nobody, and comes back."""
        living = [asyncio.create_task(self._live(*each)) for each in zip(self._lines, self._tokens, strict=True)]
        self._write("before")
        await _until(self._everything_is_sent)
        await asyncio.to_thread(self._server.kill)
        await _until(lambda: not any(line.is_open for line in self._lines))
        self._write("while there is nobody")
        await asyncio.to_thread(self._server.start)
        await _until(self._everything_is_sent)
        database = Database(self._server.database_url)
        ends = heads(database, "visitor:")
        database.close()
        await _until(lambda: all(_shows(line, ends) for line in self._lines))
        for task in living:
            task.cancel()
        await asyncio.wait(living)
        for line in self._lines:
            line.caught_up(ends)

    def _write(self, words: str) -> None:
        for line in self._lines:
            line.write(f"{line.name} {words}")

    def _everything_is_sent(self) -> bool:
        return not any(line.pending() for line in self._lines)

    async def _live(self, line: Line, token: str) -> None:
        offered = [Subprotocol("chat.v1"), Subprotocol(f"tok.{token}")]
        options: Any = {"subprotocols": offered, "origin": Origin(self._server.address), "compression": None}
        while True:
            try:
                address = self._server.address.replace("http", "ws") + "/widget/socket"
                async with connect(address, open_timeout=ALL_BACK_WITHIN, **options) as socket:
                    await _converse(line, socket)
            except (OSError, EOFError, WebSocketException):
                line.lost()
                await asyncio.sleep(self._dice.uniform(0.05, 0.1))


async def _converse(line: Line, socket: Any) -> None:
    unsaid: deque[Frame] = deque()
    line.opened(unsaid.append)
    while True:
        while unsaid:
            await socket.send(json.dumps(unsaid.popleft()))
        try:
            # Not `wait_for`: before Python 3.12 it may swallow that the task is cancelled, which then never ends.
            async with asyncio.timeout(0.2):
                frame = await socket.recv()
            line.receive(json.loads(frame))
        except TimeoutError:
            line.a_moment_later()


def _shows(line: Line, ends: dict[str, int]) -> bool:
    return all(heard.last >= ends[conversation] for conversation, heard in line.followed.items())


async def _until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(ALL_BACK_WITHIN):
        while not done():
            await asyncio.sleep(0.05)


@pytest.mark.fault("F32")
def test_everybody_who_loses_the_line_at_once_comes_back_with_everything(
    server: Server, seed: int, scale: Any, record_property: Any
):
    crowd = Crowd(server, scale.crowd, Random(seed))
    asyncio.run(crowd.live_through_a_crash())
    record = read(server)
    assert len(record.conversations) == scale.crowd
    record_property("counts", {"visitors": scale.crowd})
    assert judge(crowd.history, record) == []
