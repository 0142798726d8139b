"""Inserting rows: many at once, and only where they are new. Core, not the ORM: an import inserts ten thousands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import repeat
from typing import Any, Final, cast

from pydantic_core import PydanticUndefined
from sqlalchemy import (
    JSON,
    Column,
    CursorResult,
    Insert,
    Integer,
    Result,
    Select,
    Table,
    Text,
    bindparam,
    func,
    insert,
    select,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlmodel import SQLModel

from notifier.db.columns import JSONDoc, json_text

Row = Mapping[str, Any]
"""Values by column name; what is left out gets the model's default."""
_AT_ONCE: Final = 5000
"""Rows in one document: some megabytes, which the server keeps until it has read them."""


def insert_rows(session: Session, model: type[SQLModel], rows: Sequence[Row]) -> None:
    """Insert all rows, each with the same columns. Nothing is checked here but what the database checks."""
    if len(rows) < 2:
        if rows:
            session.connection().execute(_insert(model), rows[0])
    elif session.get_bind().dialect.name == "postgresql":
        for names, document in _documents(model, rows):
            session.execute(_insert_document(model, names), {"rows": document})
    else:
        session.connection().exec_driver_sql(*_insert_of_tuples(model, rows))


def insert_rows_for_ids(session: Session, model: type[SQLModel], rows: Sequence[Row]) -> list[int]:
    """Insert all rows, each with the same columns; their new ids, in the order of the rows."""
    if not rows:
        return []
    if len(rows) == 1:  # the plain statement is told its id anyway, for a third less
        return [_id_of(session.connection().execute(_insert(model), rows[0]))]
    if session.get_bind().dialect.name == "postgresql":
        documents = ((_insert_document(model, names, ids=True), them) for names, them in _documents(model, rows))
        drawn = (session.scalars(statement, {"rows": them}) for statement, them in documents)
        return [id_ for ids in drawn for id_ in sorted(ids)]  # they are drawn in the order of the rows
    # Nobody else writes, so the next ids are known: told them, the driver takes all rows in one go.
    first = (session.scalar(_last_id(model)) or 0) + 1
    ids = list(range(first, first + len(rows)))
    insert_rows(session, model, [{"id": id_, **row} for id_, row in zip(ids, _alike(model, rows), strict=True)])
    return ids


def insert_if_new(session: Session, model: type[SQLModel], row: Row) -> bool:
    """Insert one row unless a unique key of the table already has it; whether it is new."""
    kind = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    table = table_of(model)
    key = next(iter(table.primary_key))
    statement = kind(table).values({**_defaults(model), **row}).on_conflict_do_nothing().returning(key)
    return session.execute(statement).first() is not None


def insert_new(session: Session, model: type[SQLModel], rows: Sequence[Row]) -> None:
    """Insert those of the rows that no unique key of the table already has; all with the same columns."""
    if rows:
        kind = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        defaults = _defaults(model)
        statement = kind(table_of(model)).on_conflict_do_nothing()
        session.connection().execute(statement, [{**defaults, **row} for row in _alike(model, rows)])


def table_of(model: type[SQLModel]) -> Table:
    """The table behind a model."""
    return cast(Table, model.__table__)  # type: ignore[attr-defined]  # SQLModel does not declare it


def _id_of(inserted: Result[Any]) -> int:
    key = cast("CursorResult[Any]", inserted).inserted_primary_key
    assert key is not None
    return int(key[0])


# Statements that are built once: building one takes as long as running it.
@cache
def _insert(model: type[SQLModel]) -> Insert:
    return insert(table_of(model)).values(_defaults(model))


@cache
def _last_id(model: type[SQLModel]) -> Select[Any]:
    return select(func.max(table_of(model).c.id))


# PostgreSQL takes many rows as one document: sent one by one, each costs it as much as a small statement, and a VALUES
# with thousands of parameters takes the driver longer than both.
@cache
def _insert_document(model: type[SQLModel], names: tuple[str, ...], *, ids: bool = False) -> Insert:
    table = table_of(model)
    columns = [Column(name, table.c[name].type) for name in names]
    place: Column[int] = Column(_PLACE, Integer)
    read = func.json_to_recordset(sql_cast(bindparam("rows", type_=Text), JSON)).table_valued(place, *columns)
    rows = read.render_derived(with_types=True).c
    found = select(*(rows[name] for name in names)).order_by(rows[_PLACE])
    statement = insert(table).from_select(list(names), found)
    return statement.returning(table.c.id) if ids else statement


_PLACE: Final = "_place"


# SQLAlchemy would build a dictionary of parameters for each row, and a tuple of that: as long as the insert itself.
def _insert_of_tuples(model: type[SQLModel], rows: Sequence[Row]) -> tuple[str, list[tuple[Any, ...]]]:
    """The statement for the driver, and its parameters: column by column, each value as its column wants it."""
    defaults, rows, checks = _defaults(model), _alike(model, rows), dict(_checks(model, "sqlite"))
    given = rows[0].keys()
    statement, names = _insert_text(model, (*given, *(defaults.keys() - given)))
    columns: list[Iterable[Any]] = []
    for name in names:
        values = [row[name] for row in rows] if name in given else repeat(defaults[name], len(rows))
        columns.append(map(check, values) if (check := checks.get(name)) else values)
    return statement, list(zip(*columns, strict=True))


@cache
def _insert_text(model: type[SQLModel], names: tuple[str, ...]) -> tuple[str, Sequence[str]]:
    """The statement, and the columns in the order in which it takes their values."""
    compiled = insert(table_of(model)).compile(dialect=_dialect("sqlite"), column_keys=names)
    assert isinstance(compiled, SQLCompiler)
    return str(compiled), compiled.positiontup or ()


def _documents(model: type[SQLModel], rows: Sequence[Row]) -> Iterator[tuple[tuple[str, ...], str]]:
    """The columns, and some thousand rows at a time with every value as its column wants it."""
    defaults, rows = _defaults(model), _alike(model, rows)
    for start in range(0, len(rows), _AT_ONCE):
        document = [{**defaults, **row} for row in rows[start : start + _AT_ONCE]]
        names = tuple(document[0])
        checks = [(name, check) for name, check in _checks(model, "postgresql") if name in document[0]]
        for place, row in enumerate(document):
            for name, check in checks:
                row[name] = check(row[name])
            row[_PLACE] = place
        yield names, json_text(document)


@cache
def _checks(model: type[SQLModel], kind: str) -> list[tuple[str, Callable[[Any], Any]]]:
    """What a column does to each value; on PostgreSQL a document within the document stays as it is."""
    dialect = _dialect(kind)
    columns = (column for column in table_of(model).c if kind == "sqlite" or not isinstance(column.type, JSONDoc))
    found = ((column.name, column.type.dialect_impl(dialect).bind_processor(dialect)) for column in columns)
    return [(name, check) for name, check in found if check is not None]


@cache
def _dialect(kind: str) -> Dialect:
    if kind == "postgresql":
        return postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy does not declare it
    return sqlite.dialect(json_serializer=json_text)


def _alike(model: type[SQLModel], rows: Sequence[Row]) -> Sequence[Row]:
    columns = rows[0].keys()
    if any(row.keys() != columns for row in rows):  # what the first one lacks would be dropped in silence
        raise ValueError(f"rows of {model.__name__} that are inserted together must have the same columns")
    return rows


@cache
def _defaults(model: type[SQLModel]) -> dict[str, Any]:
    # SQLModel keeps a field's default to itself, so Core would not fill it in.
    return {
        name: field.default
        for name, field in model.model_fields.items()
        if field.default is not PydanticUndefined and field.default is not None  # nothing is the default of a column
    }
