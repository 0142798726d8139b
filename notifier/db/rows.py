"""Inserting rows: many at once, and only where they are new. Core, not the ORM: an import inserts ten thousands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import repeat
from operator import itemgetter
from typing import Any, Final, NamedTuple, cast

from pydantic_core import PydanticUndefined
from sqlalchemy import CursorResult, Insert, Select, Table, func, insert, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session
from sqlmodel import SQLModel

from notifier.db.columns import json_text

Row = Mapping[str, Any]
"""Values by column name; what is left out gets the model's default."""


def insert_rows(session: Session, model: type[SQLModel], rows: Sequence[Row]) -> None:
    """Insert all rows, each with the same columns. Nothing is checked here but what the database checks."""
    if rows:
        insert_columns(session, model, _columns(model, rows))


def insert_columns(session: Session, model: type[SQLModel], columns: Mapping[str, Sequence[Any]]) -> CursorResult[Any]:
    """The same for rows that come column by column, at least one.

    Past SQLAlchemy's own inserts: building a row's parameters takes them as long as the insert itself.
    """
    kind = session.get_bind().dialect.name
    if kind == "postgresql" and len(next(iter(columns.values()))) == 1:  # a COPY tells no id
        return session.connection().execute(_insert(model), {name: values[0] for name, values in columns.items()})
    statement, tuples = _insert_of_tuples(model, columns, kind)
    return session.connection().exec_driver_sql(statement, tuples if len(tuples) > 1 else tuples[0])


def insert_rows_for_ids(session: Session, model: type[SQLModel], rows: Sequence[Row]) -> list[int]:
    """Insert all rows, each with the same columns; their new ids, in the order of the rows."""
    if not rows:
        return []
    if len(rows) == 1:  # the plain statement is told its id anyway, for a third less
        return [_id_of(insert_columns(session, model, _columns(model, rows)))]
    ids = _next_ids(session, model, len(rows))
    insert_columns(session, model, {"id": ids, **_columns(model, rows)})
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


def _id_of(inserted: CursorResult[Any]) -> int:
    key = inserted.inserted_primary_key if inserted.context.compiled else (inserted.lastrowid,)
    assert key is not None
    return int(key[0])


def _next_ids(session: Session, model: type[SQLModel], many: int) -> list[int]:
    """Told them, the driver takes all rows in one go."""
    if session.get_bind().dialect.name == "postgresql":
        return sorted(session.scalars(_DRAWN, {"name": table_of(model).name, "many": many}))
    first = (session.scalar(_last_id(model)) or 0) + 1  # nobody else writes
    return list(range(first, first + many))


# Statements that are built once: building one takes as long as running it.
_DRAWN: Final = text("SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :many)")


@cache
def _insert(model: type[SQLModel]) -> Insert:
    return insert(table_of(model)).values(_defaults(model))


@cache
def _last_id(model: type[SQLModel]) -> Select[Any]:
    return select(func.max(table_of(model).c.id))


def _insert_of_tuples(
    model: type[SQLModel], given: Mapping[str, Sequence[Any]], kind: str
) -> tuple[str, list[tuple[Any, ...]]]:
    """The statement for the driver, and its parameters, each value as its column wants it."""
    statement, defaults, checks = _insert_text(model, tuple(given), kind)
    many = len(next(iter(given.values())))
    columns: list[Iterable[Any]] = [*given.values(), *(repeat(value, many) for value in defaults)]
    for place, check in checks:
        columns[place] = map(check, columns[place])
    return statement, list(zip(*columns, strict=True))


class _InsertText(NamedTuple):
    statement: str
    defaults: Sequence[Any]
    """The values of the columns that nobody gives; they come last."""
    checks: Sequence[tuple[int, Callable[[Any], Any]]]
    """By place: what a column does to each value."""


@cache
def _insert_text(model: type[SQLModel], given: tuple[str, ...], kind: str) -> _InsertText:
    table, defaults = table_of(model).name, _defaults(model)
    names = (*given, *(name for name in defaults if name not in given))
    quoted = '", "'.join(names)
    if kind == "postgresql":  # sent one by one, each row would cost the server as much as a small statement
        statement = f'COPY {table} ("{quoted}") FROM STDIN'
    else:
        places = ", ".join("?" * len(names))
        statement = f'INSERT INTO {table} ("{quoted}") VALUES ({places})'  # noqa: S608  # nobody's but our own names
    checks = [(place, check) for place, name in enumerate(names) if (check := _checks(model).get(name))]
    return _InsertText(statement, [defaults[name] for name in names[len(given) :]], checks)


_AS_TEXT: Final[Dialect] = sqlite.dialect(json_serializer=json_text)
"""Says how a value is written as text or number: as SQLite keeps it, and COPY reads it."""


@cache
def _checks(model: type[SQLModel]) -> dict[str, Callable[[Any], Any]]:
    """What a column does to each value."""
    found = ((column.name, column.type.dialect_impl(_AS_TEXT).bind_processor(_AS_TEXT)) for column in table_of(model).c)
    return {name: check for name, check in found if check is not None}


def _columns(model: type[SQLModel], rows: Sequence[Row]) -> dict[str, Sequence[Any]]:
    names = tuple(_alike(model, rows)[0])
    if len(names) == 1:  # of one name the getter makes no tuple
        return {names[0]: [row[names[0]] for row in rows]}
    return dict(zip(names, zip(*map(itemgetter(*names), rows), strict=True), strict=True))


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
