"""Connections to the database: shared by threads and by the greenlets of a server, and by who comes first."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoneCameBack

from bot.pool import SharedPool
from tests.server import wait_for

KEPT, MOST = 2, 3


@pytest.fixture
def engine_with(tmp_path: Path) -> Iterator[Callable[..., Engine]]:
    made: list[Engine] = []

    def make(*, timeout: float = 60) -> Engine:
        address = f"sqlite:///{tmp_path}/pool.db"
        made.append(create_engine(address, poolclass=SharedPool, kept=KEPT, most=MOST, pool_timeout=timeout))
        return made[-1]

    yield make
    for engine in made:
        engine.dispose()


def waiting(engine: Engine) -> int:
    pool: Any = engine.pool
    return len(pool._waiting)


class Comer(Thread):
    """Somebody who wants a connection."""

    def __init__(self, engine: Engine):
        super().__init__(daemon=True)
        self.engine = engine
        self.got: Connection | None = None
        self.problem: Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            self.got = self.engine.connect()
        except Exception as problem:
            self.problem = problem

    def gets(self) -> Connection:
        self.join(30)
        assert self.got is not None
        return self.got


class Waiter(Comer):
    """Somebody who has to wait for one."""

    def __init__(self, engine: Engine):
        before = waiting(engine)
        super().__init__(engine)
        wait_for(lambda: waiting(engine) > before, 30)


def all_of(engine: Engine) -> list[Connection]:
    return [engine.connect() for _ in range(MOST)]


def test_who_waits_longest_gets_what_comes_back(engine_with: Callable[..., Engine]):
    engine = engine_with()
    one, *others = all_of(engine)
    first, second = Waiter(engine), Waiter(engine)
    one.close()
    again = first.gets()
    assert second.got is None
    again.close()
    for each in (second.gets(), *others):
        each.close()
    assert engine.pool.status() == f"{KEPT} connections are free, room for {MOST - KEPT} more"


def test_where_none_comes_back_in_time_that_is_said(engine_with: Callable[..., Engine]):
    engine = engine_with(timeout=0.05)
    one, *others = all_of(engine)
    with pytest.raises(NoneCameBack, match="no connection came free in time"):
        engine.connect()
    one.close()
    with engine.connect():  # And who gave up is given nothing any more.
        assert waiting(engine) == 0
    for each in others:
        each.close()


def test_where_none_can_be_opened_while_others_wait_nothing_is_lost(engine_with: Callable[..., Engine]):
    engine = engine_with()
    all_are_here, is_starting_up = Event(), [True]

    def connect(*_: object) -> None:
        assert all_are_here.wait(30)
        if is_starting_up:
            raise OperationalError("", {}, Exception("the database system is starting up"))

    event.listen(engine, "do_connect", connect)
    first = Comer(engine)
    wait_for(lambda: engine.pool.status() == "0 connections are free, room for 0 more", 30)
    others = [Waiter(engine) for _ in range(2 * MOST)]
    all_are_here.set()
    for each in (first, *others):
        each.join(30)
        assert isinstance(each.problem, OperationalError)
    is_starting_up.clear()
    for connection in all_of(engine):
        connection.close()
    assert engine.pool.status() == f"{KEPT} connections are free, room for {MOST - KEPT} more"


def test_who_is_broken_off_while_they_wait_takes_nothing_along(
    engine_with: Callable[..., Engine], monkeypatch: pytest.MonkeyPatch
):
    engine = engine_with()
    one, *others = all_of(engine)

    class Interrupted:
        """A lock that is waited for in vain."""

        def __init__(self) -> None:
            self.is_held = False

        def acquire(self, **_: object) -> None:
            if self.is_held:
                raise KeyboardInterrupt
            self.is_held = True

        def release(self) -> None:
            self.is_held = False

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr("bot.pool.Lock", Interrupted)
        with pytest.raises(KeyboardInterrupt):
            engine.connect()
    one.close()
    for each in (engine.connect(), *others):
        each.close()
    assert waiting(engine) == 0


def test_a_connection_that_broke_makes_room(engine_with: Callable[..., Engine]):
    engine = engine_with()
    one, *others = all_of(engine)
    waiter = Waiter(engine)
    one.invalidate()
    one.close()
    assert waiter.gets().exec_driver_sql("SELECT 1").scalar() == 1
    for each in (waiter.gets(), *others):
        each.close()


CROWD = """
import gevent.monkey

gevent.monkey.patch_all()

import sys
import time

import gevent
from gevent.threadpool import ThreadPool

from bot.database import Database

sys.setswitchinterval(1e-6)
database = Database(sys.argv[1])
threads = ThreadPool(4)


def beside():
    time.sleep(0)  # Who has slept there has a loop of their own, and then nothing to do in it.
    with database.reading() as connection:
        connection.exec_driver_sql("SELECT 1")


def here():
    with database.reading() as connection:
        gevent.sleep(0)
        connection.exec_driver_sql("SELECT 1")


for _ in range(int(sys.argv[2])):
    with gevent.Timeout(20):
        crowd = [gevent.spawn(threads.apply, beside) for _ in range(4)] + [gevent.spawn(here) for _ in range(20)]
        gevent.joinall(crowd, raise_error=True)
print("everybody had their turn")
"""


def test_in_a_server_nobody_waits_for_good_for_what_a_thread_let_go(database_url: str):
    rounds = "100" if database_url.startswith("sqlite") else "20"  # There each round opens connections anew.
    words = [sys.executable, "-c", CROWD, database_url, rounds]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300)
    assert (done.stdout, done.stderr) == ("everybody had their turn\n", "")
