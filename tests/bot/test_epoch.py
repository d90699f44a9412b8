"""Which record this is: the same for everybody, until it is replaced."""

from collections.abc import Callable

from bot.database import Database
from bot.epoch import Epoch, renew_epoch


def test_a_record_keeps_its_epoch_until_it_is_renewed(open_database: Callable[[], Database]):
    here, elsewhere = Epoch(open_database()), Epoch(open_database())
    assert here.current == elsewhere.current
    assert not elsewhere.has_changed()
    database = open_database()
    with database.writing() as connection:
        renew_epoch(connection)
    assert (here.has_changed(), elsewhere.has_changed()) == (True, True)
    assert here.current == elsewhere.current
    assert not here.has_changed()


def test_an_epoch_that_is_rolled_back_is_none(database: Database):
    epoch = Epoch(database)
    with database.engine.connect() as connection:
        renew_epoch(connection)
        connection.rollback()
    assert not epoch.has_changed()
