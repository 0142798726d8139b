"""The emergency journal: what the database does not take outlives a kill, and nothing is written down twice."""

from __future__ import annotations

import asyncio
import os
import resource
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from notifier.db.engine import open_engine
from notifier.sending.outcomes import journal as room
from notifier.sending.outcomes.journal import Journal, JournalEntry, journal_place, left_behind
from notifier.sending.outcomes.results import Finished, Result
from notifier.sms.code_classes import NotCreatedClass

SID = f"SM{1:032x}"
AWAY = OperationalError(None, None, Exception("away"))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "notifier.db.unsaved"


@pytest.fixture
def file(place: Path) -> Path:
    """The file of the worker "me"."""
    return place.with_name(f"{place.name}-me")


def finished(now: datetime, attempt: str = "attempt-1", **values: Any) -> Finished:
    given = {"result": Result.ACCEPTED, "sid": SID, **values}
    return Finished(1, attempt, "+12125550101", at=now, **given)


def lines(file: Path) -> list[str]:
    """What is in it; nothing where there is none."""
    return file.read_text("utf-8").splitlines() if file.exists() else []


def tear(file: Path) -> None:
    """A kill in the middle of a write."""
    file.write_bytes(file.read_bytes()[:-20])


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


async def fails() -> None:
    raise AWAY


async def succeeds() -> None:
    pass


async def keep(journal: Journal, *batch: Finished) -> None:
    with pytest.raises(OperationalError):
        await journal.while_saving(batch, fails())


def read(place: Path) -> Sequence[JournalEntry]:
    """As the next worker does after this process was killed: the kernel has let go of its lock."""
    with left_behind(place) as kept:
        return kept


@contextmanager
def killed(journal: Journal) -> Iterator[None]:
    """What the kernel does for a process that is killed."""
    assert journal._descriptor is not None
    os.close(journal._descriptor)
    journal._descriptor = None
    yield


async def test_what_the_database_does_not_take_is_read_by_the_next_worker(place: Path, now: datetime) -> None:
    journal = Journal(place, "me")
    refused = finished(
        now, "attempt-2", result=Result.NOT_CREATED, sid=None, code=21211, why=NotCreatedClass.BAD_NUMBER
    )
    await keep(journal, finished(now), refused)
    with killed(journal):
        assert [
            JournalEntry("attempt-1", Result.ACCEPTED, now, SID),
            JournalEntry("attempt-2", Result.NOT_CREATED, now, None, 21211, NotCreatedClass.BAD_NUMBER),
        ] == read(place)
    assert [] == list(place.parent.iterdir())


async def test_it_holds_no_patient_data_and_only_its_owner_may_read_it(place: Path, file: Path, now: datetime) -> None:
    await keep(Journal(place, "me"), finished(now, detail="Keep it clean."))
    assert 0o600 == mode(file)
    assert [False, False] == [words in lines(file)[0] for words in ("2125550101", "Keep")]


async def test_what_is_tried_again_is_written_once_and_goes_when_it_is_saved(
    place: Path, file: Path, now: datetime
) -> None:
    journal, first, second = Journal(place, "me"), finished(now), finished(now, "attempt-2")
    await keep(journal, first)
    await keep(journal, first, second)
    assert 2 == len(lines(file))
    await journal.while_saving([first], succeeds())
    assert lines(file), "the second is not saved yet"
    await journal.while_saving([second], succeeds())
    assert [] == lines(file)


async def test_a_new_trouble_begins_a_new_file(place: Path, file: Path, now: datetime) -> None:
    journal = Journal(place, "me")
    await keep(journal, finished(now))
    await journal.while_saving([finished(now)], succeeds())
    await keep(journal, finished(now))
    assert 1 == len(lines(file))


async def test_a_database_that_takes_its_time_is_not_waited_for(
    place: Path, file: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill may come while the transaction waits for a lock; what finishes meanwhile is kept too."""
    monkeypatch.setattr(room, "_TIMEOUT", 0.02)
    journal, let_go = Journal(place, "me"), asyncio.Event()
    more: list[Finished] = []
    saving = asyncio.create_task(journal.while_saving([finished(now)], let_go.wait(), lambda: more))
    await _until_lines(file, 1)
    more.append(finished(now, "attempt-2"))
    await _until_lines(file, 2)
    let_go.set()
    await saving
    assert lines(file), "the second is not saved yet"
    await journal.while_saving(more, succeeds())
    assert [] == lines(file)


async def _until_lines(file: Path, count: int) -> None:
    async with asyncio.timeout(30):
        while len(lines(file)) < count:  # noqa: ASYNC110  # a file sets no event
            await asyncio.sleep(0.005)


async def test_while_the_database_is_well_there_is_no_file(place: Path, now: datetime) -> None:
    await Journal(place, "me").while_saving([finished(now)], succeeds())
    assert [] == list(place.parent.iterdir())


async def test_a_torn_last_line_is_passed_over(place: Path, file: Path, now: datetime) -> None:
    journal = Journal(place, "me")
    await keep(journal, finished(now), finished(now, "attempt-2"))
    with killed(journal):
        tear(file)
        assert ["attempt-1"] == [one.attempt_id for one in read(place)]


@pytest.mark.parametrize("line", ["", "{}", "[]", "3", '{"attempt": "a", "result": "eaten", "at": "2026-03-06"}'])
def test_what_nobody_can_read_stops_nobody(place: Path, file: Path, line: str) -> None:
    file.write_text(f"{line}\n", "utf-8")
    assert [] == read(place)


async def test_the_journal_of_a_worker_that_lives_is_left_to_it(place: Path, file: Path, now: datetime) -> None:
    await keep(Journal(place, "me"), finished(now))
    assert [] == read(place)
    assert lines(file)


async def test_what_could_not_be_saved_stays_for_the_next_start(place: Path, file: Path, now: datetime) -> None:
    journal = Journal(place, "me")
    await keep(journal, finished(now))
    with killed(journal):
        with pytest.raises(OperationalError), left_behind(place):
            raise AWAY
        assert lines(file)


async def test_a_full_disk_costs_the_journal_and_nothing_else(
    place: Path, file: Path, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was written before stays whole; there is one line in the log."""
    journal = Journal(place, "me")
    await keep(journal, finished(now))
    before = lines(file)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before[0]) + 10, hard))
    try:
        for _ in range(2):
            await keep(journal, finished(now), finished(now, "attempt-2"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert before == lines(file)
    assert 1 == capsys.readouterr().out.count("journal_not_written")
    await keep(journal, finished(now), finished(now, "attempt-2"))
    assert 2 == len(lines(file)), "there is room again"


async def test_a_directory_that_takes_no_file_costs_nothing_else(tmp_path: Path, now: datetime) -> None:
    journal = Journal(tmp_path / "gone" / "notifier.db.unsaved", "me")
    await keep(journal, finished(now))
    await journal.while_saving([finished(now)], succeeds())


async def test_without_a_place_nothing_is_kept(now: datetime) -> None:
    await keep(Journal(None, "me"), finished(now))
    assert [] == read(Path("/nowhere/at/all"))
    with left_behind(None) as kept:
        assert [] == kept


def test_it_lies_beside_sqlites_file(sqlite_engine: Engine, tmp_path: Path) -> None:
    assert tmp_path / "notifier.db.unsaved" == journal_place(sqlite_engine, tmp_path / "state")


def test_for_postgresql_it_lies_in_the_services_directory_and_no_two_databases_share_it(tmp_path: Path) -> None:
    one, other = (open_engine(f"postgresql://ana:secret@h/{name}") for name in ("one", "other"))
    place = journal_place(one, tmp_path)
    assert place is not None
    assert (tmp_path, None, None) == (place.parent, journal_place(one, None), journal_place(one, tmp_path / "gone"))
    assert place != journal_place(other, tmp_path)
    assert "secret" not in place.name
