"""The same statements bare: what our stories told the driver is written down, and told again with nothing around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.engine import make_url

from tests.benchmarks.databases import bare_sqlite

Told = list[tuple[str, Any, bool]]
"""Statement, parameters, and whether they are many; COMMIT and ROLLBACK stand between."""


@contextmanager
def listening(engine: Engine) -> Iterator[Told]:
    """Write down every statement, in the driver's own words, with its transactions."""
    told: Told = []

    def execute(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        # A batch of an INSERT … RETURNING comes as one statement with all its values in one row.
        told.append((statement, parameters, isinstance(parameters, list)))

    def begin(conn: Any) -> None:
        if conn.dialect.name == "sqlite":  # its dialect says so itself
            told.append(("BEGIN IMMEDIATE", None, False))

    def commit(_conn: Any) -> None:
        told.append(("COMMIT", None, False))

    def rollback(_conn: Any) -> None:
        told.append(("ROLLBACK", None, False))

    listeners: dict[str, Callable[..., None]] = {
        "before_cursor_execute": execute,
        "begin": begin,
        "commit": commit,
        "rollback": rollback,
    }
    for name, listener in listeners.items():
        event.listen(engine, name, listener)
    yield told
    for name, listener in listeners.items():
        event.remove(engine, name, listener)


def tell_again(url: str, told: Told, *, untimed: int = 0) -> float:
    """Say it all to a fresh database; the seconds it took, connecting and the first `untimed` of it left out."""
    if make_url(url).get_backend_name() == "sqlite":
        connection: Any = bare_sqlite(url)
    else:
        address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        connection = psycopg.connect(address, options="-c timezone=UTC")
    is_postgresql = isinstance(connection, psycopg.Connection)
    cursor = connection.cursor()
    begun = perf_counter()
    for number, (statement, parameters, many) in enumerate(told):
        if number == untimed:
            begun = perf_counter()
        if is_postgresql and statement in ("COMMIT", "ROLLBACK"):
            connection.commit() if statement == "COMMIT" else connection.rollback()
        elif many and statement.startswith("COPY "):
            with cursor.copy(statement) as copy:
                for row in parameters:
                    copy.write_row(row)
        elif many:
            cursor.executemany(statement, parameters)
        else:
            cursor.execute(statement, parameters or ())
            if cursor.description:
                cursor.fetchall()
    took = perf_counter() - begun
    connection.close()
    return took
