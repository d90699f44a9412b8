"""Pages that are only looked at, browsers that forgot everything, and more of them than there is room for."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server import NO_LIMITS, Server, VisitorLine, running, wait_for
from tests.web.road.conftest import HARBOUR
from tests.web.road.test_sockets_under_attack import Raw

DESCRIPTORS = 256


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    site = Path(shutil.copytree(HARBOUR, tmp_path / "site"))
    yield from running(Server(site, f"sqlite:///{tmp_path}/parlour.db", tuned=NO_LIMITS, descriptors=DESCRIPTORS))


@pytest.mark.fault("F33")
def test_a_page_that_is_looked_at_opens_no_socket_and_begins_no_conversation(server: Server, tmp_path: Path):
    server.view()
    before = server.open_sockets
    for number in range(50):
        assert server.view(f"/page-{number}")["conversation"] is None
    wait_for(lambda: server.open_sockets <= before, 10)
    assert server.open_sockets <= before
    with sqlite3.connect(tmp_path / "parlour.db") as database:

        def rows_in(table: str) -> int:
            return int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

        wait_for(lambda: rows_in("page_view") == 51, 10)  # Nobody waits for these to be written.
        counts = {table: rows_in(table) for table in ("conversation", "event", "job", "page_view")}
    assert counts == {"conversation": 0, "event": 0, "job": 0, "page_view": 51}


@pytest.mark.fault("F35")
def test_a_browser_that_forgot_everything_is_somebody_new(server: Server):
    ann = server.visitor()
    ann.says("a secret")
    seen = server.view()
    assert seen["conversation"] is None
    forgetful = VisitorLine(server, seen["token"], connects=False)
    forgetful.conversation = ann.conversation
    forgetful.connect()
    forgetful.says("Hello")
    assert forgetful.conversation != ann.conversation
    assert forgetful.hears("Hello")["seq"] == 1
    assert "a secret" not in forgetful.texts()


@pytest.mark.fault("F36")
def test_more_sockets_than_there_is_room_for_are_refused_politely(server: Server):
    ann = server.visitor()
    token = server.view()["token"]
    opened: list[Raw] = []
    refused: list[Raw] = []
    while not refused:
        raw = Raw(server, token=token)
        (opened if raw.status == 101 else refused).append(raw)
        assert len(opened) < DESCRIPTORS
    assert refused[0].status == 503
    assert "Retry-After: 2" in refused[0].head
    assert len(opened) > DESCRIPTORS / 2
    ann.says("I am still heard")
    assert server.get("/health").status == 200
    assert server.view()["token"]
    for raw in opened[:10]:
        raw.socket.close()
    wait_for(lambda: server.open_sockets < len(opened), 10)
    assert server.visitor().says("There is room again") == 1
