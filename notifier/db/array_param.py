"""Whether a column's value is among many: all of them are one parameter, so that the statement is always the same.

SQLAlchemy's own `in_` writes a parameter for each. With the hundreds of numbers of an import, writing and reading such
a statement takes longer than answering it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, Text, TypeDecorator, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from notifier.db.columns import json_text


class _Many(TypeDecorator[Iterable[Any]]):
    """Many texts or numbers as one parameter: an array on PostgreSQL, a document on SQLite."""

    impl = Text
    cache_ok = True

    def __init__(self, numbers: bool) -> None:
        super().__init__()
        self.numbers = numbers

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        array = ARRAY(BigInteger() if self.numbers else Text())
        return dialect.type_descriptor(array if dialect.name == "postgresql" else Text())

    def bind_processor(self, dialect: Dialect) -> Callable[[Iterable[Any] | None], Any]:
        return _array if dialect.name == "postgresql" else _document


def _array(values: Iterable[Any] | None) -> list[Any]:
    return list(values or ())


def _document(values: Iterable[Any] | None) -> str:
    return json_text(_array(values))


def in_array(column: Any, values: str) -> ColumnElement[bool]:
    """`in_array(column, "phones")` in a statement; the values of `phones` come when the statement runs."""
    many = bindparam(values, type_=_Many(isinstance(column.type, Integer)))
    found: ColumnElement[bool] = column.bool_op("IN")(_Each(many))
    return found


class _Each(FunctionElement[str]):
    inherit_cache = True


@compiles(_Each, "postgresql")
def _of_an_array(element: _Each, compiler: SQLCompiler, **how: Any) -> str:
    return f"(SELECT unnest({compiler.process(element.clauses, **how)}))"


@compiles(_Each, "sqlite")
def _of_a_document(element: _Each, compiler: SQLCompiler, **how: Any) -> str:
    return f"(SELECT value FROM json_each({compiler.process(element.clauses, **how)}))"  # noqa: S608  # a parameter stands there
