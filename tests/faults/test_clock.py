"""The clock of a server is set while flows wait and people write: every wait ends, once, and order comes from no clock.

What one clock does to each kind of job is tested in `tests/bot/test_jobs.py`.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from tests import databases
from tests.alone import Alone
from tests.server import VisitorLine, running, wait_for
from tests.set_clock import SetClock
from tests.web.road.test_crashing_in_a_job import states

pytestmark = pytest.mark.fault("F20")

SITE = """
site: {name: Tea, languages: [en], timezone: Europe/Berlin}
departments: {support: {title: Support}}
conversation: {start: waiting}
flows:
  waiting:
    steps:
      - say: One moment.
      - wait: 30m
      - say: Here I am.
      - end: true
"""
BEGAN, ENDED = "One moment.", "Here I am."


@pytest.fixture
def clock(tmp_path: Path) -> SetClock:
    return SetClock(tmp_path / "clock")


@pytest.fixture
def server(tmp_path: Path, clock: SetClock) -> Iterator[Alone]:
    site = tmp_path / "site"
    site.mkdir()
    (site / "site.yaml").write_text(SITE)
    server = Alone(site, databases.sqlite_at(tmp_path / "parlour.db"), environment=clock.environment)
    yield from running(server)  # type: ignore[misc]
    assert server.process is not None
    clock.forget(server.process.pid)


def test_a_clock_set_ahead_and_back_doubles_no_wait_and_loses_none(server: Alone, clock: SetClock):
    ann = begins(server)
    clock.set(hours=1)
    ann.says("It is late.")
    ann.hears(ENDED)
    ben = begins(server)  # Whose wait ends an hour and a half from now.
    clock.set(hours=-1)
    eva = begins(server)
    everybody = (ann, ben, eva)
    for visitor in everybody:
        visitor.says("It is early.")
    assert began(eva) < began(ann) < began(ben), "a server believes its clock"
    clock.set(hours=3)
    for visitor in everybody:
        visitor.hears(ENDED)
        visitor.says("It is over.")
    wait_for(lambda: states(server, "timer") == {"done"}, 20)
    assert states(server, "timer") == {"done"}
    for visitor in everybody:
        assert shown_anew(server, visitor).count(ENDED) == 1
    assert said_by(ann) == ["Hello", "It is late.", "It is early.", "It is over.", "Is this all?"]
    assert said_by(ben) == said_by(eva) == ["Hello", "It is early.", "It is over.", "Is this all?"]


def begins(server: Alone) -> VisitorLine:
    """Somebody says hello, and waits."""
    visitor = server.visitor()
    visitor.says("Hello")
    visitor.hears(BEGAN)
    return visitor


def began(visitor: VisitorLine) -> datetime:
    return datetime.fromisoformat(visitor.events[1]["at"])


def said_by(visitor: VisitorLine) -> list[str]:
    events = [visitor.events[number] for number in range(1, len(visitor.events) + 1)]
    return [event["body"]["text"] for event in events if event["from"]["role"] == "visitor"]


def shown_anew(server: Alone, visitor: VisitorLine) -> list[str]:
    """Returns what another window of the visitor shows, which is what this one does."""
    other = VisitorLine(server, visitor.token)
    last = visitor.says("Is this all?")
    other.until(lambda: len(other.events) > last)
    visitor.until(lambda: len(visitor.events) == len(other.events))
    assert other.texts() == visitor.texts()
    return other.texts()
