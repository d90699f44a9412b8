"""A site with actions, and the real action server of rasa-sdk for it: one for all tests, for it takes a second."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import random
from typing import Any

import pytest

from bot.actions.client import Client
from bot.actions.roster import Status, read_status
from bot.actions.server import ActionServer
from tests.server import wait_for

STARTS_WITHIN = 30


@dataclass
class Kept:
    """An action server as the server's master keeps one, looked at whenever a test waits for something."""

    site: Path
    told: Path
    """The file by which it tells the others of itself."""
    logged: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server = ActionServer(
            self.site,
            self.told,
            clock=time.monotonic,
            sleep=time.sleep,
            log=lambda what, **more: self.logged.append((what, more)),
        )
        self.client = Client(self.server.address, clock=time.monotonic, sleep=time.sleep, chance=random)

    @property
    def status(self) -> Status:
        return read_status(self.server.status)

    def until(self, done: Callable[[], Any]) -> Any:
        """Looks until something holds, and returns it."""
        found: list[Any] = []

        def look() -> Any:
            self.server.look()
            found[:] = [done()]
            return found[0]

        wait_for(look, STARTS_WITHIN)
        assert found[0], (self.status, self.logged)
        return found[0]

    def write(self, name: str, text: str) -> None:
        path = self.site / "actions" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    """A server of the test's own, for what files and processes do."""
    kept = Kept(tmp_path, tmp_path / "actions.json")
    try:
        yield kept
    finally:
        kept.server.stop()
