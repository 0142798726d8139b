"""A damaged file: a glance before the start, the whole of it beside the worker, which then sends nothing more."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, text

from notifier.db import integrity as soundness
from notifier.db.engine import file_of, open_engine, writing
from notifier.db.errors import DatabaseDamaged, DatabaseFailure
from notifier.db.integrity import ThoroughCheck, look_before_start
from notifier.db.schema import check_file
from notifier.domain.states import MessageState
from tests.alerting.loopback import web_server
from tests.conftest import Rows
from tests.scheduler.test_alerting import worker_of
from tests.scheduler.test_process import Place
from tests.scheduler.test_process import place as place  # noqa: PLC0414  # a fixture: pytest looks it up here by its own name
from tests.scheduler.test_worker import working
from tests.setups.fakes import FakeClock

S = MessageState
PAGE = 4096


def the_file(engine: Engine) -> Path:
    file = file_of(engine)
    assert file is not None
    return file


def folded(engine: Engine) -> Path:
    """The file with everything in it, and nobody who has it open."""
    engine.dispose()
    with closing(sqlite3.connect(the_file(engine))) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return the_file(engine)


def damage(engine: Engine, table: str = "events", *, deep: bool = False) -> None:
    """Overwrite the first page of a table, or, deep, one that only who reads all of it comes to."""
    file = folded(engine)
    with closing(sqlite3.connect(file)) as connection:
        query = "SELECT rootpage FROM sqlite_schema WHERE name = ?"
        (page,) = connection.execute(query, (table,)).fetchone()
    with file.open("r+b") as bytes_:
        bytes_.seek(file.stat().st_size - PAGE if deep else PAGE * (page - 1))
        bytes_.write(b"\xff" * PAGE)


def fill(engine: Engine, rows: Rows) -> None:
    """So many rows that most of them lie in pages of their own."""
    with writing(engine) as session:
        whose = rows.enrollment(session)
        for _ in range(120):
            rows.message(session, whose, text="Keep it clean. " * 40)


def check(engine: Engine) -> list[str]:
    """What a check beside the worker finds."""
    found: list[str] = []
    check = ThoroughCheck(engine, found.append)
    check.start()
    check._thread.join(20)
    assert not check._thread.is_alive()
    return found


def test_a_sound_file_passes_both(sqlite_engine: Engine, rows: Rows) -> None:
    fill(sqlite_engine, rows)
    look_before_start(sqlite_engine)
    assert [] == check(sqlite_engine)


@pytest.mark.postgres
def test_postgresql_looks_after_its_own_files(postgresql_engine: Engine) -> None:
    look_before_start(postgresql_engine)
    unused = ThoroughCheck(postgresql_engine, print)
    unused.start()
    unused.stop()
    assert not unused._thread.is_alive()


@pytest.mark.parametrize("table", ["messages", "opt_outs", "events"])
def test_the_glance_sees_a_table_whose_beginning_is_broken(sqlite_engine: Engine, table: str) -> None:
    damage(sqlite_engine, table)
    with pytest.raises(DatabaseDamaged, match="is damaged: put the latest backup in its place"):
        look_before_start(sqlite_engine)


def test_a_file_that_is_no_database_is_refused(sqlite_engine: Engine) -> None:
    sqlite_engine.dispose()
    the_file(sqlite_engine).write_bytes(b"not a database, " * 1000)
    with pytest.raises(DatabaseFailure, match="is not a database"):
        look_before_start(sqlite_engine)


def test_what_the_glance_passes_the_check_beside_finds_and_the_next_start_knows(
    sqlite_engine: Engine, rows: Rows
) -> None:
    """Until the file has been replaced."""
    fill(sqlite_engine, rows)
    sound = folded(sqlite_engine).read_bytes()
    damage(sqlite_engine, deep=True)
    look_before_start(sqlite_engine)
    (said,) = check(sqlite_engine)
    assert "is damaged: put the latest backup in its place" in said
    with pytest.raises(DatabaseDamaged):
        look_before_start(sqlite_engine)
    sqlite_engine.dispose()
    the_file(sqlite_engine).write_bytes(sound)
    look_before_start(sqlite_engine)
    assert [] == list(the_file(sqlite_engine).parent.glob("*.damaged"))


def test_a_check_and_a_writer_do_not_wait_for_each_other(sqlite_engine: Engine, rows: Rows) -> None:
    impatient = open_engine(str(sqlite_engine.url), busy_seconds=0)
    with writing(sqlite_engine) as session:
        rows.enrollment(session)
        check_file(impatient)
        look_before_start(impatient)
    impatient.dispose()


def test_a_check_takes_what_is_left_of_the_processor(sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int]] = []

    def look(engine: Engine) -> None:
        me = threading.get_native_id()
        seen.append((os.getpriority(os.PRIO_PROCESS, me), os.getpriority(os.PRIO_PROCESS, os.getpid())))

    monkeypatch.setattr(soundness, "check_file", look)
    check(sqlite_engine)
    ((mine, the_workers),) = seen
    assert (19, True) == (mine, the_workers < 19)


async def test_a_check_breaks_off_when_the_worker_ends(sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = threading.Event()
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"

    def for_ever(engine: Engine) -> None:
        with engine.connect().execution_options(readonly=True) as connection:
            begun.set()
            connection.execute(text(endless))

    monkeypatch.setattr(soundness, "check_file", for_ever)
    beside = ThoroughCheck(sqlite_engine, print)
    beside.start()
    assert await asyncio.to_thread(begun.wait, 10)
    for _ in range(100):  # until the statement has begun
        beside.stop()
        await asyncio.to_thread(beside._thread.join, 0.05)
    assert not beside._thread.is_alive()


async def test_a_worker_that_hears_of_damage_claims_nothing_more_and_ends(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with working(sqlite_engine) as running:
        running.worker._found_damage("The database is damaged.")
        text = running.plan()
        assert await running.ending
        assert (S.PLANNED, "The database is damaged.") == (running.state(text), running.worker.damage)


def test_damage_ends_the_worker_and_no_other_starts(place: Place, rows: Rows) -> None:
    """`PRAGMA quick_check` reads what nobody has asked for yet."""
    fill(place.engine, rows)
    damage(place.engine, deep=True)
    first = place.start()
    assert 1 == first.wait()
    events = [line["event"] for line in first.lines]
    assert ["ready", "database_damaged"] == [one for one in events if one in ("ready", "database_damaged")]
    assert "is damaged: put the latest backup in its place" in "".join(map(str, first.lines[-3:]))
    second = place.start()
    assert 1 == second.wait()
    assert "ready" not in [line["event"] for line in second.lines]


async def test_somebody_is_told(sqlite_engine: Engine, now: datetime) -> None:
    """By every channel: after the next start there is no worker that could tell."""
    async with (
        web_server() as server,
        worker_of(sqlite_engine, FakeClock(now), alert_webhook=SecretStr(server.url)) as worker,
    ):
        running = asyncio.create_task(worker.run(lambda: worker._found_damage("The database is damaged.")))
        assert await running
    assert ["The database is damaged."] == [one["why"] for _, said in server.asked for one in said["alerts"]]
