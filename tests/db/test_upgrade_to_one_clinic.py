"""The upgrade that takes the clinic's column away, on a database of the version before with rows in every state."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
from alembic import command
from sqlalchemy import JSON, Boolean, Column, Connection, Date, DateTime, Engine, Integer, MetaData, Table, select, text
from sqlmodel import SQLModel

from notifier.db import migrate
from notifier.db.engine import file_of, is_sqlite
from notifier.db.schema import check_schema, upgrade
from notifier.db.tables import RecoveryKind, Role
from notifier.domain.states import EnrollmentState, MessageState

pytestmark = pytest.mark.filterwarnings("ignore:.*expression-based index.*ix_messages_tasks")  # SQLite shows none
_RENAMED = "reply_claims"
"""Since: its rows are in `task_claims`."""
_STATES = {
    "messages.state": [*MessageState],
    "enrollments.state": [*EnrollmentState],
    "recoveries.kind": [*RecoveryKind],
    "staff.role": [*Role],
    "attempts.outcome": [None, "accepted", "not_created", "unknown"],
}
Rows = dict[str, tuple[list[str], list[tuple[Any, ...]]]]
"""By table: the names of its columns without the clinic, and its rows."""
_MANY = len(MessageState)
"""Rows of each table: one for each state of a text."""
_KILLED = """
import os, signal, sys
from sqlalchemy import event
from notifier.db.engine import open_engine
from notifier.db.schema import upgrade

engine = open_engine(sys.argv[1])

@event.listens_for(engine, "after_cursor_execute")
def kill(_connection, _cursor, statement, *_):
    if statement.startswith("ALTER TABLE events"):
        os.kill(os.getpid(), signal.SIGKILL)

upgrade(engine)
"""


@pytest.fixture
def before(empty_engine: Engine, now: datetime) -> Rows:
    """A database of the version before."""
    if file := file_of(empty_engine):
        file.touch()
    with empty_engine.begin() as connection:
        command.upgrade(migrate.config(connection), "0009")
        for table in _tables(connection):
            connection.execute(table.insert(), [_row(table, number, now) for number in range(1, _MANY + 1)])
        if not is_sqlite(empty_engine):  # as if the events had drawn their own numbers
            connection.execute(text("SELECT setval(pg_get_serial_sequence('events', 'id'), max(id)) FROM events"))
    return _rows(empty_engine)


def test_rows_in_every_state_survive(before: Rows, empty_engine: Engine) -> None:
    upgrade(empty_engine)
    assert _kept(before) == _rows(empty_engine, _kept(before))
    assert {_MANY} == {len(rows) for _, rows in before.values()}
    with empty_engine.connect() as connection:
        assert [] == [table.name for table in _tables(connection) if "clinic_id" in table.c]
        said = connection.execute(text("SELECT why FROM events WHERE what = 'evidence_began'")).scalars().all()
    assert [f"before evidence: events 1 to {_MANY} were sealed later than they happened"] == said


def test_an_upgrade_that_is_killed_in_the_middle_completes_when_it_is_started_again(
    before: Rows, empty_engine: Engine, empty_url: str
) -> None:
    killed = subprocess.run([sys.executable, "-c", _KILLED, empty_url], check=False, capture_output=True)
    assert (-9, b"") == (killed.returncode, killed.stderr)
    assert before == _rows(empty_engine)
    with empty_engine.connect() as connection:
        assert "clinic_id" in next(iter(_tables(connection))).c
    upgrade(empty_engine)
    check_schema(empty_engine)
    assert _kept(before) == _rows(empty_engine, _kept(before))


def test_an_upgraded_database_has_the_indexes_of_a_new_one(before: Rows, empty_engine: Engine) -> None:
    """With their conditions, at which `alembic check` does not look."""
    upgrade(empty_engine)
    found = _indexes(empty_engine)
    with empty_engine.begin() as connection:
        for table in reversed(SQLModel.metadata.sorted_tables):
            table.drop(connection)
        SQLModel.metadata.create_all(connection)
    assert _indexes(empty_engine) == found


def _indexes(engine: Engine) -> set[str]:
    sqlite = "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    postgresql = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
    with engine.connect() as connection:
        return set(connection.execute(text(sqlite if is_sqlite(engine) else postgresql)).scalars())


def _kept(rows: Rows) -> Rows:
    return {table: found for table, found in rows.items() if table != _RENAMED}


def _tables(connection: Connection) -> Iterator[Table]:
    known = MetaData()
    known.reflect(connection)
    yield from (table for table in known.sorted_tables if table.name != "alembic_version")


def _rows(engine: Engine, like: Rows | None = None) -> Rows:
    """What the tables hold: the columns that they have, or had in `like`."""
    with engine.connect() as connection:
        tables = [table for table in _tables(connection) if like is None or table.name in like]
        return {table.name: _rows_of(connection, table, like) for table in tables}


def _rows_of(connection: Connection, table: Table, like: Rows | None) -> tuple[list[str], list[tuple[Any, ...]]]:
    names = like[table.name][0] if like else [name for name in sorted(table.c.keys()) if name != "clinic_id"]
    rows = select(*(table.c[name] for name in names))
    if like and table.name == "events":
        rows = rows.where(table.c.by != "upgrade")  # the event that says which ones are older than evidence
    found = connection.execute(rows)
    return names, sorted((tuple(row) for row in found), key=str)


def _row(table: Table, number: int, now: datetime) -> dict[str, Any]:
    return {column.name: _value(table, column, number, now) for column in table.c}


def _value(table: Table, column: Column[Any], number: int, now: datetime) -> Any:
    if states := _STATES.get(f"{table.name}.{column.name}"):
        return states[number % len(states)]
    if column.name == "clinic_id":
        return "clinic"
    match column.type:
        case Boolean():
            return number % 2 == 0
        case Integer():
            return number
        case Date():
            return date(2026, 3, number)
        case DateTime():
            return now
        case JSON():
            return {"number": number}
    return str(number)
