"""A stand-by that takes over: nobody writes there who remembers the time before, and nobody goes back."""

from collections.abc import Iterator

import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from bot.address import parsed
from bot.database import CannotOpen, Database
from bot.epoch import Epoch
from bot.trouble import sentence
from tests.databases import empty_in_cluster
from tests.standby import Pair, pair

pytestmark = pytest.mark.fault("F17")


@pytest.fixture
def both(postgresql: None) -> Iterator[Pair]:
    with pair() as both:
        both.follow()
        yield both


def refusal(database: Database) -> str:
    """Returns what is said to who wants a connection, which is told as trouble as well."""
    heard: list[DBAPIError] = []
    database.on_trouble = heard.append
    with pytest.raises(OperationalError) as refused, database.reading():
        pass
    assert heard == [refused.value]
    return sentence(refused.value)


def test_where_another_server_took_over_nobody_works_before_all_is_forgotten(both: Pair):
    address = both.new_database("shop")
    here, late = Database(address), Database(address)
    here.migrate()
    record, of_late = Epoch(here), Epoch(late)
    before = record.current
    assert record.another() is None
    both.catch_up()
    stand_by = parsed(address).update_query_dict({"host": "127.0.0.1", "port": str(both.second.port)})
    with pytest.raises(CannotOpen, match="is a stand-by, which takes no writes"):
        Database(stand_by.difference_update_query(["target_session_attrs"])).migrate()

    both.first.kill()
    both.take_over()
    here.engine.dispose()  # Else the first attempt finds out that the old ones are broken.
    assert "a server that took over" in refusal(here)
    another = record.another()
    assert another not in (None, before)
    assert "a server that took over" in refusal(here)
    record.current = str(another)
    here.begin_anew()
    assert record.another() is None
    late.engine.dispose()
    assert "a server that took over" in refusal(late)
    assert of_late.another() == another

    both.first.start()
    here.engine.dispose()
    assert "from which another took over" in refusal(here)
    for each in (here, late):
        each.close()


def test_a_server_that_does_not_tell_its_timeline_is_written_on_all_the_same(cluster: str):
    address = make_url(empty_in_cluster(cluster))
    owner = Database(address)
    owner.migrate()
    with owner.writing() as connection:
        connection.exec_driver_sql("CREATE ROLE tenant LOGIN")
        connection.exec_driver_sql("REVOKE EXECUTE ON FUNCTION pg_current_wal_lsn() FROM PUBLIC")
        connection.exec_driver_sql("GRANT ALL ON ALL TABLES IN SCHEMA public TO tenant")
    tenant = Database(address.set(username="tenant"))
    assert Epoch(owner).current == Epoch(tenant).current
    assert (tenant.timeline.current, owner.timeline.current) == (None, 1)
    for each in (owner, tenant):
        each.close()
