"""A clinic's database moved from its SQLite file to PostgreSQL, in the middle of every programme.

Everything is copied in one transaction of the target and read back inside it, so that a move that dies has moved
nothing, and the next one begins anew. The file is renamed last: whoever still has the old address finds no database.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, StaticPool, create_engine
from sqlmodel import SQLModel

from notifier.db.engine import file_of, is_sqlite
from notifier.db.errors import DatabaseFailure
from notifier.db.filesystems import keep_through_power_cut
from notifier.db.schema import check_schema, moved_aside, upgrade
from notifier.domain.counted import counted
from notifier.domain.refused import Refused
from notifier.maintenance.copied_rows import TableDigest, copy_rows, digest
from notifier.maintenance.swap_file import close_for_others
from notifier.sending.outcomes.journal import journal_place, unsaved_files


@dataclass(frozen=True, slots=True)
class Moved:
    """What a move did."""

    tables: tuple[TableDigest, ...]
    """Each table with its rows and their digest, the same in both databases."""
    kept: Path
    """Where the SQLite file is now."""


def check_move(source: Engine, target: Engine) -> Path:
    """The SQLite file that may be moved there. Raises Refused and DatabaseFailure; changes nothing."""
    file = file_of(source)
    if file is None:
        raise Refused("NOTIFIER_DATABASE_URL names no SQLite file: only such a database is moved")
    if is_sqlite(target):
        raise Refused("a database is moved to PostgreSQL: write postgresql+psycopg://USER@HOST/DATABASE")
    check_schema(source)
    if (place := journal_place(source, None)) and (waiting := unsaved_files(place)):
        raise Refused(
            f"{waiting[0]} holds what a dead worker could not save: start the worker once, stop it, then move"
        )
    return file


def move(source: Engine, target: Engine, *, say: Callable[[str], object]) -> Moved:
    """Copy every row to the target, compare both, and put the file aside. `say` gets a line for each table.

    The caller holds the lock that a worker holds; nobody else may have the file open. A target that holds rows is
    refused, unless they are these very ones: then an earlier move only lacked its last step.
    """
    file = check_move(source, target)
    upgrade(target)
    source.dispose()
    if not close_for_others(file):
        raise DatabaseFailure(f"{file} is damaged: nothing is moved.")
    with _exclusively(file) as ours, target.begin() as theirs:
        tables = tuple(_moved(ours, theirs, say))
    return Moved(tables, _put_aside(file))


def _moved(ours: Connection, theirs: Connection, say: Callable[[str], object]) -> Iterator[TableDigest]:
    wanted = [digest(ours, table) for table in SQLModel.metadata.sorted_tables]
    there = [digest(theirs, table) for table in SQLModel.metadata.sorted_tables]
    if any(one.rows for one in there) and there != wanted:
        raise Refused("that database holds other rows already: name an empty one")
    for table, one in zip(SQLModel.metadata.sorted_tables, wanted, strict=True):
        if not any(each.rows for each in there):
            copy_rows(ours, theirs, table)
            if digest(theirs, table) != one:
                raise DatabaseFailure(f"The rows of {table.name} are not the same on both sides: nothing is moved.")
        say(f"{one.table}: {counted(one.rows, 'row')}, digest {one.sha256[:16]}")
        yield one


@contextmanager
def _exclusively(file: Path) -> Iterator[Connection]:
    """A connection that keeps everybody else from reading and writing until it ends."""
    raw = sqlite3.connect(f"file:{quote(str(file.absolute()))}?mode=rw", uri=True, check_same_thread=False)
    with closing(raw):
        raw.isolation_level = None
        raw.execute("BEGIN EXCLUSIVE")
        engine = create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool, hide_parameters=True)
        with engine.connect() as connection:
            yield connection


def _put_aside(file: Path) -> Path:
    kept = file.rename(moved_aside(file))
    keep_through_power_cut(kept.parent)
    return kept
