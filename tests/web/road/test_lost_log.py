"""Where the log cannot be written, its lines are lost and nothing else is."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests import databases
from tests.receiver import Receiver, Request, answering
from tests.server import Server, running, wait_for
from tests.valkey import free_port
from web.cli import main

LOOKS = 30


@dataclass
class Unheard(Server):
    """A server from nothing whose standard error leads elsewhere."""

    errors: int = -1

    def launch(self, command: list[str]) -> "Child":  # type: ignore[override]
        words = [sys.executable, "-m", "web.cli", *command]
        with self.output.open("w") as output:
            return Child(subprocess.Popen(words, stdout=output, stderr=self.errors, start_new_session=True))


@dataclass
class Child:
    process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        return self.process.pid

    def has_ended(self, *, within: float = 0) -> bool:
        wait_for(lambda: self.process.poll() is not None, within)
        return self.process.poll() is not None


@pytest.fixture(params=["a full disk", "a closed pipe"])
def errors(request: pytest.FixtureRequest) -> Iterator[int]:
    """Where the log is to go."""
    if request.param == "a full disk":
        with open("/dev/full", "w") as full:
            yield full.fileno()
    else:
        ours, theirs = os.pipe()
        os.close(ours)
        with closing(os.fdopen(theirs, "w")):
            yield theirs


def test_requests_are_refused_content_switches_and_calls_are_made_again(
    site: Path, tmp_path: Path, errors: int, receiver: Receiver
):
    database = databases.sqlite_at(tmp_path / "parlour.db")
    add = ["webhook", "add", receiver.url, "--site", str(site), "--database", database, "--webhooks-may-be-local"]
    assert CliRunner().invoke(main, add).exit_code == 0
    receiver.behaves = failing_once
    for server in running(Unheard(site, database, options=("--webhooks-may-be-local",), errors=errors)):
        goes_on(server, receiver)


def test_nobody_need_be_greeted(site: Path, tmp_path: Path):
    log = tmp_path / "log"
    port = free_port()
    with log.open("w") as errors:
        server = Unheard(site, databases.sqlite_at(tmp_path / "parlour.db"), port, errors=errors.fileno())
        server.output = Path("/dev/full")
        server.process = server.launch(["serve", str(site), "--port", str(port), "--database", server.database_url])  # type: ignore[assignment]
    try:
        wait_for(lambda: server.listens() or '"error"' in log.read_text(), LOOKS)
        assert server.get("/health").status == 200
        assert '"error"' not in log.read_text()
    finally:
        server.kill()


def goes_on(server: Server, receiver: Receiver) -> None:
    assert server.post("/panel/op", {}).status == 401
    assert server.get("/panel/nothing").status == 404

    before = server.get("/health").json()["site"]
    flow = server.site / "flows" / "welcome.yaml"
    good = flow.read_text()
    flow.write_text(good.replace("collect: email", "colect: email"))
    wait_for(lambda: server.get("/health").json()["status"] == "degraded", LOOKS)
    flow.write_text(good.replace("en: Hello,", "en: Good day,"))
    wait_for(lambda: server.get("/health").json()["site"] != before, LOOKS)
    assert server.get("/health").json()["site"] != before

    server.visitor().says("Hello")
    wait_for(lambda: receiver.heard, LOOKS)
    assert len(receiver.came) > len(receiver.heard) > 0


def failing_once(request: Request) -> None:
    """Refuses the first that comes."""
    came = len(request.server.receiver.came)  # type: ignore[attr-defined]
    answering(503 if came == 1 else 200)(request)
