"""A file of another program is refused with its path, and not a byte of it is changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from notifier.db.engine import open_engine
from notifier.db.foreign_file import NotOurDatabase
from notifier.db.schema import HEAD, NoDatabase, Upgraded, check_schema, prepare, upgrade

NOW = datetime(2026, 3, 6, 19, 10, tzinfo=UTC)


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    return tmp_path / "billing.db"


def _make(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def _look(engine: Engine) -> object:
    return prepare(engine, NOW, may_create=False)


def _start(engine: Engine) -> object:
    return prepare(engine, NOW)


@pytest.mark.parametrize("start", [upgrade, check_schema, _start, _look])
@pytest.mark.parametrize(
    "tables",
    [
        ("CREATE TABLE invoices (id)",),
        ("CREATE TABLE messages (word)",),
        ("CREATE TABLE alembic_version (version_num)", "CREATE TABLE invoices (id)"),
        (
            "CREATE TABLE alembic_version (version_num)",
            f"INSERT INTO alembic_version VALUES ('{HEAD}')",
            "CREATE TABLE invoices (id)",
        ),
    ],
)
def test_it_is_refused_and_left_as_it_was(
    theirs: Path, tables: tuple[str, ...], start: Callable[[Engine], object]
) -> None:
    _make(theirs, *tables)
    before = theirs.read_bytes()
    engine = open_engine(f"sqlite:///{theirs}")
    with pytest.raises(NotOurDatabase, match=r"billing\.db is the database of another program .it has a table"):
        start(engine)
    engine.dispose()
    assert before == theirs.read_bytes()


def test_an_empty_file_may_become_ours_and_is_no_database_to_look_at(theirs: Path) -> None:
    theirs.touch()
    engine = open_engine(f"sqlite:///{theirs}")
    with pytest.raises(NoDatabase, match=r"billing\.db is empty: go to"):
        prepare(engine, NOW, may_create=False)
    assert Upgraded() == prepare(engine, NOW), "it was there"
    check_schema(engine)
    engine.dispose()


def test_whoever_creates_the_file_is_told_so_and_only_once(theirs: Path) -> None:
    engine = open_engine(f"sqlite:///{theirs}")
    found = [prepare(engine, NOW), prepare(engine, NOW), prepare(engine, NOW, may_create=False)]
    assert [Upgraded(created=theirs), Upgraded(), Upgraded()] == found
    engine.dispose()
