"""Which record this is: an id that a restore from backup or an erasure replaces, and everybody then loads anew."""

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from bot.change import table_of
from bot.database import Database
from bot.ids import new_id
from bot.models import Setting

NAME = "epoch"

_settings = table_of(Setting)


def renew_epoch(connection: Connection) -> None:
    """Makes this another record in the transaction of the connection; servers notice within two seconds."""
    renewed = update(_settings).where(_settings.c.name == NAME).values(value=new_id())
    if not connection.execute(renewed).rowcount:
        _insert(connection)


class Epoch:
    """The id of the record as this process last saw it; a record without one is given one."""

    def __init__(self, database: Database):
        self._database = database
        self.current = self._find() or self._make()

    def has_changed(self) -> bool:
        """Looks again, and says whether this is another record than at the last look."""
        before, self.current = self.current, self._find() or self._make()
        return self.current != before

    def _find(self) -> str | None:
        with self._database.reading() as connection:
            return connection.scalar(select(_settings.c.value).where(_settings.c.name == NAME))

    def _make(self) -> str:
        try:
            with self._database.writing() as connection:
                _insert(connection)
        except IntegrityError:
            pass  # Another process was first.
        return self._find() or self._make()


def _insert(connection: Connection) -> None:
    connection.execute(insert(_settings).values(name=NAME, value=new_id()))
