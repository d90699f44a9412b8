"""Inserts and updates of one table, compiled once for a database, whose rows are bound here.

SQLAlchemy says what is executed and how each type is written. It binds row by row with all it knows, which takes longer
than the database needs for the row; the journal writes the same few statements over and over.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache, lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect, bindparam, insert, update
from sqlalchemy.sql.dml import Insert, Update
from sqlalchemy.types import TypeEngine

from bot.change import revision_of, table_of
from bot.models import Base

KEY, EXPECTED = "key_", "expected_"
"""What an update finds its row by: the id, and the revision it must have."""

Rows = Iterable[Mapping[str, Any]]
Convert = Callable[[Any], Any]


class Statement:
    """One statement of one dialect."""

    def __init__(self, statement: Insert | Update, dialect: Dialect, names: tuple[str, ...]):
        compiled = statement.compile(dialect=dialect, column_keys=list(names))
        self._sql = str(compiled)
        self._order = tuple(compiled.positiontup or compiled.binds)
        if missing := set(self._order) - {*names, KEY, EXPECTED}:
            raise TypeError(f"rows of '{statement.table}' must say {', '.join(sorted(missing))}")
        self._pick: Callable[[Mapping[str, Any]], tuple[Any, ...]] = itemgetter(*self._order)
        self._positional = compiled.positional
        types = {name: bind.type for name, bind in compiled.binds.items()}
        self._converts = tuple(
            (place, convert)
            for place, name in enumerate(self._order)
            if (convert := _convert(types[name], dialect)) is not None
        )

    def run(self, connection: Connection, rows: Rows) -> int:
        """Executes it for each row, which has a value for every name; returns how many rows were touched."""
        bound = [self._bind(row) for row in rows]
        return int(connection.exec_driver_sql(self._sql, bound).rowcount)

    def _bind(self, row: Mapping[str, Any]) -> Any:
        values = list(self._pick(row))
        for place, convert in self._converts:
            values[place] = convert(values[place])
        return tuple(values) if self._positional else dict(zip(self._order, values, strict=True))


@cache
def inserting(model: type[Base], names: tuple[str, ...], dialect: Dialect) -> Statement:
    """Returns the insert of rows that give these columns."""
    return Statement(insert(table_of(model)), dialect, names)


@cache
def updating(model: type[Base], names: tuple[str, ...], dialect: Dialect) -> Statement:
    """Returns the update of these columns where id is `KEY` and the revision is `EXPECTED`."""
    table = table_of(model)
    values: dict[str, Any] = {name: bindparam(name) for name in names if name != "id"}
    same = table.c.id == bindparam(KEY, type_=table.c.id.type)
    revision = table.c[revision_of(model)]
    statement = update(table).where(same, revision == bindparam(EXPECTED, type_=revision.type)).values(values)
    return Statement(statement, dialect, names)


def _convert(type_: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    convert: Convert | None = type_.dialect_impl(dialect).bind_processor(dialect)
    if convert is not None and type_.python_type is datetime:
        return lru_cache(maxsize=1024)(convert)  # All of a turn happens at one moment.
    return convert
