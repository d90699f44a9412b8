"""Which record this is: the same for everybody, until it is replaced."""

from collections.abc import Callable

from bot.database import Database
from bot.epoch import Epoch, renew_epoch


def test_a_record_keeps_its_epoch_until_it_is_renewed(open_database: Callable[[], Database]):
    here, elsewhere = Epoch(open_database()), Epoch(open_database())
    assert here.current == elsewhere.current
    assert elsewhere.another() is None
    database, before = open_database(), here.current
    with database.writing() as connection:
        renew_epoch(connection)
    another = here.another()
    assert another == elsewhere.another() not in (None, before)
    assert here.current == before, "until all that was remembered of it is forgotten"
    here.current = str(another)
    assert here.another() is None


def test_an_epoch_that_is_rolled_back_is_none(database: Database):
    epoch = Epoch(database)
    with database.engine.connect() as connection:
        renew_epoch(connection)
        connection.rollback()
    assert epoch.another() is None
