"""The file under a running process: replaced or deleted, it is no database of ours any more."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from notifier.db.engine import file_of, open_engine, reading, writing
from notifier.db.same_file import DatabaseReplaced, OpenedFile
from notifier.domain.states import MessageState
from notifier.numbers.opt_outs import opt_out
from tests.faults.process import until
from tests.scheduler.test_process import PHONE, Place
from tests.scheduler.test_process import place as place  # noqa: PLC0414  # a fixture: pytest looks it up here by its own name

S = MessageState


def the_file(engine: Engine) -> Path:
    file = file_of(engine)
    assert file is not None
    return file


def replace_with_a_copy(engine: Engine) -> None:
    """As somebody might who compacts it: the same content in another file."""
    file = the_file(engine)
    engine.dispose()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("VACUUM INTO ?", (str(file.with_name("new")),))
    for log in ("-wal", "-shm"):
        file.with_name(f"{file.name}{log}").unlink(missing_ok=True)
    file.with_name("new").replace(file)


def test_after_the_file_was_replaced_nothing_leaves_and_the_worker_ends(place: Place) -> None:
    """An opt-out goes to the new file, which the worker does not have open."""
    place.sandbox.sandbox.latency = 3.0
    text = place.plan("+12125550102")  # in flight while it happens: before that, it would not leave at all
    worker = place.start()
    worker.until_said("ready")
    until(lambda: bool(place.sandbox.ledger), f"not called: {worker.lines}")
    replace_with_a_copy(place.engine)
    with writing(place.engine) as session:
        opt_out(session, PHONE, source="staff", at=place.clock.now(), by="test")
    place.plan(PHONE)
    assert 1 == worker.wait()
    assert "database_replaced" in [line["event"] for line in worker.lines]
    assert "was replaced or deleted while Notifier ran" in str(worker.lines[-1]["event"])
    assert ["+12125550102"] == [one.to for one in place.sandbox.ledger]

    place.start().until_said("ready")  # the copy is from before the answer: the journal knows better
    place.until_state(text, S.ACCEPTED)
    assert ["+12125550102"] == [one.to for one in place.sandbox.ledger]


def test_a_deleted_file_ends_the_worker_and_no_empty_one_is_made(place: Place) -> None:
    worker = place.start()
    worker.until_said("ready")
    file = the_file(place.engine)
    for one in file.parent.glob(f"{file.name}*"):
        one.unlink()
    assert 1 == worker.wait()
    assert not file.exists()


def put_back(engine: Engine, copy: Path) -> None:
    """Into the same file, page by page, as sqlite3's .restore does."""
    with closing(sqlite3.connect(copy)) as old, closing(sqlite3.connect(the_file(engine))) as live:
        old.backup(live)


@pytest.mark.parametrize("runs", [True, False])
def test_a_copy_put_back_in_place_sends_nothing_twice_with_a_worker_or_without(place: Place, runs: bool) -> None:
    text = place.plan()
    copy = the_file(place.engine).with_name("copy")
    with closing(sqlite3.connect(the_file(place.engine))) as live, closing(sqlite3.connect(copy)) as kept:
        live.backup(kept)
    worker = place.start()
    place.until_state(text, S.ACCEPTED)
    place.sandbox.settle()  # it has gone on to the carrier: Twilio lists it by its date
    if not runs:
        assert 0 == worker.end()
    put_back(place.engine, copy)
    other = place.plan("+12125550102")
    if not runs:
        worker = place.start()
    worker.until_said("database_went_back")
    assert (S.PLANNED, S.PLANNED) == (place.message(text).state, place.message(other).state)
    assert 1 == len(place.sandbox.ledger)


def test_no_connection_is_made_or_used_once_the_path_names_another_file(sqlite_engine: Engine, now: datetime) -> None:
    engine = open_engine(str(sqlite_engine.url))
    opened = OpenedFile(engine)
    opened.guard(engine)
    with reading(engine) as session:
        session.execute(text("SELECT 1"))
    replace_with_a_copy(sqlite_engine)
    with pytest.raises(DatabaseReplaced, match="was replaced or deleted"), reading(engine) as session:
        session.execute(text("SELECT 1"))
    the_file(engine).unlink()
    with pytest.raises(DatabaseReplaced), reading(engine) as session:
        session.execute(text("SELECT 1"))
    assert not the_file(engine).exists()
    assert opened.why_lost() is not None
    engine.dispose()


def test_the_log_of_a_file_that_was_replaced_is_not_mixed_into_the_new_one_and_the_old_one_loses_nothing(
    sqlite_engine: Engine, now: datetime
) -> None:
    """Whoever replaces it leaves the log where it is, and SQLite takes it for the new file's."""
    engine, new = open_engine(str(sqlite_engine.url)), the_file(sqlite_engine)
    sqlite_engine.dispose()
    OpenedFile(engine).guard(engine)
    with writing(engine) as session:
        opt_out(session, PHONE, source="staff", at=now, by="test")
        session.execute(text("CREATE TABLE apart AS SELECT randomblob(9000) AS filled"))
    with closing(sqlite3.connect(new)) as connection:
        connection.execute("VACUUM INTO ?", (str(new.with_name("new")),))
    old = new.rename(new.with_name("old"))
    new.with_name("new").replace(new)
    with pytest.raises(DatabaseReplaced), reading(engine) as session:
        session.execute(text("SELECT 1"))
    engine.dispose()
    for file in (new, old):
        with closing(sqlite3.connect(file)) as connection:
            assert [("ok",)] == connection.execute("PRAGMA integrity_check").fetchall()
            assert [(PHONE,)] == connection.execute("SELECT phone FROM opt_outs").fetchall()
