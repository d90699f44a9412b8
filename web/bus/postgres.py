"""The bus of whoever has PostgreSQL anyway: NOTIFY, one for each packet."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
from sqlalchemy import URL

from web.bus.bus import Bus, closed

HEARD_WITHIN = 5.0
"""Seconds of silence after which is asked whether the database is still there."""
_CONNECTING = "connect_timeout=5&keepalives_idle=10&keepalives_interval=5&keepalives_count=3&tcp_user_timeout=15000"


class PostgresBus(Bus):
    """All who are connected to the same database and say the same `name` hear one another: anybody may listen there."""

    largest_packet = 7_900  # PostgreSQL takes less than 8,000 bytes in one.
    problems = (psycopg.Error, OSError)

    def __init__(self, url: URL, name: str, worker: str, key: bytes):
        super().__init__(worker, key)
        self._channel = f"parlour_{name}"
        self._address = (
            url.set(drivername="postgresql").update_query_string(_CONNECTING).render_as_string(hide_password=False)
        )
        self._sending: psycopg.Connection[Any] | None = None

    def _send(self, packets: list[str]) -> None:
        if self._sending is None:
            self._sending = self._connect()
        if packets:
            self._sending.execute(
                "SELECT pg_notify(%s, packet) FROM unnest(%s::text[]) packet", [self._channel, packets]
            )

    def _hang_up(self) -> None:
        closed(self._sending)
        self._sending = None

    def _heard(self, came_back: Callable[[], None]) -> Iterator[str | None]:
        connection = self._connect()
        try:
            connection.execute(f"LISTEN {self._channel}")
            came_back()
            while True:
                for notice in connection.notifies(timeout=HEARD_WITHIN):
                    yield notice.payload
                connection.execute("SELECT 1")
                yield None
        finally:
            closed(connection)

    def _connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self._address, autocommit=True, client_encoding="utf8")
