"""The product without its sockets: so many visitors at once say something, are answered, and say the next thing.

Prints one JSON line: what a turn cost, and how many shared a commit. `alone` commits each turn by itself.
"""

from gevent import monkey

monkey.patch_all()

import json  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from collections.abc import Sequence  # noqa: E402
from pathlib import Path  # noqa: E402
from threading import Lock  # noqa: E402
from typing import Any  # noqa: E402

import gevent  # noqa: E402
from sqlalchemy import text  # noqa: E402

import web.app  # noqa: E402
from bot.change import Change  # noqa: E402
from bot.database import Database  # noqa: E402
from bot.greeting import Whereabouts  # noqa: E402
from bot.ids import new_id  # noqa: E402
from bot.journal import Journal  # noqa: E402
from handoff.desk import Desk, Said  # noqa: E402
from web.app import create_app  # noqa: E402
from web.parts import Options  # noqa: E402
from web.workshop import gevent_workshop  # noqa: E402

WARM_UP = 1.0


class Counting(Journal):
    """Counts what it commits."""

    commits = 0
    turns = 0

    def _write(self, changes: Sequence[Change]) -> Sequence[Exception | None]:
        Counting.commits += 1
        Counting.turns += len(changes)
        return super()._write(changes)


class Alone(Counting):
    """Commits each change by itself, one after the other."""

    def __init__(self, database: Database, **how: Any):
        super().__init__(database)
        self._beside = how["run_blocking"]
        self._one = Lock()

    def commit(self, change: Change) -> None:
        """Returns once the change is durable."""
        with self._one:
            (outcome,) = self._beside(self._write, [change])
        if outcome is not None:
            raise outcome


def main(folder: Path, address: str, how: str, at_once: int, seconds: float) -> None:
    """Measures and prints."""
    web.app.Journal = Alone if how == "alone" else Counting  # type: ignore[misc]
    database = Database(address)
    database.migrate()
    workshop = gevent_workshop(writes_block=database.is_sqlite)
    desk: Desk = create_app(Options(folder, folder, address), workshop=workshop).extensions["parlour"].desk
    for _ in range(at_once):
        gevent.spawn(_talk, desk, new_id())
    gevent.sleep(WARM_UP)
    before = _now(database)
    gevent.sleep(seconds)
    after = _now(database)
    lasted, spent, turns, commits, syncs = (late - early for early, late in zip(before, after, strict=True))
    result = {
        "per_second": round(turns / lasted),
        "cpu_us": round(spent / turns * 1e6, 1),
        "turns_a_commit": round(turns / commits, 1),
        "syncs_a_turn": round(syncs / turns, 3),
    }
    print(json.dumps(result), flush=True)


def _talk(desk: Desk, visitor: str) -> None:
    where = Whereabouts("en", facts={"page": "/", "page.path": "/", "device": "desktop", "visits": 1})
    while True:
        desk.receive(visitor, Said("blue"), client_id=new_id(), whereabouts=where)


def _now(database: Database) -> tuple[float, float, int, int, int]:
    return time.perf_counter(), time.process_time(), Counting.turns, Counting.commits, _syncs(database)


def _syncs(database: Database) -> int:
    """Returns how often the log was brought to the disk: SQLite does it with each commit, PostgreSQL says it."""
    if database.is_sqlite:
        return Counting.commits
    with database.reading() as connection:
        connection.execute(text("SELECT pg_stat_clear_snapshot()"))
        return int(connection.scalar(text("SELECT wal_sync FROM pg_stat_wal")) or 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), float(sys.argv[5]))
