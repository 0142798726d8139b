"""Statements that are written out once and then told to the driver as they are.

SQLAlchemy keeps what it has compiled, but looks it up and fits the parameters to it anew each time: for a statement of
many parameters that takes longer than the database takes to answer it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ClauseElement, CursorResult
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler


class _Written(NamedTuple):
    statement: str
    checks: Sequence[tuple[str, Callable[[Any], Any] | None]]
    """What each parameter's type does to its value."""
    fixed: Mapping[str, Any]
    """The parameters that have their values from the statement."""
    places: Sequence[str] | None
    """The parameters in the order in which the driver takes them; None where it takes them by name."""


class PreparedStatement:
    """A statement whose values come by name when it runs.

    Its rows have what the driver gives, which on SQLite is text for an instant (`read_instant`). What a session has yet
    to flush it does not see. What a column has by default it must say itself.
    """

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._written: dict[str, _Written] = {}

    def run(self, session: Session, parameters: Mapping[str, Any]) -> CursorResult[*tuple[Any, ...]]:
        """Tell it to the session's database."""
        connection = session.connection()
        kind = connection.dialect.name
        written = self._written.get(kind)
        if written is None:
            written = self._written[kind] = self._write(connection.dialect)
        values = {name: check(parameters[name]) if check else parameters[name] for name, check in written.checks}
        values.update(written.fixed)
        if written.places is None:
            return connection.exec_driver_sql(written.statement, values)
        return connection.exec_driver_sql(written.statement, tuple([values[name] for name in written.places]))

    def _write(self, dialect: Dialect) -> _Written:
        compiled = self._statement.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)
        if left_out := [*compiled.insert_prefetch, *compiled.update_prefetch]:
            raise ValueError(f"a prepared statement must say {left_out[0]} itself: it fills in no defaults")
        how = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in compiled.binds.items()}
        fixed = {
            name: check(bind.value) if (check := how[name]) else bind.value
            for name, bind in compiled.binds.items()
            if not bind.required
        }
        asked = [(name, check) for name, check in how.items() if name not in fixed]
        return _Written(str(compiled), asked, fixed, compiled.positiontup)
