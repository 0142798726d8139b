"""Inserting rows: many at once, and only where they are new. Core, not the ORM: an import inserts ten thousands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, cast

from pydantic_core import PydanticUndefined
from sqlalchemy import CursorResult, Insert, Result, Table, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert
from sqlmodel import SQLModel

Row = Mapping[str, Any]
"""Values by column name; what is left out gets the model's default."""


def can_be_id(number: int) -> bool:
    """Whether a number that somebody typed can be an id: SQLite raises when asked for a larger one."""
    return number < 2**63


def insert_rows(session: Session, model: type[SQLModel], rows: Sequence[Row]) -> None:
    """Insert all rows in one statement. Nothing is checked here but what the database checks."""
    if rows:
        session.execute(_insert(model), _complete(model, rows))


def insert_rows_for_ids(session: Session, model: type[SQLModel], rows: Sequence[Row]) -> list[int]:
    """Insert all rows in one statement; their new ids, in the order of the rows."""
    if not rows:
        return []
    if len(rows) == 1:  # the plain statement is told its id anyway, for a third less
        return [_id_of(session.execute(_insert(model), _complete(model, rows)[0]))]
    return list(session.scalars(_insert_for_ids(model), _complete(model, rows)))


def insert_if_new(session: Session, model: type[SQLModel], row: Row) -> bool:
    """Insert one row unless a unique key of the table already has it; whether it is new."""
    kind = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    table = table_of(model)
    key = next(iter(table.primary_key))
    statement = kind(table).values(**_complete(model, [row])[0]).on_conflict_do_nothing().returning(key)
    return session.execute(statement).first() is not None


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
    return insert(table_of(model))


@cache
def _insert_for_ids(model: type[SQLModel]) -> ReturningInsert[tuple[int]]:
    table = table_of(model)
    return insert(table).returning(table.c.id, sort_by_parameter_order=True)


def _complete(model: type[SQLModel], rows: Sequence[Row]) -> list[dict[str, Any]]:
    defaults = _defaults(model)
    return [{**defaults, **row} for row in rows]


@cache
def _defaults(model: type[SQLModel]) -> dict[str, Any]:
    # SQLModel keeps a field's default to itself, so Core would not fill it in.
    return {
        name: field.default
        for name, field in model.model_fields.items()
        if field.default is not PydanticUndefined and not (name == "id" and field.default is None)
    }
