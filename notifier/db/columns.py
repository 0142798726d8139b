"""Column types that behave the same on SQLite and PostgreSQL, and the short forms that the tables are written in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from pydantic_core import to_json
from sqlalchemy import JSON, Column, DateTime, Enum, Index, Text, TextClause, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import Field, SQLModel

# Without names SQLite cannot drop a constraint in a later migration. Set before the first table is declared.
SQLModel.metadata.naming_convention = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}
# A row is never validated by pydantic, so its validators are only built where something asks for them.
SQLModel.model_config["defer_build"] = True


class UTCDateTime(TypeDecorator[datetime]):
    """An aware instant: refuses naive ones, stores UTC, gives back UTC.

    SQLite gets fixed-width ISO text, which sorts as time does; SQLAlchemy's own type would drop the offset silently.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else DateTime(timezone=True))

    # The two processors are overridden whole, not their per-value hooks: a big import binds a million instants, and
    # the hooks would ask for the dialect's name each time.
    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any]:
        return instant_text if dialect.name == "sqlite" else _to_utc

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:  # noqa: ARG002  # SQLAlchemy's signature
        return _from_text if dialect.name == "sqlite" else _to_utc


def _to_utc(value: datetime | None) -> datetime | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("a naive datetime has no place in the database; give it a zone")
    return value if value.tzinfo is UTC else value.astimezone(UTC)


# Remembered: what is written at one moment, and the moments of one plan, are the same few instants again and again.
@lru_cache(maxsize=4096)
def instant_text(value: datetime | None) -> str | None:
    """An instant as SQLite keeps it, and as both databases read it in a document."""
    instant = _to_utc(value)
    return None if instant is None else instant.isoformat(timespec="microseconds")[:-6] + "Z"


def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def read_instant(value: Any) -> datetime | None:
    """An instant as a driver gives it, where no column reads it."""
    return _from_text(value) if isinstance(value, str) else _to_utc(value)


class JSONDoc(TypeDecorator[Any]):
    """A small JSON document; assign a new one to change it, in-place changes are not tracked."""

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(
            JSONB(none_as_null=True) if dialect.name == "postgresql" else JSON(none_as_null=True)
        )


def json_text(value: Any) -> str:
    """A document as the database keeps it; six times as fast as the standard library's, and an import writes many."""
    return to_json(value).decode()


def enum_column(kind: type[StrEnum]) -> Enum:
    """An enum stored as its readable value in a VARCHAR, checked on the way in."""
    return Enum(
        kind, native_enum=False, length=32, values_callable=lambda e: [m.value for m in e], validate_strings=True
    )


def instant(*, null: bool = False) -> Any:
    """A field that holds an aware instant."""
    return Field(default=None, sa_column=Column(UTCDateTime, nullable=null))


def document() -> Any:
    """A field that holds a small JSON document, or nothing."""
    return Field(default=None, sa_column=Column(JSONDoc, nullable=True))


def partial_index(name: str, *columns: str | TextClause, where: str, unique: bool = False) -> Index:
    """An index of only the rows that `where` names, so that it stays small however much history there is."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


def can_be_id(number: int) -> bool:
    """Whether a number that somebody typed can be an id: SQLite raises when asked for a larger one."""
    return number < 2**63
