"""A bus: what every kind of it does alike. Nobody ever waits for it."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Event as Signal
from time import sleep
from typing import Any

import structlog

from rules.compact import compact_json
from web.bus.packets import Message, packed, unpacked

MOST_WAITING = 20_000
"""Messages kept while they cannot be sent; then the oldest are lost, and found by looking."""
TRY_AGAIN_AFTER = 1.0
"""Seconds between attempts to reach a bus that is away."""

log = structlog.get_logger()


class Bus(ABC):
    """Carries messages to the other workers, in packets: whatever is there when the one before has left."""

    largest_packet: int
    """In bytes."""
    problems: tuple[type[Exception], ...]
    """What is raised when it cannot be reached."""

    def __init__(self, worker: str):
        self._worker = worker
        self._waiting: deque[str] = deque(maxlen=MOST_WAITING)
        self._awake = Signal()
        self._stopping = False

    def publish(self, message: Message) -> None:
        """Hands a message over. It is a list of what JSON knows, and leaves soon."""
        self._waiting.append(compact_json(message))
        self._awake.set()

    def stop(self) -> None:
        """Ends sending and listening."""
        self._stopping = True
        self._awake.set()

    def send_forever(self) -> None:
        """Sends what was published, until `stop`; what cannot be sent is lost."""
        is_away = False
        while not self._stopping:
            self._awake.wait()
            self._awake.clear()
            waiting, self._waiting = self._waiting, deque(maxlen=MOST_WAITING)
            try:
                self._send(list(packed(self._worker, waiting, self.largest_packet)))
                is_away = False
            except self.problems as problem:
                self._hang_up()
                if not is_away:
                    log.error("bus.not_reached", cause=str(problem).strip())
                is_away = True
                sleep(TRY_AGAIN_AFTER)

    def listen_forever(self, take: Callable[[Message], None], *, came_back: Callable[[], None]) -> None:
        """Gives `take` each message of another worker, until `stop`.

        Calls `came_back` each time it begins to hear: what was said before has to be looked up.
        """
        is_deaf = False
        while not self._stopping:
            try:
                for packet in self._heard(came_back):
                    is_deaf = False
                    self._give(take, packet)
                    if self._stopping:
                        return
            except self.problems as problem:
                if not is_deaf:
                    log.error("bus.not_heard", cause=str(problem).strip())
                is_deaf = True
                sleep(TRY_AGAIN_AFTER)

    def _give(self, take: Callable[[Message], None], packet: str | None) -> None:
        worker, messages = unpacked(packet) if packet else (self._worker, ())
        for message in messages if worker != self._worker else ():
            try:
                take(message)
            except Exception:
                log.exception("bus.not_taken")  # One that cannot be read must not keep the others from being heard.

    @abstractmethod
    def _send(self, packets: list[str]) -> None:
        """Sends packets; raises one of `problems`."""

    @abstractmethod
    def _hang_up(self) -> None:
        """Forgets the connection by which was sent."""

    @abstractmethod
    def _heard(self, came_back: Callable[[], None]) -> Iterator[str | None]:
        """Yields packets as they come, and None now and then; raises one of `problems`."""


def closed(connection: Any) -> None:
    """Closes what may be broken."""
    with suppress(Exception):
        connection.close()
