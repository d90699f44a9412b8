"""When the database cannot be used nothing is lost, it is said once, and it goes on by itself when it can be again."""

import json
import resource
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import create_engine

from bot.actions.roster import Status, read_status
from tests import databases, postgres
from tests.disk import full
from tests.prepared import prepared
from tests.server import AgentLine, Server, VisitorLine, running, wait_for
from tests.web.road.conftest import open_shop
from web.commands.agents import add_agent

WELL_WITHIN = 30
PASSWORD = "three blue teapots"
PAGE = {"page": "/", "page.path": "/", "page.url": "/", "page.title": "A page", "device": "desktop"}
MESSAGES = [f"message {n}" for n in range(8)]


def until_stored(visitor: VisitorLine) -> None:
    """Sends again what was refused for now, as the widget does, until all of it is stored."""

    def all_stored() -> bool:
        for frame in [each for each in visitor.frames if each["op"] == "refused"]:
            assert frame["error"]["code"] == "retry"
            visitor.frames.remove(frame)
            visitor.tell(**visitor.outbox[frame["client_id"]])
        return not visitor.outbox and len(sent_by(visitor)) == len(MESSAGES)

    visitor.until(all_stored)


def sent_by(visitor: VisitorLine) -> list[str]:
    return [text for text in visitor.texts() if text.startswith("message")]


def refused(visitor: VisitorLine) -> bool:
    return any(frame["op"] == "refused" for frame in visitor.frames)


def view(server: Server) -> int:
    """Looks at a page, which is recorded; returns the status."""
    facts = {**PAGE, "visits": 1, "returning": False}
    return server.post("/widget/view", {"facts": facts, "languages": ["en"]}, Origin=server.address).status


def statuses(server: Server) -> set[int]:
    return {server.get("/health").status, *statuses_of_pages(server)}


def statuses_of_pages(server: Server) -> set[int]:
    return {view(server), *(server.get(path).status for path in ("/panel/login", "/panel/", "/demo/", "/widget.js"))}


def told(server: Server, event: str) -> list[dict[str, Any]]:
    """Returns what the log says of this event; whatever else it says is a line of its own too."""
    lines = [line for line in server.output.read_text().splitlines() if line.startswith("{")]
    assert "Traceback" not in server.output.read_text()
    return [entry for entry in map(json.loads, lines) if entry["event"] == event]


def is_well(server: Server) -> bool:
    return server.get("/health").status == 200


def settles(server: Server) -> None:
    """It is well again by itself, and says so."""
    wait_for(lambda: is_well(server) and told(server, "database.well_again"), WELL_WITHIN)
    assert server.get("/health").json()["database"]["problem"] is None
    assert told(server, "database.well_again")


# SQLite


@pytest.mark.fault("F11")
def test_while_another_program_holds_the_lock_messages_wait_and_keep_their_order(sqlite_server: Server):
    ann = sqlite_server.visitor()
    ann.says("Hello")
    file = sqlite_server.database_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for text in MESSAGES:
            ann.say(text)
        assert statuses_of_pages(sqlite_server) <= {200, 401}
        assert sqlite_server.get("/health").status in (200, 503)  # Until it has waited for long, all seems well.
        ann.until(lambda: refused(ann))
        health = sqlite_server.get("/health")
        assert (health.status, "locked" in health.json()["database"]["problem"]) == (503, True)
        assert file not in health.body.decode()
    until_stored(ann)
    assert sent_by(ann) == MESSAGES
    settles(sqlite_server)
    assert len(told(sqlite_server, "database.trouble")) == 1


@pytest.mark.fault("F11")
def test_writers_of_one_server_wait_for_one_another_and_hold_nothing_up(sqlite_server: Server):
    place = {"data": None, "database": sqlite_server.database_url}
    add_agent(
        sqlite_server.site,
        "anna@shop.example",
        name="Anna",
        departments=(),
        role="agent",
        ask=lambda: PASSWORD,
        **place,
    )
    anna = AgentLine(sqlite_server, "anna@shop.example", PASSWORD)
    headers = {"X_CSRFToken": anna.csrf, "Origin": sqlite_server.address}

    def speak(visitor: VisitorLine) -> None:
        for text in MESSAGES:
            visitor.says(text)
        visitor.hears(MESSAGES[-1])

    visitors = [sqlite_server.visitor() for _ in range(8)]
    speaking = [threading.Thread(target=speak, args=[visitor]) for visitor in visitors]
    for each in speaking:
        each.start()
    tickets = [200]  # A ticket is written beside the journal.
    while any(each.is_alive() for each in speaking):
        tickets.append(anna.ask("POST", "/panel/ticket", b"", **headers).status)
    assert set(tickets) == {200}
    assert all(sent_by(visitor) == MESSAGES for visitor in visitors)
    assert told(sqlite_server, "database.trouble") == []


@contextmanager
def no_more_room(server: Server, folder: Path) -> Iterator[Callable[[], None]]:
    """Fills the disk of the folder to the last byte; yields what makes room again."""
    yield full(folder).unlink


@contextmanager
def no_longer_files(server: Server, folder: Path) -> Iterator[Callable[[], None]]:
    """Lets the server write no file beyond what its log needs."""
    found = subprocess.run(["pgrep", "-g", str(server.process.pid)], capture_output=True, text=True, check=True)  # type: ignore[union-attr]
    everybody = [int(pid) for pid in found.stdout.split()]

    def limit(size: int) -> None:
        for pid in everybody:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    limit(16_000)
    yield lambda: limit(resource.RLIM_INFINITY)


@pytest.mark.fault("F12")
def test_a_full_disk_acknowledges_nothing_and_goes_on_when_there_is_room(site: Path, small_disk: Path):
    for server in running(Server(site, f"sqlite:///{small_disk}/parlour.db")):
        goes_on_when_there_is_room(server, small_disk, no_more_room, "no room left on its disk")


@pytest.mark.fault("F12")
def test_with_a_full_data_folder_actions_still_change_and_it_can_be_started_again(tmp_path: Path, small_disk: Path):
    server = Server(
        open_shop(tmp_path), databases.sqlite_at(tmp_path / "parlour.db"), options=("--data", str(small_disk))
    )

    def status() -> Status:
        return read_status(small_disk / f"actions-{server.port}.json")

    for _ in running(server):
        filler = full(small_disk)
        with (server.site / "actions" / "orders.py").open("a") as file:
            file.write("# changed\n")
        wait_for(lambda: told(server, "actions.untold"), WELL_WITHIN)
        assert is_well(server)
        server.stop()
        server.start()
        assert is_well(server)
        assert len(told(server, "actions.untold")) == 1 and not list(small_disk.glob("*.new"))
        filler.unlink()
        wait_for(lambda: status().state == "running", WELL_WITHIN)
        assert "look_up_order" in status().actions


@pytest.mark.fault("F12")
def test_a_disk_that_takes_nothing_is_said_and_gone_on_with(sqlite_server: Server, tmp_path: Path):
    goes_on_when_there_is_room(sqlite_server, tmp_path, no_longer_files, "cannot use its disk")


def goes_on_when_there_is_room(server: Server, folder: Path, filled: Any, words: str) -> None:
    ann = server.visitor()
    ann.says("Hello")
    with filled(server, folder) as make_room:
        written = [ann.say(text) for text in MESSAGES]
        ann.until(lambda: sum(frame["op"] == "refused" for frame in ann.frames) == len(MESSAGES))
        assert not ann.acked.keys() & set(written)
        health = server.get("/health")
        assert (health.status, words in health.json()["database"]["problem"]) == (503, True)
        assert statuses(server) <= {200, 401, 503}
        assert len(told(server, "database.trouble")) == 1
        make_room()
    until_stored(ann)
    assert sent_by(ann) == MESSAGES
    settles(server)


@pytest.mark.fault("F13")
def test_a_damaged_database_is_not_served_and_not_changed(sqlite_server: Server, tmp_path: Path):
    ann = sqlite_server.visitor()
    ann.says("Hello")
    sqlite_server.stop()
    file = Path(sqlite_server.database_url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(file)) as connection:
        pages = connection.execute("SELECT rootpage FROM sqlite_master WHERE tbl_name = 'event'").fetchall()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with file.open("r+b") as opened:
        for (page,) in pages:
            opened.seek((page - 1) * size)
            opened.write(b"\xff" * 16)
    before = file.read_bytes()
    status, said = prepared().run(
        *("serve", str(sqlite_server.site), "--port", "0", "--database", sqlite_server.database_url)
    )
    assert status == 1
    assert said.startswith(f"parlour: The database {file} is damaged (") and said.count("\n") == 1
    assert file.read_bytes() == before


# PostgreSQL


@pytest.fixture(scope="module")
def own_cluster(postgresql: None) -> Iterator[str]:
    """A cluster of their own, because it is restarted."""
    with postgres.cluster() as address:
        yield address


@pytest.fixture
def on_postgresql(site: Path, own_cluster: str) -> Iterator[Server]:
    yield from running(Server(site, databases.in_cluster(own_cluster)))


@pytest.mark.fault("F16")
@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_postgresql_is_restarted_in_the_middle_and_nothing_is_lost(
    on_postgresql: Server, own_cluster: str, how: str, seed: int
):
    dice = Random(seed)
    ann = on_postgresql.visitor()
    ann.says("Hello")
    restart = threading.Thread(target=postgres.restart, args=[own_cluster], kwargs={"how": how})
    first = dice.randrange(len(MESSAGES))
    seen: set[int] = set()
    for number, text in enumerate(MESSAGES):
        if number == first:
            restart.start()
            time.sleep(dice.uniform(0, 0.3))
        ann.say(text)
        ann.take(timeout=0.05)
        seen |= statuses(on_postgresql)
    restart.join()
    assert seen <= {200, 401, 503}
    until_stored(ann)
    assert sent_by(ann) == MESSAGES
    wait_for(lambda: is_well(on_postgresql), WELL_WITHIN)
    assert is_well(on_postgresql)
    assert len(told(on_postgresql, "database.trouble")) <= 1


@pytest.mark.fault("F18")
def test_when_every_connection_is_held_up_others_are_refused_and_it_recovers(on_postgresql: Server, seed: int):
    dice = Random(seed)
    held_up, free = sorted(dice.choices(range(len(MESSAGES) + 1), k=2))
    ann = on_postgresql.visitor()
    ann.says("Hello")
    for text in MESSAGES[:held_up]:
        ann.say(text)
    engine = create_engine(on_postgresql.database_url, isolation_level="AUTOCOMMIT")
    answers: list[int] = []
    visitors = [threading.Thread(target=lambda: answers.append(view(on_postgresql))) for _ in range(30)]
    with engine.connect() as other, engine.connect() as operator:
        other.exec_driver_sql("BEGIN; LOCK TABLE visit IN ACCESS EXCLUSIVE MODE")
        for visitor in visitors:
            visitor.start()
        for text in MESSAGES[held_up:free]:
            ann.say(text)
        wait_for(lambda: 503 in answers, 20)
        time.sleep(dice.uniform(0, 0.5))
        health = on_postgresql.get("/health")
        assert (health.status, "no connection free" in health.json()["database"]["problem"]) == (503, True)
        held = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        assert operator.exec_driver_sql(f"SELECT count(pg_terminate_backend(pid)) {held}").scalar()
        for visitor in visitors:
            visitor.join()
        other.exec_driver_sql("ROLLBACK")
    engine.dispose()
    assert set(answers) == {503}
    for text in MESSAGES[free:]:
        ann.say(text)
    until_stored(ann)
    assert sent_by(ann) == MESSAGES
    settles(on_postgresql)
    assert view(on_postgresql) == 200


@pytest.mark.fault("F18")
def test_whoever_ends_our_connections_is_not_noticed_between_messages_and_loses_none(on_postgresql: Server, seed: int):
    dice = Random(seed)
    between, half, amid = dice.randrange(4), 4, dice.randrange(4, len(MESSAGES))
    ann = on_postgresql.visitor()
    ann.says("Hello")
    engine = create_engine(on_postgresql.database_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as operator:

        def ends() -> None:
            ours = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            assert operator.exec_driver_sql(f"SELECT count(pg_terminate_backend(pid)) {ours}").scalar()

        for number, text in enumerate(MESSAGES[:half]):
            if number == between:
                ends()
            ann.says(text)
        assert not refused(ann)
        assert statuses(on_postgresql) - {503} <= {200, 401}  # `/health` tells of it for some seconds.
        for number, text in enumerate(MESSAGES[half:], start=half):
            ann.say(text)
            if number == amid:
                time.sleep(dice.uniform(0, 0.03))
                ends()
    engine.dispose()
    until_stored(ann)
    assert sent_by(ann) == MESSAGES
    assert statuses(on_postgresql) - {503} <= {200, 401}
    settles(on_postgresql)
