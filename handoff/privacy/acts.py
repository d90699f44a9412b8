"""What was done with records and accounts of people and by whom (S53); and holds, by which a record must stay."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, exists, insert, select, update

from bot.change import table_of
from bot.database import Database
from bot.ids import NewId
from handoff.models import Hold, PrivacyAct
from handoff.privacy.people import OF_VISITORS, Person, slices

_acts = table_of(PrivacyAct)
_holds = table_of(Hold)


class Acts:
    """Notes what is done with records."""

    def __init__(self, database: Database, *, now: Callable[[], datetime], new_id: NewId):
        self._database = database
        self._now = now
        self._new_id = new_id

    def note(
        self, connection: Connection, kind: str, *, by: str, visitor_id: str | None, counts: Mapping[str, Any]
    ) -> str:
        """Writes down that something was done, in the transaction that does it, and returns the act's id."""
        id_ = self._new_id()
        row = {"id": id_, "at": self._now(), "kind": kind, "by": by, "visitor_id": visitor_id, "counts": dict(counts)}
        connection.execute(insert(_acts).values(row))
        return id_

    def exported(self, person: Person, *, by: str, counts: Mapping[str, int]) -> None:
        """Writes down that a record was handed out."""
        with self._database.writing() as connection:
            self.note(connection, "exported", by=by, visitor_id=person.id, counts=counts)

    def changed_account(self, kind: str, agent_id: str, *, by: str, **to: Any) -> None:
        """Writes down what was done with the account of an agent; `to` is what it is now."""
        with self._database.writing() as connection:
            self.note(connection, kind, by=by, visitor_id=None, counts={"agent": agent_id, **to})

    def hold(self, person: Person, *, because: str, by: str) -> None:
        """Keeps a record from being erased or growing too old. Held already, it keeps the reasons of before too."""
        with self._database.writing() as connection:
            mine = select(_holds.c.because, _holds.c.since).where(_holds.c.visitor_id.in_(person.visitors))
            before = connection.execute(mine.order_by(_holds.c.since)).all()
            since = min((row.since for row in before), default=self._now())
            reasons = [row.because for row in before]
            because = "; ".join(dict.fromkeys([*reasons, because]))
            connection.execute(delete(_holds).where(_holds.c.visitor_id.in_(person.visitors)))
            for visitor in person.visitors:
                row = {"visitor_id": visitor, "because": because, "since": since, "by": by}
                connection.execute(insert(_holds).values(row))
            self.note(connection, "held", by=by, visitor_id=person.id, counts={})

    def release(self, person: Person, *, by: str) -> None:
        """Ends the hold."""
        with self._database.writing() as connection:
            connection.execute(delete(_holds).where(_holds.c.visitor_id.in_(person.visitors)))
            self.note(connection, "released", by=by, visitor_id=person.id, counts={})


def say_whose_no_more(connection: Connection, visitors: Iterable[str]) -> None:
    """Takes out of all acts on the records of these visitors whose records they were."""
    for some in slices(visitors):
        connection.execute(update(_acts).where(_acts.c.visitor_id.in_(some)).values(visitor_id=None))


def named_without_record(connection: Connection) -> list[str]:
    """Returns the visitors whom acts name and of whom nothing is there any more."""
    gone = (~exists().where(visitor == _acts.c.visitor_id) for visitor in OF_VISITORS)
    return list(connection.scalars(select(_acts.c.visitor_id).where(_acts.c.visitor_id.is_not(None), *gone).distinct()))
