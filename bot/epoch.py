"""Which record this is: an id that a restore from backup or an erasure replaces, and everybody then loads anew.

So does a stand-by that takes over: nobody knows whether it has all commits. The record names the timeline of PostgreSQL
that it was written on, and the first who finds it on another one makes it another record.
"""

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from bot.change import table_of
from bot.database import Database
from bot.ids import new_id
from bot.models import Setting

NAME = "epoch"
TIMELINE = "timeline"

_settings = table_of(Setting)


def renew_epoch(connection: Connection) -> None:
    """Makes this another record in the transaction of the connection; servers notice within two seconds."""
    renewed = update(_settings).where(_settings.c.name == NAME).values(value=new_id())
    if not connection.execute(renewed).rowcount:
        _insert(connection, NAME, new_id())


class Epoch:
    """The id of the record as this process last saw it; a record without one is given one."""

    def __init__(self, database: Database):
        self._database = database
        self._follow()
        self.current = self._find() or self._make()

    def another(self) -> str | None:
        """Looks again, and returns which record this is if it is another one than `current`, which stays as it is:
        whoever remembers something of it forgets that first.

        Returns it as well as long as another server has taken over and the database was not told to `begin_anew` there.
        """
        if self._database.timeline.successor is not None:
            return self._where_another_took_over()
        found = self._find() or self._make()
        return found if found != self.current else None

    def _where_another_took_over(self) -> str:
        there = Database(self._database.url)
        try:
            return Epoch(there).current
        finally:
            there.close()

    def _follow(self) -> None:
        """Renews the epoch of a record that was last written on another timeline, or does not say on which."""
        known, timeline = self._find(TIMELINE), self._database.timeline.current
        while timeline is not None and known != str(timeline):
            try:
                with self._database.writing() as connection:
                    _move(connection, str(timeline))
                    renew_epoch(connection)
            except IntegrityError:
                pass  # Another process was first.
            known = self._find(TIMELINE)

    def _find(self, name: str = NAME) -> str | None:
        with self._database.reading() as connection:
            return connection.scalar(select(_settings.c.value).where(_settings.c.name == name))

    def _make(self) -> str:
        try:
            with self._database.writing() as connection:
                _insert(connection, NAME, new_id())
        except IntegrityError:
            pass  # Another process was first.
        return self._find() or self._make()


def _move(connection: Connection, timeline: str) -> None:
    moved = update(_settings).where(_settings.c.name == TIMELINE, _settings.c.value != timeline).values(value=timeline)
    if not connection.execute(moved).rowcount:
        _insert(connection, TIMELINE, timeline)


def _insert(connection: Connection, name: str, value: str) -> None:
    connection.execute(insert(_settings).values(name=name, value=value))
