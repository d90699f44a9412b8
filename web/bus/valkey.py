"""The bus for many listeners: publish and subscribe of Valkey, or of Redis."""

from collections.abc import Callable, Iterator
from typing import Any

import valkey

from web.bus.bus import Bus, closed

HEARD_WITHIN = 5.0
"""Seconds of silence after which is asked whether the other side is still there."""
ANSWER_TAKES = 2.0
"""Seconds; only the bus itself waits for them."""


class ValkeyBus(Bus):
    """All who say the same `name` hear one another."""

    largest_packet = 256 * 1024
    problems = (valkey.ValkeyError, OSError)

    def __init__(self, address: str, name: str, worker: str, key: bytes):
        super().__init__(worker, key)
        self._channel = f"parlour:{name}"
        self._client = _client(address, socket_timeout=ANSWER_TAKES)
        self._listening = _client(address, socket_timeout=None)

    def _send(self, packets: list[str]) -> None:
        pipeline = self._client.pipeline(transaction=False)
        for packet in packets:
            pipeline.publish(self._channel, packet)
        pipeline.execute()

    def _hang_up(self) -> None:
        self._client.connection_pool.disconnect()

    def _heard(self, came_back: Callable[[], None]) -> Iterator[str | None]:
        subscription = self._listening.pubsub(ignore_subscribe_messages=True)
        try:
            subscription.subscribe(self._channel)
            subscription.get_message(timeout=ANSWER_TAKES)
            came_back()
            answered = True
            while True:
                heard = subscription.get_message(timeout=HEARD_WITHIN)
                if heard is None:
                    if not answered:
                        raise valkey.ConnectionError("no answer")
                    subscription.ping()
                answered = heard is not None
                yield heard["data"] if heard and heard["type"] == "message" else None
        finally:
            closed(subscription)


def _client(address: str, **timeouts: Any) -> "valkey.Valkey":
    return valkey.from_url(
        address, decode_responses=True, socket_connect_timeout=ANSWER_TAKES, socket_keepalive=True, **timeouts
    )
