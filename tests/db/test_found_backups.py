"""A damaged database names the newest backup beside it, and the command that puts it in its place."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from notifier.db.engine import open_engine
from notifier.db.errors import DatabaseDamaged, DatabaseFailure
from notifier.db.found_backups import how_to_restore, newest_backup
from notifier.db.schema import check_file, upgrade
from notifier.maintenance.backups import back_up

NOW = datetime(2026, 3, 7, 20, 40, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path / 'notifier.db'}")
    upgrade(engine)
    yield engine
    engine.dispose()


def _back_up(engine: Engine, file: Path, hour: int) -> None:
    file.parent.mkdir(exist_ok=True)
    back_up(engine, file, now=NOW, by="test")
    at = datetime(2026, 3, 7, hour, tzinfo=UTC).timestamp()
    os.utime(file, (at, at))


def test_the_newest_one_is_named_wherever_it_lies(database: Engine, tmp_path: Path) -> None:
    file = tmp_path / "notifier.db"
    assert None is newest_backup(file)
    _back_up(database, tmp_path / "monday.db", 3)
    assert tmp_path / "monday.db" == newest_backup(file)
    _back_up(database, tmp_path / "backups" / "tuesday.sqlite", 4)
    assert tmp_path / "backups" / "tuesday.sqlite" == newest_backup(file)


def test_what_is_no_backup_is_passed_by(database: Engine, tmp_path: Path) -> None:
    """Notes, a database of others, and what a restore has replaced: all younger than any backup."""
    (tmp_path / "notes.txt").write_text("call Ana", encoding="utf-8")
    (tmp_path / "odd.db").write_bytes(b"SQLite format 3\x00 and nonsense")
    shutil.copy(tmp_path / "notifier.db", tmp_path / "copy.db")
    assert None is newest_backup(tmp_path / "notifier.db")
    _back_up(database, tmp_path / "notifier.db.before-restore", 3)
    assert None is newest_backup(tmp_path / "notifier.db")


def test_a_damaged_database_says_what_to_type(database: Engine, tmp_path: Path) -> None:
    _back_up(database, tmp_path / "monday.db", 3)
    database.dispose()
    file = tmp_path / "notifier.db"
    content = bytearray(file.read_bytes())
    content[8192 : 8192 * 4] = b"\xff" * (8192 * 3)
    file.write_bytes(content)
    with pytest.raises(DatabaseDamaged) as found:
        check_file(database)
    expected = f"put the newest backup beside it, of 2026-03-07 03:00 UTC, in its place: `notifier restore {tmp_path}"
    assert f"The database {file} is damaged: {expected}/monday.db`." == str(found.value)
    database.dispose()
    for rest in tmp_path.glob("notifier.db-*"):
        rest.unlink()
    file.write_bytes(b"no database at all" * 1000)
    with pytest.raises(DatabaseFailure, match=r"is not a database: name another file, or put the newest backup"):
        check_file(database)


def test_without_any_backup_it_says_how_in_general(tmp_path: Path) -> None:
    assert "put the latest backup in its place (`notifier restore FILE`)" == how_to_restore(tmp_path / "notifier.db")
