"""Nothing grows with history: what is asked all day looks at as much with many conversations stored as with a few.

What is looked at is counted by the databases themselves: SQLite's steps, PostgreSQL's rows.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, event

from bench.filling import fill
from bench.questions import House
from tests import databases

pytestmark = pytest.mark.xdist_group("history")  # What takes long to make is made by one process.

FEW, MANY = 200, 2_000
AT_MOST = 1.5
BESIDES = 20
"""Rows that PostgreSQL may look at besides: what it skips depends on where a page of an index ends."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def houses(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, House]]:
    """The same house twice, with ten times as much history in the second."""
    cluster = None if request.param == "sqlite" else request.getfixturevalue("cluster")
    built = []
    for stored in (FEW, MANY):
        folder = tmp_path_factory.mktemp("stored")
        address = databases.in_cluster(cluster) if cluster else databases.sqlite_at(folder / "parlour.db")
        fill(folder, address, stored)
        built.append(House(folder, address, stored))
    yield built[0], built[1]
    for house in built:
        house.database.close()


def test_what_is_asked_all_day_looks_at_no_more_when_more_is_stored(houses: tuple[House, House]) -> None:
    few, many = houses
    looked = {name: (steps(few, name), steps(many, name)) for name in few.questions()}
    allowed = BESIDES if few.database.url.get_backend_name() == "postgresql" else 0
    grown = {name: both for name, both in looked.items() if both[1] > AT_MOST * both[0] + allowed}
    assert grown == {}


def steps(house: House, name: str) -> int:
    """Returns how much the database looked at to answer a question."""
    ask = house.questions()[name]
    ask()  # What is looked up once and kept is looked up now.
    return (_sqlite_steps if house.database.is_sqlite else _postgresql_rows)(house.database.engine, ask)


def _sqlite_steps(engine: Engine, ask: Callable[[], object]) -> int:
    taken = 0

    def step() -> None:
        nonlocal taken
        taken += 1

    def watch(raw: Any, *_: Any) -> None:
        raw.set_progress_handler(step, 1)

    event.listen(engine, "checkout", watch)
    try:
        ask()
    finally:
        event.remove(engine, "checkout", watch)
        engine.dispose()
    return taken


def _postgresql_rows(engine: Engine, ask: Callable[[], object]) -> int:
    asked = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    ask()
    event.remove(engine, "before_cursor_execute", note)
    with engine.connect() as connection:
        # Of so few rows all are soon read, in a row or to be hashed; how it would go about a million is what is asked.
        for short_way in ("seqscan", "hashjoin", "mergejoin"):
            connection.exec_driver_sql(f"SET enable_{short_way} = off")
        plans = [
            connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters).scalar_one()
            for statement, parameters in asked
        ]
    return sum(_rows(plan[0]["Plan"]) for plan in plans)


def _rows(node: dict[str, Any]) -> int:
    """Returns how many rows a plan read, whether they served or not."""
    removed = sum(value for name, value in node.items() if name.startswith("Rows Removed by"))
    read = (node["Actual Rows"] + removed) * node["Actual Loops"]
    return int(read) + sum(_rows(each) for each in node.get("Plans", ()))
