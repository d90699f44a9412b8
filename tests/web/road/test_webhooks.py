"""Webhooks of a real server: its own loop, its own process, and somebody outside who is slow, or dies, or is well."""

import json
import os
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from bot.database import Database
from bot.models import JobRow
from tests.receiver import Receiver, answering, silent
from tests.server import Server, running, wait_for
from web.cli import main


@pytest.fixture
def receivers() -> Iterator[Callable[..., Receiver]]:
    listening: list[Receiver] = []

    def listen(**how: Any) -> Receiver:
        listening.append(Receiver(**how).start())
        return listening[-1]

    yield listen
    for receiver in listening:
        receiver.stop()


def add(server: Server, receiver: Receiver, *kinds: str) -> str:
    """Adds a webhook at the shell while the server runs, and returns its key."""
    chosen = [word for kind in kinds for word in ("--kind", kind)]
    place = ["--site", str(server.site), "--database", server.database_url, "--webhooks-may-be-local"]
    told = CliRunner().invoke(main, ["webhook", "add", receiver.url, *chosen, *place])
    assert told.exit_code == 0, told.output
    found = re.search(r"whsec_\S+", told.output)
    assert found is not None
    return found[0]


@pytest.fixture
def open_server(site: Path, database_url: str) -> Iterator[Server]:
    yield from running(Server(site, database_url, options=("--webhooks-may-be-local",)))


def outcomes(server: Server) -> list[str | None]:
    """What the record says of calls so far."""
    with closing(Database(server.database_url)) as database, database.reading() as connection:
        return list(connection.scalars(select(JobRow.outcome)))


def heard(receiver: Receiver) -> list[int]:
    return [each.message["data"]["seq"] for each in receiver.heard]


@pytest.mark.fault("F27")
def test_everything_is_told_through_kill_9_and_past_one_who_never_answers(
    open_server: Server, receivers: Callable[..., Receiver]
):
    stuck, well = receivers(behaves=silent), receivers()
    add(open_server, stuck, "started", "message")
    key = add(open_server, well, "message")
    ann = open_server.visitor()
    for number in range(4):
        ann.says(f"Words {number}")
    wait_for(lambda: stuck.came and "Words 3" in str([each.body for each in well.heard]), 20)
    assert stuck.heard == [] and stuck.came
    assert heard(well) == sorted(heard(well))

    well.stop()
    ann.says("While nobody listens")
    wait_for(lambda: "nobody listens there" in outcomes(open_server), 20)
    open_server.kill()
    ann.close()
    well.start()
    open_server.start()
    ann.reconnect()
    ann.says("Back again")
    wait_for(lambda: "Back again" in str([each.body for each in well.heard]), 60)
    told = list(dict.fromkeys(each.message["data"]["body"]["text"] for each in well.heard))
    said = [text for text in told if text.startswith(("Words", "While", "Back"))]
    assert said == [*(f"Words {number}" for number in range(4)), "While nobody listens", "Back again"]
    numbers = list(dict.fromkeys(heard(well)))
    assert numbers == sorted(numbers)
    by_id = {each.id: each.body for each in well.heard}
    assert all(by_id[each.id] == each.body for each in well.heard)
    assert json.loads(json.dumps(well.heard[-1].verified(key)))["type"] == "message"
    ann.close()


def test_without_leave_of_the_operator_nothing_is_sent_to_this_computer(
    sqlite_server: Server, receivers: Callable[..., Receiver]
):
    inside, outside_log = receivers(behaves=answering(200)), sqlite_server.output
    add(sqlite_server, inside, "message")  # The shell was given leave, the server was not.
    ann = sqlite_server.visitor()
    ann.says("Hello")
    wait_for(lambda: "private network" in outside_log.read_text(), 10)
    assert inside.came == [] and "private network" in outside_log.read_text()
    ann.close()


def test_the_receiver_of_the_page_takes_what_we_send_and_nothing_else(site: Path, tmp_path: Path):
    page = (Path(__file__).parents[3] / "docs" / "developers" / "webhooks.md").read_text()
    (code,) = re.findall(r"^```python\n(.*?)^```$", page, re.M | re.S)
    for server in running(Server(site, f"sqlite:///{tmp_path}/parlour.db", options=("--webhooks-may-be-local",))):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        key = add(server, Receiver(port=port), "message")
        environment = {**os.environ, "WEBHOOK_KEY": key, "PORT": str(port)}
        with (tmp_path / "heard").open("w") as out:
            process = subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=out, stderr=out)
        try:
            ann = server.visitor()
            ann.says("Is it really you?")
            wait_for(lambda: "Is it really you?" in (tmp_path / "heard").read_text(), 30)
            assert re.search(r"^message \{'conversation': .*Is it really you\?", (tmp_path / "heard").read_text(), re.M)
            forged = urllib.request.Request(f"http://127.0.0.1:{port}/", b"{}", {"webhook-id": "x"}, method="POST")
            with pytest.raises(urllib.error.HTTPError, match="401"):
                urllib.request.urlopen(forged, timeout=10)
            ann.close()
        finally:
            process.terminate()
            process.wait(10)


def test_two_servers_over_one_database_tell_everything_once_and_in_order(
    site: Path, postgres_url: str, receivers: Callable[..., Receiver]
):
    """Both look for what is to be told; the one that hears the visitor is not always the one that tells."""
    well = receivers()
    for one in running(Server(site, postgres_url, options=("--webhooks-may-be-local",))):
        for _ in running(Server(site, postgres_url, options=("--webhooks-may-be-local",))):
            add(one, well, "message")
            visitors = [one.visitor() for _ in range(4)]
            for number in range(6):
                for visitor in visitors:
                    visitor.says(f"Words {number}")
            wait_for(lambda: str([each.body for each in well.heard]).count("Words 5") == 4, 30)
            for visitor in visitors:
                visitor.close()
    told = [each.message["data"] for each in well.heard]
    assert len({each.id for each in well.heard}) == len(well.heard) > 24
    for conversation in {each["conversation"] for each in told}:
        numbers = [each["seq"] for each in told if each["conversation"] == conversation]
        assert numbers == sorted(numbers)
