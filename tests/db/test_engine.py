"""The door to the database: who waits for whom, and what a database that cannot be used says."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from notifier.db import enrollments
from notifier.db.engine import file_of, open_engine, reading, writing
from notifier.db.errors import DatabaseBusy, DatabaseFailure, why_not_opened
from notifier.db.schema import check_file, upgrade


@pytest.mark.parametrize(
    ("pragma", "expected"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 10_000)],
)
def test_sqlite_is_set_for_durability(sqlite_engine: Engine, pragma: str, expected: object) -> None:
    """synchronous 2 is FULL: a power cut forgets no commit."""
    with writing(sqlite_engine) as session:
        assert expected == session.execute(text(f"PRAGMA {pragma}")).scalar()


@pytest.mark.postgres
def test_postgresql_speaks_utc_never_waits_for_a_lock_forever_and_plans_what_is_streamed_to_its_end(
    postgresql_engine: Engine,
) -> None:
    expected = {"timezone": "UTC", "lock_timeout": "10s", "cursor_tuple_fraction": "1", "jit": "off"}
    with reading(postgresql_engine) as session:
        said = {name: session.execute(text(f"SHOW {name}")).scalar() for name in expected}
    assert expected == said


@pytest.mark.parametrize("url", ["postgres://a@h/n", "postgresql://a@h/n", "postgresql+psycopg://a@h/n"])
def test_every_spelling_of_postgresql_gets_our_driver(url: str) -> None:
    assert "postgresql+psycopg://a@h/n" == str(open_engine(url).url)


def test_a_relative_file_counts_from_the_working_directory_of_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert tmp_path / "notifier.db" == file_of(open_engine("sqlite:///notifier.db"))


def test_what_is_written_is_kept_and_what_fails_is_not(engine: Engine, rows: Any) -> None:
    with writing(engine) as session:
        rows.enrollment(session, external_id="kept")
    with contextlib.suppress(RuntimeError), writing(engine) as session:
        rows.enrollment(session, external_id="lost", ordinal=1)
        raise RuntimeError
    with reading(engine) as session:
        found = [one.external_id for one in enrollments.sharing_phone(session, "+12125550101")]
    assert ["kept"] == found


def test_rows_stay_readable_after_the_commit(engine: Engine, rows: Any) -> None:
    with writing(engine) as session:
        found = enrollments.by_id(session, rows.enrollment(session))
    assert found is not None
    assert "Ana Ruiz" == found.name


def test_a_reader_neither_waits_for_a_writer_nor_sees_half_of_its_work(engine: Engine, rows: Any) -> None:
    with writing(engine) as writer:
        rows.enrollment(writer)
        with reading(engine) as reader:
            assert [] == enrollments.sharing_phone(reader, "+12125550101")


def test_a_reader_sees_one_moment_throughout(engine: Engine, rows: Any) -> None:
    with reading(engine) as reader:
        before = enrollments.sharing_phone(reader, "+12125550101")
        with writing(engine) as writer:
            rows.enrollment(writer)
        after = enrollments.sharing_phone(reader, "+12125550101")
    assert ([], []) == (before, after)


def test_a_reader_cannot_write_and_that_is_not_blamed_on_the_database(engine: Engine, rows: Any) -> None:
    with pytest.raises(DBAPIError) as caught, reading(engine) as session:
        rows.enrollment(session)
    assert not isinstance(caught.value, DatabaseFailure)
    with writing(engine) as session:  # the same connection, from the pool
        assert rows.enrollment(session)


def test_a_writer_that_reads_first_is_not_overtaken(sqlite_engine: Engine) -> None:
    """BEGIN IMMEDIATE: the second writer waits at its start, and gives up with a sentence when its time is over."""
    impatient = open_engine(str(sqlite_engine.url), busy_seconds=0)
    with writing(sqlite_engine) as session:
        session.execute(text("SELECT count(*) FROM enrollments"))
        with pytest.raises(DatabaseBusy, match="Try again in a moment"), writing(impatient) as second:
            second.execute(text("SELECT 1"))
    impatient.dispose()


@pytest.mark.postgres
def test_a_row_that_stays_locked_is_given_up_with_a_sentence(postgresql_engine: Engine, rows: Any) -> None:
    with writing(postgresql_engine) as session:
        enrollment = rows.enrollment(session)
    lock = text("SELECT id FROM enrollments WHERE id = :id FOR UPDATE")
    with writing(postgresql_engine) as session:
        session.execute(lock, {"id": enrollment})
        with writing(postgresql_engine) as second:
            second.execute(text("SET LOCAL lock_timeout = '1ms'"))
            with pytest.raises(DatabaseBusy, match="Try again in a moment"):
                second.execute(lock, {"id": enrollment})
            second.rollback()


def test_a_directory_instead_of_a_file_is_said(tmp_path: Path) -> None:
    _refused(f"sqlite:///{tmp_path}", f"{tmp_path} is a directory: name a file in it")


def test_a_missing_directory_is_said(tmp_path: Path) -> None:
    _refused(f"sqlite:///{tmp_path}/no/notifier.db", f"directory {tmp_path}/no of the database does not exist")


def test_a_file_as_a_directory_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    _refused(f"sqlite:///{tmp_path}/file/notifier.db", f"{tmp_path}/file is not a directory")


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("my notes, many of them " * 100)
    _refused(f"sqlite:///{tmp_path}/notes.db", "notes.db is not a database")


def test_a_read_only_database_is_said(empty_sqlite_url: str, tmp_path: Path) -> None:
    """Opened so, because root may write a file whatever its mode."""
    sqlite3.connect(tmp_path / "notifier.db").close()
    _refused(f"sqlite:///file:{tmp_path}/notifier.db?mode=ro&uri=true", "read-only: let this user write")


def test_a_filesystem_that_is_mounted_read_only_is_said(
    empty_sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite says "read-only" or "cannot open", by what it tried first; permissions have nothing to do with it."""
    sqlite3.connect(tmp_path / "notifier.db").close()
    mounted = os.statvfs_result((4096, 4096, 9, 9, 9, 9, 9, 9, os.ST_RDONLY, 255))
    monkeypatch.setattr("notifier.db.errors.os.statvfs", lambda _directory: mounted)
    _refused(f"sqlite:///file:{tmp_path}/notifier.db?mode=ro&uri=true", "mounted read-only: mount it for writing")
    assert "is on a filesystem that is mounted read-only" in why_not_opened(tmp_path / "notifier.db")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write a file whatever its mode")
def test_a_file_that_this_user_may_not_write_is_said(tmp_path: Path) -> None:
    file = tmp_path / "notifier.db"
    sqlite3.connect(file).close()
    file.write_bytes(b"")
    file.chmod(0o400)
    _refused(f"sqlite:///{file}", "read-only|may not be read and written")


def test_a_full_disk_is_said(sqlite_engine: Engine, rows: Any) -> None:
    with writing(sqlite_engine) as session:
        session.execute(text("PRAGMA max_page_count = 1"))
        enrollment = rows.enrollment(session)
        with pytest.raises(DatabaseFailure, match="is full: make room"):
            rows.message(session, enrollment, text="x" * 100_000)
        session.rollback()


def test_a_damaged_page_is_said(sqlite_engine: Engine, rows: Any) -> None:
    file = file_of(sqlite_engine)
    assert file is not None
    with sqlite_engine.begin() as connection:
        root = connection.execute(text("SELECT rootpage FROM sqlite_schema WHERE name = 'enrollments'")).scalar()
    with file.open("r+b") as bytes_:
        bytes_.seek(4096 * (int(root or 0) - 1))
        bytes_.write(b"\xff" * 4096)
    with pytest.raises(DatabaseFailure, match="is damaged: put the latest backup in its place"):
        check_file(sqlite_engine)
    with pytest.raises(DatabaseFailure, match="is damaged"), writing(sqlite_engine) as session:
        rows.enrollment(session)


def test_a_sound_file_passes(sqlite_engine: Engine) -> None:
    check_file(sqlite_engine)


def test_a_server_that_does_not_answer_is_said() -> None:
    _refused("postgresql://ana:secret@127.0.0.1:1/notifier", "127.0.0.1 does not answer: is it running")


@pytest.mark.postgres
def test_a_server_without_that_database_is_said(postgresql_engine: Engine) -> None:
    url = postgresql_engine.url.set(database="no-such-database").render_as_string(hide_password=False)
    _refused(url, "does not exist .*: create it with `createdb`")


@pytest.mark.postgres
def test_a_server_that_became_read_only_is_said(postgresql_engine: Engine, rows: Any) -> None:
    with writing(postgresql_engine) as session:
        session.execute(text("SET TRANSACTION READ ONLY"))
        with pytest.raises(DatabaseFailure, match="is read-only: it may be a standby"):
            rows.enrollment(session)
        session.rollback()


def test_an_address_that_is_none_is_said_without_its_password(subtests: pytest.Subtests) -> None:
    for url in ("", "rubbish", "mysql://ana:secret@h/n", "postgresql:/ana:secret"):
        with subtests.test(url=url):
            with pytest.raises(
                DatabaseFailure, match=r"Write NOTIFIER_DATABASE_URL as sqlite:///notifier\.db or"
            ) as caught:
                open_engine(url)
            assert "secret" not in str(caught.value)


def test_who_retries_on_operational_errors_retries_on_these_too() -> None:
    assert issubclass(DatabaseBusy, DatabaseFailure)
    assert issubclass(DatabaseFailure, OperationalError)


def _refused(url: str, sentence: str) -> None:
    engine = open_engine(url)
    with pytest.raises(DatabaseFailure, match=sentence) as caught:
        upgrade(engine)
    engine.dispose()
    assert 1 == len(str(caught.value).splitlines())
    assert "secret" not in str(caught.value)
