"""Rows from one database to another, and the digest by which two tables are the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, Integer, Table, func, select, text

from notifier.db.errors import DatabaseFailure

_AT_ONCE: Final = 2000


@dataclass(frozen=True, slots=True)
class TableDigest:
    """A table as both databases must have it."""

    table: str
    rows: int
    sha256: str
    """Of every value of every row, by primary key."""


def digest(connection: Connection, table: Table) -> TableDigest:
    """Read the whole table, a few thousand rows at a time."""
    found, rows = hashlib.sha256(), 0
    for row in _rows(connection, table):
        found.update(repr([_plain(value) for value in row]).encode())
        rows += 1
    return TableDigest(table.name, rows, found.hexdigest())


def copy_rows(source: Connection, target: Connection, table: Table) -> None:
    """Every row by PostgreSQL's COPY, then the next number that the table gives. Raises DatabaseFailure."""
    binds = [column.type.dialect_impl(target.dialect).bind_processor(target.dialect) for column in table.columns]
    names = ", ".join(target.dialect.identifier_preparer.quote(column.name) for column in table.columns)
    into = target.dialect.identifier_preparer.format_table(table)
    driver: Any = target.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {into} ({names}) FROM STDIN") as copy:
        for row in _rows(source, table):
            values = [bind(value) if bind else value for bind, value in zip(binds, row, strict=True)]
            if any(isinstance(value, str) and "\x00" in value for value in values):
                raise DatabaseFailure(f"{table.name} {row[0]} holds a NUL character, which PostgreSQL cannot keep.")
            copy.write_row(values)
    _go_on_counting(target, table)


def _rows(connection: Connection, table: Table) -> Iterator[Any]:
    ordered = select(table).order_by(*table.primary_key.columns)
    yield from connection.execute(ordered, execution_options={"yield_per": _AT_ONCE})


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, (dict, list)):
        return json.dumps(value, sort_keys=True)
    if isinstance(value, memoryview):
        return bytes(value)
    return value


def _go_on_counting(target: Connection, table: Table) -> None:
    """COPY gives rows their own numbers; the sequence behind them would begin at 1 again."""
    for column in table.primary_key.columns:
        if isinstance(column.type, Integer) and len(table.primary_key.columns) == 1:
            latest = target.scalar(select(func.max(column)))
            name = text("SELECT pg_get_serial_sequence(:table, :column)")
            sequence = target.scalar(name, {"table": table.name, "column": column.name})
            if sequence and latest:
                target.execute(text("SELECT setval(:sequence, :latest)"), {"sequence": sequence, "latest": latest})
