"""A bus: what every kind of it does alike. Nobody ever waits for it."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from threading import Event as Signal
from time import sleep
from typing import Any

import structlog

from rules.compact import compact_json
from web.bus.packets import Message, NotOurs, packed, unpacked

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

    def __init__(self, worker: str, key: bytes):
        self._worker = worker
        self._key = key
        self._waiting: deque[str] = deque(maxlen=MOST_WAITING)
        self._awake = Signal()
        self._trouble: set[str] = set()
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
        """Sends what was published, until `stop` and then what is left; what cannot be sent is tried again."""
        stopping = False
        while not stopping:
            self._awake.wait()
            self._awake.clear()
            stopping = self._stopping
            waiting, self._waiting = self._waiting, deque(maxlen=MOST_WAITING)
            with self._told_once("bus.not_reached", then=partial(self._take_back, waiting)):
                self._send(list(packed(self._worker, waiting, self.largest_packet, self._key)))

    def listen_forever(self, take: Callable[[Message], None], *, came_back: Callable[[], None]) -> None:
        """Gives `take` each message of another worker, until `stop`.

        Calls `came_back` each time it begins to hear: what was said before has to be looked up.
        """
        while not self._stopping:
            with self._told_once("bus.not_heard"):
                for packet in self._heard(came_back):
                    self._trouble.discard("bus.not_heard")
                    self._give(take, packet)
                    if self._stopping:
                        return

    @contextmanager
    def _told_once(self, event: str, *, then: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Tells of trouble when it begins, and waits a moment before the next try. Nothing ends the loop around it."""
        try:
            yield
        except Exception as problem:
            with suppress(Exception):
                then()
            if event not in self._trouble:
                log.error(event, cause=str(problem).strip(), exc_info=not isinstance(problem, self.problems))
            self._trouble.add(event)
            sleep(TRY_AGAIN_AFTER)
        else:
            self._trouble.discard(event)

    def _take_back(self, waiting: Iterable[str]) -> None:
        self._hang_up()
        self._waiting = deque([*waiting, *self._waiting], maxlen=MOST_WAITING)
        self._awake.set()

    def _give(self, take: Callable[[Message], None], packet: str | None) -> None:
        for message in self._of_others(packet) if packet else ():
            try:
                take(message)
            except Exception:
                # What cannot be taken must not keep what follows from being heard; looking finds what was missed.
                log.exception("bus.not_taken")

    def _of_others(self, packet: str) -> Iterable[Message]:
        try:
            worker, messages = unpacked(packet, self._key)
        except NotOurs as problem:
            if "bus.not_ours" not in self._trouble:
                log.error("bus.not_ours", cause=str(problem))
            self._trouble.add("bus.not_ours")
            return ()
        return messages if worker != self._worker else ()

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
