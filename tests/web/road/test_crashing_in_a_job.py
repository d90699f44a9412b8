"""A process that is killed after a job had its effect, before that is written down: nothing is lost, or said twice."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from bot.change import table_of
from bot.database import Database
from bot.models import JobRow
from tests.alone import Alone
from tests.receiver import Receiver, Request
from tests.server import START_TAKES, Server, running, wait_for
from tests.web.road.test_webhooks import add

pytestmark = pytest.mark.fault("F9")

_jobs = table_of(JobRow)
SITE = """
site: {name: Tea, languages: [en], timezone: Europe/Berlin}
departments: {support: {title: Support}}
conversation: {start: waiting}
flows:
  waiting:
    steps:
      - say: One second.
      - wait: 1s
      - say: Here I am.
      - end: true
"""
DIES_IN_A_JOB = """
import os, signal
from gevent import monkey
monkey.patch_all()
from bot.jobs import Jobs

def mark(self, job, outcome):
    if job.kind == "timer" and not os.path.exists(os.environ["DIED"]):
        open(os.environ["DIED"], "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    whole(self, job, outcome)

whole, Jobs._mark = Jobs._mark, mark
from web.cli import main
main(prog_name="parlour")
"""
"""`parlour serve` whose worker dies once, after a timer has been told and before that is written down."""


def make_site(folder: Path) -> Path:
    site = folder / "site"
    site.mkdir()
    (site / "site.yaml").write_text(SITE)
    return site


@pytest.fixture
def dying(tmp_path: Path, database_url: str) -> Iterator[Alone]:
    server = Alone(make_site(tmp_path), database_url, environment={"DIED": str(tmp_path / "died")})
    server.program = DIES_IN_A_JOB
    yield from running(server)  # type: ignore[misc]


def test_a_timer_that_is_told_again_says_nothing_again(dying: Alone, tmp_path: Path):
    ann = dying.visitor()
    ann.says("Hello")
    ann.hears("One second.")
    wait_for((tmp_path / "died").exists, START_TAKES)
    assert (tmp_path / "died").exists()
    end_leases(dying)
    wait_for(lambda: states(dying, "timer") == {"done"}, START_TAKES)
    assert states(dying, "timer") == {"done"}
    ann.close()
    ann.reconnect()
    ann.hears("Here I am.")
    assert ann.texts() == ["Hello", "One second.", "Here I am."]
    ann.close()


def test_a_webhook_that_was_told_is_told_at_most_once_more_with_the_same_words(tmp_path: Path, database_url: str):
    calls: list[str] = []
    killed: list[str] = []

    def kills_who_calls(request: Request) -> None:
        request.accept()
        if not calls:
            calls.append(request.path)
            server.kill()
            killed.append(request.path)
        request.send_response(200)
        request.send_header("Content-Length", "0")
        request.end_headers()

    receiver = Receiver(behaves=kills_who_calls).start()
    server = Server(make_site(tmp_path), database_url, options=("--webhooks-may-be-local",))
    for _ in running(server):
        add(server, receiver, "started", "message")
        ann = server.visitor()
        ann.say("Hello")
        wait_for(lambda: killed, START_TAKES)
        assert killed
        ann.close()
        end_leases(server)
        server.start()
        ann.reconnect()
        ann.hears("Here I am.")
        wait_for(lambda: b"Here I am." in receiver.heard[-1].body, START_TAKES)
        ann.close()
    receiver.stop()
    ids = [each.id for each in receiver.heard]
    assert ids[0] == ids[1] and len(ids) == len(set(ids)) + 1
    assert receiver.heard[0].body == receiver.heard[1].body
    numbers = [each.message["data"]["seq"] for each in receiver.heard]
    assert numbers == sorted(numbers)


def end_leases(server: Server) -> None:
    """Nobody waits half a minute in a test: whoever held these is dead."""
    database = Database(server.database_url)
    with database.writing() as connection:
        past = datetime.now(UTC) - timedelta(minutes=1)
        connection.execute(update(_jobs).where(_jobs.c.taken_by.is_not(None)).values(lease_until=past))
    database.close()


def states(server: Server, kind: str) -> set[str]:
    database = Database(server.database_url)
    with database.reading() as connection:
        found = set(connection.scalars(select(_jobs.c.state).where(_jobs.c.kind == kind)))
    database.close()
    return found
