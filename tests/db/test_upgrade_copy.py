"""Before an older SQLite database is upgraded, a copy of it is left beside it that was read through."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from notifier.db import migrate, upgrade_copy
from notifier.db.engine import open_engine, reading
from notifier.db.errors import DatabaseFailure
from notifier.db.schema import HEAD, Upgraded, check_schema, current_revision, prepare
from notifier.maintenance.backups import back_up, put_in_place
from notifier.sending.gates.recoveries import open_recoveries

OLD = "0009"
STEP = timedelta(days=1)


@pytest.fixture
def older(empty_sqlite_url: str, tmp_path: Path) -> Iterator[Engine]:
    """A database of the version before, with an event in it."""
    (tmp_path / "notifier.db").touch(0o600)
    engine = open_engine(empty_sqlite_url)
    _make_old(engine)
    yield engine
    engine.dispose()


def _make_old(engine: Engine) -> None:
    with engine.begin() as connection:
        command.downgrade(migrate.config(connection), "base")
        command.upgrade(migrate.config(connection), OLD)
        connection.exec_driver_sql(
            "INSERT INTO events (clinic_id, at, by, what) VALUES ('clinic', '2026-03-06T19:10:00.000000Z', 't', 'kept')"
        )


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return current_revision(connection)


def _beside(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir() if one.name not in {f"notifier.db{end}" for end in _OWN})


_OWN = ("", "-wal", "-shm")


def test_the_copy_is_whole_private_and_says_of_what_and_when(older: Engine, now: datetime, tmp_path: Path) -> None:
    copy = tmp_path / "notifier.db.before-upgrade-0009-20260306T191000Z"
    assert Upgraded(copy=copy) == prepare(older, now)
    assert ([copy.name], 0o600) == (_beside(tmp_path), copy.stat().st_mode & 0o777)
    with closing(sqlite3.connect(copy)) as connection:
        assert [("0009",)] == connection.execute("SELECT version_num FROM alembic_version").fetchall()
        assert [("clinic", "kept")] == connection.execute("SELECT clinic_id, what FROM events").fetchall()
    check_schema(older)
    assert Upgraded() == prepare(older, now + STEP), "nothing is copied where nothing is upgraded"


def test_the_newest_two_stay(older: Engine, now: datetime, tmp_path: Path) -> None:
    for days in range(3):
        prepare(older, now + days * STEP)
        _make_old(older)
    assert [f"notifier.db.before-upgrade-0009-2026030{day}T191000Z" for day in (7, 8)] == _beside(tmp_path)


def test_without_room_nothing_is_upgraded_and_the_sentence_says_how_much_is_needed(
    older: Engine, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = (tmp_path / "notifier.db").stat().st_size
    log = (tmp_path / "notifier.db-wal").stat().st_size
    free = 2 * size - log - 1
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: shutil._ntuple_diskusage(0, 0, free))
    with pytest.raises(DatabaseFailure, match=rf"Nothing was upgraded: {2 * size:,} bytes must be free beside .*room"):
        prepare(older, now)
    assert (OLD, []) == (_revision(older), _beside(tmp_path))
    free += 1
    prepare(older, now)
    check_schema(older)


def test_where_the_copy_fails_nothing_is_upgraded_and_nothing_is_left(
    older: Engine, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(upgrade_copy, "keep_through_power_cut", full)
    with pytest.raises(DatabaseFailure, match=r"Nothing was upgraded: the copy .* No space left on device\."):
        prepare(older, now)
    assert (OLD, []) == (_revision(older), _beside(tmp_path))


def test_a_copy_that_is_damaged_upgrades_nothing(older: Engine, now: datetime, tmp_path: Path) -> None:
    older.dispose()
    file = tmp_path / "notifier.db"
    with closing(sqlite3.connect(file)) as connection:
        ((page,),) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'wrong_passwords'").fetchall()
        ((size,),) = connection.execute("PRAGMA page_size").fetchall()
    content = bytearray(file.read_bytes())
    content[(page - 1) * size : page * size] = b"\xff" * size
    file.write_bytes(content)
    with pytest.raises(DatabaseFailure, match=r"Nothing was upgraded: the copy .* is damaged"):
        prepare(older, now)
    assert (OLD, []) == (_revision(older), _beside(tmp_path))


def test_a_backup_of_an_older_database_leaves_no_second_copy(older: Engine, now: datetime, tmp_path: Path) -> None:
    back_up(older, tmp_path / "copy.db", now=now, by="test")
    assert ["copy.db"] == _beside(tmp_path)


def test_a_backup_has_the_schema_of_what_it_copies_so_that_the_version_before_opens_it(
    older: Engine, now: datetime, tmp_path: Path
) -> None:
    """And it waits for a person, in that version too."""
    file, backup, before = tmp_path / "notifier.db", tmp_path / "backup.db", _version_before()
    for revision in ("0010", before):
        _migrate(older, revision)
        backup.unlink(missing_ok=True)
        back_up(older, backup, now=now, by="test")
        with closing(sqlite3.connect(backup)) as copy, closing(sqlite3.connect(file)) as source:
            assert source.execute(_SCHEMA).fetchall() == copy.execute(_SCHEMA).fetchall()
            assert [("restored", None)] == copy.execute("SELECT kind, ended_at FROM recoveries").fetchall()
            assert [(revision,)] == copy.execute("SELECT version_num FROM alembic_version").fetchall()
            assert source.execute(_EVENTS).fetchall() == copy.execute(_EVENTS).fetchall()


def _version_before() -> str:
    this = ScriptDirectory.from_config(migrate.config()).get_revision(HEAD)
    assert isinstance(this.down_revision, str)
    return this.down_revision


def _migrate(engine: Engine, revision: str) -> None:
    with engine.begin() as connection:
        command.upgrade(migrate.config(connection), revision)


_EVENTS = "SELECT what FROM events"
_SCHEMA = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"


def test_such_a_copy_can_be_put_back(older: Engine, now: datetime) -> None:
    copy = prepare(older, now).copy
    assert copy is not None
    older.dispose()
    put_in_place(older, copy, now=now + STEP, by="test")
    with reading(older) as session:
        assert ["restored"] == [kind.value for kind in open_recoveries(session)]
    check_schema(older)


def test_a_new_database_has_nothing_to_copy(empty_sqlite_url: str, now: datetime, tmp_path: Path) -> None:
    engine = open_engine(empty_sqlite_url)
    assert Upgraded(created=tmp_path / "notifier.db") == prepare(engine, now)
    engine.dispose()
    assert [] == _beside(tmp_path)
