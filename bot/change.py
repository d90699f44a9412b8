"""What a verb wants written: guards that must still hold, and rows.

A verb of the desk is a function from a snapshot to a `Change`; only the journal writes it, all of it or nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Table

from bot.models import Base


class Refused(Exception):
    """Somebody else changed a row first, or wrote the same thing: compute the verb again on fresh state."""


class Unavailable(Exception):
    """The database did not say that a change is written (it is locked, full, away): it is not to be acknowledged.

    What breaks off at the commit may be there all the same; whoever sends it again finds it by its client id.
    """


class NotStorable(Unavailable):
    """Not written either, and never will be: the database knows no such value, and to send it again is of no use."""


class Guard(NamedTuple):
    """A row that must still be at the expected revision, and its new values; the revision is among them."""

    model: type[Base]
    key: str
    expected: int
    values: Mapping[str, Any]


class Row(NamedTuple):
    """A row to insert; a clash with one that is there refuses the whole change."""

    model: type[Base]
    values: Mapping[str, Any]


@dataclass(slots=True)
class Change:
    """Everything one verb writes, in one transaction."""

    guards: list[Guard] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    record: int | None = None
    """Which `Journal.record` it was computed from, where that matters."""

    def __bool__(self) -> bool:
        return bool(self.guards or self.rows)


@cache
def table_of(model: type[Base]) -> Table:
    """Returns the model's table."""
    return model.__table__  # type: ignore[return-value]


@cache
def revision_of(model: type[Base]) -> str:
    """Returns the name of the column that grows with each change of a row."""
    marked = [column.name for column in table_of(model).columns if column.info.get("revision")]
    return marked[0] if marked else "revision"
