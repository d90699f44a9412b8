"""The disk of PostgreSQL is full while everybody writes: nothing is acknowledged that is not stored, and it goes on."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError

from tests import databases, postgres
from tests.disk import full
from tests.faults.history import History
from tests.faults.kills import HEALS_WITHIN, heal, let_jobs_end, messages, note_effects, people, read, wait_for_life
from tests.faults.oracle import judge
from tests.faults.places import POSTGRES, TWO_WORKERS, Layout, Outcome, lighthouse, tell
from tests.receiver import Receiver
from tests.server import Server, wait_for
from tests.web.road.test_database_in_trouble import told

pytestmark = pytest.mark.fault("F12")

Happening = Callable[[Server, Callable[[], None]], None]
"""What happens on a full disk, to a server, until it calls what makes room."""
MEGABYTES = 128
"""What a new cluster with one database needs, and half as much."""
NO_ROOM = "has no room left on its disk. Make room; nothing that was acknowledged is lost."
NOT_THERE = "Is it running, and are host and port in the address right?"


@pytest.fixture
def layout(seed: int) -> Layout:
    return (POSTGRES, TWO_WORKERS)[seed % 2]


@pytest.fixture
def cluster(postgresql: None) -> Iterator[str]:
    """A cluster of its own, whose data are on a small disk."""
    with postgres.cluster(megabytes=MEGABYTES) as address:
        yield address


def test_tables_that_find_no_room_take_nothing_and_go_on_when_there_is_some(
    layout: Layout, seed: int, tmp_path: Path, cluster: str, record_property: Any
):
    def happens(server: Server, make_room: Callable[[], None]) -> None:
        wait_for(lambda: problems(server), HEALS_WITHIN)
        make_room()
        said = problems(server)
        assert 1 <= len(said) <= (2 if layout is TWO_WORKERS else 1), "each worker says it once"
        assert all(problem.endswith(NO_ROOM) for problem in said)

    came = filled(happens, layout, tmp_path, cluster, seed=seed)
    record_property("counts", came.counts)
    assert came.violations == []


def test_a_postgresql_that_gave_up_for_want_of_room_is_started_again_and_parlour_is_not(
    layout: Layout, seed: int, tmp_path: Path, cluster: str, record_property: Any
):
    def happens(server: Server, make_room: Callable[[], None]) -> None:
        write_until_it_gives_up(server.database_url)
        runs = postgres.folder_of(cluster) / "data" / "postmaster.pid"
        wait_for(lambda: not runs.exists(), HEALS_WITHIN)
        assert not runs.exists(), "it cannot recover without room"
        wait_for(lambda: problems(server), HEALS_WITHIN)
        assert all(problem.endswith((NO_ROOM, NOT_THERE)) for problem in problems(server))
        make_room()
        postgres.restart(cluster, how="fast")

    came = filled(happens, layout, tmp_path, cluster, seed=seed)
    record_property("counts", came.counts)
    assert came.violations == []


def filled(happens: Happening, layout: Layout, folder: Path, cluster: str, *, seed: int) -> Outcome:
    """Fills the disk while everybody writes, and judges what was written then and later."""
    dice, history, receiver = Random(seed), History(), Receiver().start()
    try:
        with lighthouse(layout, folder, databases.empty_in_cluster(cluster)) as server:
            tell(server, receiver, "message")
            clients = people(server, dice, history)
            wait_for_life(history)
            time.sleep(dice.random())
            happens(server, full(postgres.folder_of(cluster) / "data").unlink)
            wait_for_life(history)
            heal(server, clients)
            let_jobs_end(server)
            record = read(server)
            wait_for(lambda: is_well_again(server), HEALS_WITHIN)
            assert is_well_again(server)
    finally:
        receiver.stop()
    note_effects(history, receiver)
    counts = {"messages": messages(record), "broken lines": sum(client.breaks for client in clients)}
    return Outcome(judge(history, record, effects=True), counts)


def problems(server: Server) -> list[str]:
    """Returns what the log told the operator."""
    return [entry["problem"] for entry in told(server, "database.trouble")]


def is_well_again(server: Server) -> bool:
    """Says whether everybody is, whichever worker answers."""
    return bool(told(server, "database.well_again")) and {server.get("/health").status for _ in range(10)} == {200}


def write_until_it_gives_up(address: str) -> None:
    """Writes to PostgreSQL's log of changes, as another program would, until PostgreSQL finds no room for that."""
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with pytest.raises(DBAPIError), engine.connect() as other:
        while True:
            other.exec_driver_sql("SELECT pg_logical_emit_message(false, 'other', repeat('x', 1000000))")
    engine.dispose()
