"""A backup is whole and private, whatever is written meanwhile; what it replaces when it is put back is kept."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from structlog.testing import capture_logs

from notifier.bootstrap.prepare_database import say_restored
from notifier.db.engine import file_of, open_engine, reading, writing
from notifier.db.errors import DatabaseFailure
from notifier.db.events import record_event
from notifier.db.schema import check_schema
from notifier.db.tables import RecoveryKind
from notifier.domain.refused import Refused
from notifier.maintenance.backups import back_up, check_integrity, put_in_place
from notifier.sending.gates.recoveries import open_recoveries
from tests.conftest import Rows


def back(engine: Engine, to: Path, now: datetime) -> Path:
    back_up(engine, to, now=now, by="desk")
    return to


def put(engine: Engine, backup: Path, now: datetime) -> Path | None:
    engine.dispose()
    return put_in_place(engine, backup, now=now, by="desk")[0]


def count(file: Path, table: str) -> int:
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


@contextmanager
def somebody_writes(engine: Engine, rows: Rows) -> Iterator[None]:
    """One enrollment with its text in each transaction, one after the other."""
    stop, first = threading.Event(), threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            with writing(engine) as session:
                rows.message(session, rows.enrollment(session, folded_name=f"n{number}"))
            number += 1
            first.set()

    thread = threading.Thread(target=write)
    thread.start()
    assert first.wait(10)
    yield
    stop.set()
    thread.join()


def test_a_backup_during_writes_is_one_moment(sqlite_engine: Engine, rows: Rows, now: datetime, tmp_path: Path) -> None:
    with somebody_writes(sqlite_engine, rows):
        copies = [back(sqlite_engine, tmp_path / f"{number}.db", now) for number in range(3)]
    for copy in copies:
        check_integrity(copy)
        assert 0o600 == copy.stat().st_mode & 0o777
        assert 0 < count(copy, "enrollments") == count(copy, "messages")
    assert {"notifier.db", "0.db", "1.db", "2.db"} == {
        one.name for one in tmp_path.glob("*.db*") if "-" not in one.name
    }


def test_whoever_starts_from_a_backup_sends_nothing_at_first(
    sqlite_engine: Engine, now: datetime, tmp_path: Path
) -> None:
    """Also where somebody copied it by hand, without `restore`."""
    copy = open_engine(f"sqlite:///{back(sqlite_engine, tmp_path / 'copy.db', now)}")
    with reading(copy) as session:
        assert now == open_recoveries(session)[RecoveryKind.RESTORED].up_to
    copy.dispose()
    with reading(sqlite_engine) as session:
        assert {} == open_recoveries(session)


def test_a_backup_replaces_no_file(sqlite_engine: Engine, now: datetime, tmp_path: Path) -> None:
    there = tmp_path / "there.db"
    there.write_text("mine")
    with pytest.raises(Refused, match="exists already"):
        back(sqlite_engine, there, now)
    assert "mine" == there.read_text()


def test_a_backup_into_nowhere_is_a_sentence(sqlite_engine: Engine, now: datetime, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="there is no directory"):
        back(sqlite_engine, tmp_path / "nowhere" / "copy.db", now)


@pytest.mark.postgres
def test_postgresql_is_backed_up_by_its_own_tools(postgresql_engine: Engine, now: datetime, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="pg_dump"):
        back(postgresql_engine, tmp_path / "copy.db", now)
    with pytest.raises(Refused, match="pg_restore"):
        put_in_place(postgresql_engine, tmp_path / "copy.db", now=now, by="desk")


def test_a_restore_brings_back_the_moment_and_keeps_what_it_replaces(
    sqlite_engine: Engine, rows: Rows, now: datetime, tmp_path: Path
) -> None:
    with writing(sqlite_engine) as session:
        rows.enrollment(session)
    copy = back(sqlite_engine, tmp_path / "copy.db", now)
    with writing(sqlite_engine) as session:
        rows.enrollment(session, folded_name="later")
    kept = put(sqlite_engine, copy, now + timedelta(days=1))
    assert kept == tmp_path / "notifier.db.before-restore"
    assert (1, 2) == (count(tmp_path / "notifier.db", "enrollments"), count(kept, "enrollments"))
    assert 0o600 == (tmp_path / "notifier.db").stat().st_mode & 0o777
    check_schema(sqlite_engine)
    with reading(sqlite_engine) as session:
        assert now == open_recoveries(session)[RecoveryKind.RESTORED].up_to
    with capture_logs() as logs:
        say_restored(sqlite_engine)
    assert [("restored", now.isoformat())] == [(one["event"], one["as_of"]) for one in logs]
    sqlite_engine.dispose()
    assert tmp_path / "notifier.db.before-restore-2" == put(sqlite_engine, copy, now)


def test_a_copy_made_by_hand_starts_where_it_ends(
    sqlite_engine: Engine, rows: Rows, now: datetime, tmp_path: Path
) -> None:
    """Its last event is the last thing it knows."""
    with writing(sqlite_engine) as session:
        record_event(session, at=now - timedelta(hours=9), by="desk", what="changed")
    sqlite_engine.dispose()
    copy = tmp_path / "by-hand.db"
    shutil.copyfile(tmp_path / "notifier.db", copy)
    put(sqlite_engine, copy, now)
    with reading(sqlite_engine) as session:
        assert now - timedelta(hours=9) == open_recoveries(session)[RecoveryKind.RESTORED].up_to


def test_a_log_that_was_left_behind_is_not_mixed_into_the_backup(
    sqlite_engine: Engine, rows: Rows, now: datetime, tmp_path: Path
) -> None:
    """The database is damaged and its process was killed: SQLite would replay the old log into the new file."""
    copy = back(sqlite_engine, tmp_path / "copy.db", now)
    database = file_of(sqlite_engine)
    assert database
    with writing(sqlite_engine) as session:
        rows.enrollment(session)
    log = (tmp_path / "notifier.db-wal").read_bytes()
    sqlite_engine.dispose()
    database.write_bytes(b"nonsense" * 1000)
    (tmp_path / "notifier.db-wal").write_bytes(log)
    kept = put(sqlite_engine, copy, now)
    assert kept is not None
    assert b"nonsense" == kept.read_bytes()[:8]
    assert log == (tmp_path / "notifier.db.before-restore-wal").read_bytes()
    assert 0 == count(database, "enrollments")
    check_integrity(database)


def test_a_database_that_is_gone_leaves_no_log_for_the_backup(
    sqlite_engine: Engine, rows: Rows, now: datetime, tmp_path: Path
) -> None:
    copy = back(sqlite_engine, tmp_path / "copy.db", now)
    with writing(sqlite_engine) as session:
        rows.enrollment(session)
    log = (tmp_path / "notifier.db-wal").read_bytes()
    sqlite_engine.dispose()
    (tmp_path / "notifier.db").unlink()
    (tmp_path / "notifier.db-wal").write_bytes(log)
    assert None is put(sqlite_engine, copy, now)
    assert 0 == count(tmp_path / "notifier.db", "enrollments")


def test_a_restore_waits_until_nobody_has_the_database_open(
    sqlite_engine: Engine, now: datetime, tmp_path: Path
) -> None:
    copy = back(sqlite_engine, tmp_path / "copy.db", now)
    page = open_engine(str(sqlite_engine.url))
    with reading(page) as session:
        open_recoveries(session)
    with pytest.raises(Refused, match=r"has .*notifier\.db open, such as the page"):
        put(sqlite_engine, copy, now)
    page.dispose()
    assert not (tmp_path / "notifier.db.before-restore").exists()
    assert put(sqlite_engine, copy, now)


def test_a_damaged_backup_is_not_put_in_place(sqlite_engine: Engine, now: datetime, tmp_path: Path) -> None:
    copy = back(sqlite_engine, tmp_path / "copy.db", now)
    content = bytearray(copy.read_bytes())
    content[8192:12288] = b"\xff" * 4096
    copy.write_bytes(content)
    before = (tmp_path / "notifier.db").read_bytes()
    with pytest.raises(DatabaseFailure, match="is damaged"):
        put(sqlite_engine, copy, now)
    assert before == (tmp_path / "notifier.db").read_bytes()


@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        (lambda file: None, "there is no file"),
        (lambda file: file.write_text("a letter, not a database" * 100), "is not a database"),
        (lambda file: sqlite3.connect(file).execute("CREATE TABLE t (x)").connection.close(), "not one of Notifier's"),
    ],
)
def test_what_is_no_backup_is_a_sentence(
    sqlite_engine: Engine, now: datetime, tmp_path: Path, prepare: object, sentence: str
) -> None:
    file = tmp_path / "other"
    prepare(file)  # type: ignore[operator]  # the table above
    with pytest.raises((Refused, DatabaseFailure), match=sentence):
        put(sqlite_engine, file, now)


def test_a_backup_of_a_newer_notifier_is_refused(sqlite_engine: Engine, now: datetime, tmp_path: Path) -> None:
    copy = back(sqlite_engine, tmp_path / "copy.db", now)
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Refused, match="revision 9999"):
        put(sqlite_engine, copy, now)


def test_the_database_is_no_backup_of_itself(sqlite_engine: Engine, now: datetime, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="the database itself"):
        put(sqlite_engine, tmp_path / "notifier.db", now)
