"""Inserts and updates of one table, compiled once for a database, whose rows are bound here.

SQLAlchemy says what is executed and how each type is written. It binds row by row with all it knows, which takes longer
than the database needs for the row; the journal writes the same few statements over and over.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache, lru_cache
from operator import itemgetter
from typing import Any, Protocol

from sqlalchemy import JSON, Connection, Dialect, Text, bindparam, cast, column, func, insert, update
from sqlalchemy.sql.dml import Insert, Update
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import TypeEngine

from bot.change import revision_of, table_of
from bot.events import written
from bot.models import Base, Instant
from rules.compact import compact_json

KEY, EXPECTED = "key_", "expected_"
"""What an update finds its row by: the id, and the revision it must have."""
_ROWS = "rows_"

Rows = Sequence[Mapping[str, Any]]
Types = Mapping[str, TypeEngine[Any]]
Convert = Callable[[Any], Any]


class Statement(Protocol):
    """One statement of one dialect."""

    def run(self, connection: Connection, rows: Rows) -> int:
        """Executes it for the rows, which have a value for every name; returns how many rows were touched."""


class ForEach:
    """A statement that is executed for one row after the other."""

    def __init__(self, statement: Insert | Update, dialect: Dialect, types: Types):
        compiled = statement.compile(dialect=dialect, column_keys=list(types))
        self._sql = str(compiled)
        order = tuple(compiled.positiontup or compiled.binds)
        _refuse_missing(statement.table, set(order) - {*types})
        self._pick: Callable[[Mapping[str, Any]], tuple[Any, ...]] = itemgetter(*order)
        self._converts = tuple(
            (place, convert)
            for place, name in enumerate(order)
            if (convert := _convert(types[name], dialect)) is not None
        )

    def run(self, connection: Connection, rows: Rows) -> int:
        # Column by column, which takes no step of Python for each value.
        columns = [*zip(*map(self._pick, rows), strict=True)]
        for place, convert in self._converts:
            columns[place] = (*map(convert, columns[place]),)
        return int(connection.exec_driver_sql(self._sql, [*zip(*columns, strict=True)]).rowcount)


class AtOnce:
    """A statement of PostgreSQL that takes all rows, in order, as one JSON text: sent, planned and answered once."""

    def __init__(self, statement: Insert | Update, dialect: Dialect, types: Types):
        compiled = statement.compile(dialect=dialect)
        self._sql = str(compiled)
        _refuse_missing(statement.table, set(compiled.binds) - {_ROWS})
        self._moments = tuple(name for name, type_ in types.items() if isinstance(type_, Instant))

    def run(self, connection: Connection, rows: Rows) -> int:
        plain = compact_json([self._plain(row) for row in rows])
        return int(connection.exec_driver_sql(self._sql, {_ROWS: plain}).rowcount)

    def _plain(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**row, **{name: written(row[name]) for name in self._moments if row[name] is not None}}


@cache
def inserting(model: type[Base], names: tuple[str, ...], dialect: Dialect) -> Statement:
    """Returns the insert of rows that give these columns."""
    table = table_of(model)
    types = {name: table.c[name].type for name in names}
    if _reads_json(dialect):
        return AtOnce(insert(table).from_select(list(names), _rows_of(types).select()), dialect, types)
    return ForEach(insert(table), dialect, types)


@cache
def updating(model: type[Base], names: tuple[str, ...], dialect: Dialect) -> Statement:
    """Returns the update of these columns where id is `KEY` and the revision is `EXPECTED`."""
    table = table_of(model)
    revision = table.c[revision_of(model)]
    values = {name: table.c[name].type for name in names if name != "id"}
    types = {**values, KEY: table.c.id.type, EXPECTED: revision.type}
    gathered = _reads_json(dialect)
    new = _rows_of(types).c if gathered else {name: bindparam(name, type_=type_) for name, type_ in types.items()}
    same = (table.c.id == new[KEY]) & (revision == new[EXPECTED])
    statement = update(table).where(same).values({name: new[name] for name in values})
    return (AtOnce if gathered else ForEach)(statement, dialect, types)


def _reads_json(dialect: Dialect) -> bool:
    return dialect.name == "postgresql"


def _rows_of(types: Types) -> TableValuedAlias:
    """Returns the rows that a JSON text holds, as a table to select from."""
    text = cast(bindparam(_ROWS, type_=Text()), JSON)
    named = (column(name, type_) for name, type_ in types.items())
    return func.json_to_recordset(text).table_valued(*named).render_derived(with_types=True)


def _refuse_missing(table: Any, missing: Collection[str]) -> None:
    if missing:
        raise TypeError(f"rows of '{table}' must say {', '.join(sorted(missing))}")


def _convert(type_: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    if isinstance(type_, JSON):
        return compact_json
    if isinstance(type_, Instant):
        return _instant(dialect)
    convert: Convert | None = type_.dialect_impl(dialect).bind_processor(dialect)
    return convert


@cache
def _instant(dialect: Dialect) -> Convert | None:
    convert = Instant().dialect_impl(dialect).bind_processor(dialect)
    return lru_cache(maxsize=1024)(convert) if convert is not None else None  # All of a turn happens at one moment.
