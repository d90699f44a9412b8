"""PostgreSQL refuses one of two transactions that cross: the server tries again, and nobody hears of it."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from threading import Barrier, Thread, local
from typing import Any

import pytest
from sqlalchemy import make_url, select
from sqlalchemy.exc import DBAPIError

import bot.journal
from bot.change import Change, Guard, Refused, Row, table_of
from bot.database import Database
from bot.journal import Journal
from bot.models import Base, Contact, Visitor
from bot.statements import AtOnce
from tests.faults.places import POSTGRES, Layout

NOT_SERIALIZABLE, DEADLOCK = "40001", "40P01"
ROUNDS = 10

Order = list[tuple[type[Base], str]]


@pytest.fixture
def failures(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts what the database refused, by its code."""
    seen: Counter[str] = Counter()
    worth_retrying = bot.journal._worth_retrying

    def looked(problem: DBAPIError, **named: Any) -> bool:
        seen[getattr(problem.orig, "sqlstate", "")] += 1
        return worth_retrying(problem, **named)

    monkeypatch.setattr(bot.journal, "_worth_retrying", looked)
    return seen


@pytest.fixture
def meeting(monkeypatch: pytest.MonkeyPatch) -> Iterator[local]:
    """Lets two threads meet in a change, once for each `crossing`, which is the failure that comes of where they do."""
    here, half_way, run = local(), Barrier(2), AtOnce.run

    def met(statement: AtOnce, connection: Any, rows: Any) -> int:
        crossing, here.crossing = getattr(here, "crossing", None), None
        if crossing == NOT_SERIALIZABLE:
            connection.exec_driver_sql("SELECT")  # From its first statement on, a transaction sees no later commit.
            half_way.wait(30)
        done = run(statement, connection, rows)
        if crossing == DEADLOCK:
            half_way.wait(30)  # Each has what the other one wants next.
        return done

    monkeypatch.setattr(AtOnce, "run", met)
    yield here


@pytest.mark.fault("F19")
@pytest.mark.parametrize(("isolation", "failure"), [("serializable", NOT_SERIALIZABLE), ("read committed", DEADLOCK)])
def test_two_changes_that_cross_are_both_written(
    isolation: str,
    failure: str,
    seed: int,
    address: Callable[[Layout], str],
    failures: Counter[str],
    meeting: local,
):
    url = make_url(address(POSTGRES))
    options = f"-c default_transaction_isolation={isolation.replace(' ', chr(92) + ' ')} -c deadlock_timeout=5ms"
    databases = [Database(url.update_query_dict({"options": options})) for _ in range(2)]
    databases[0].migrate()
    visitor, contact = f"visitor-{seed}", f"contact-{seed}"
    begun = datetime.now(UTC)
    rows = [
        Row(Visitor, {"id": visitor, "contact_id": None, "first_seen_at": begun, "rules": [], "revision": 1}),
        Row(Contact, {"id": contact, "created_at": begun, "attributes": {}, "revision": 1}),
    ]
    Journal(databases[0]).commit(Change(rows=rows))
    there: Order = [(Visitor, visitor), (Contact, contact)]
    back = there[::-1] if failure == DEADLOCK else there
    together = Barrier(2)

    wrong: list[BaseException] = []
    crossings = [
        Thread(target=cross, args=(database, order, failure, together, meeting, wrong))
        for database, order in zip(databases, (there, back), strict=True)
    ]
    for crossing in crossings:
        crossing.start()
    for crossing in crossings:
        crossing.join()

    assert wrong == []
    assert revisions(databases[0], there) == [1 + 2 * ROUNDS] * 2
    assert failures[failure] >= ROUNDS
    for database in databases:
        database.close()


def cross(
    database: Database, order: Order, failure: str, together: Barrier, meeting: local, wrong: list[BaseException]
) -> None:
    """Raises both revisions by one, again and again, in an order of its own; computes anew when it was refused."""
    journal = Journal(database)
    try:
        for _ in range(ROUNDS):
            together.wait(30)
            meeting.crossing = failure
            while not raised(journal, database, order):
                pass
    except BaseException as problem:
        wrong.append(problem)


def raised(journal: Journal, database: Database, order: Order) -> bool:
    found = zip(order, revisions(database, order), strict=True)
    guards = [Guard(model, key, revision, {"revision": revision + 1}) for (model, key), revision in found]
    try:
        journal.commit(Change(guards=guards))
    except Refused:
        return False
    return True


def revisions(database: Database, order: Order) -> list[int]:
    with database.reading() as connection:
        columns = [(table_of(model).c, key) for model, key in order]
        return [connection.scalar(select(each.revision).where(each.id == key)) or 0 for each, key in columns]
