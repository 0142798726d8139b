"""A time zone that this machine does not know: the start names it and its enrollments, and only their texts wait."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from notifier.db.engine import reading, writing
from notifier.domain.states import EnrollmentState
from notifier.scheduler import unknown_zones as zones_module
from notifier.scheduler.unknown_zones import name_unknown_zones, unknown_zones
from tests.conftest import Rows
from tests.scheduler.test_worker import working


def enroll(engine: Engine, rows: Rows, *patients: tuple[str, EnrollmentState]) -> list[int]:
    with writing(engine) as session:
        return [
            rows.enrollment(session, timezone=zone, state=state, ordinal=number)
            for number, (zone, state) in enumerate(patients)
        ]


def test_only_what_runs_in_a_zone_that_nobody_knows_is_named(engine: Engine, rows: Rows) -> None:
    active, over = EnrollmentState.ACTIVE, EnrollmentState.CANCELLED
    known = ("America/New_York", active)
    ids = enroll(engine, rows, known, ("Mars/Olympus", active), ("", active), ("Mars/Olympus", active), ("Gone", over))
    with reading(engine) as session:
        assert {"": [ids[2]], "Mars/Olympus": [ids[1], ids[3]]} == unknown_zones(session)


async def test_a_start_says_it(
    sqlite_engine: Engine, now: datetime, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = asyncio.Event()

    async def name(engine: Engine) -> None:
        await name_unknown_zones(engine)
        said.set()

    monkeypatch.setattr("notifier.scheduler.worker.name_unknown_zones", name)
    (patient,) = enroll(sqlite_engine, Rows(now), ("Mars/Olympus", EnrollmentState.ACTIVE))
    async with working(sqlite_engine), asyncio.timeout(30):
        await said.wait()
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "unknown_time_zone" in line]
    assert ("Mars/Olympus" in line, f"[{patient}]" in line) == (True, True)


async def test_a_database_that_is_away_stops_no_start(
    sqlite_engine: Engine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise OperationalError(None, None, Exception("away"))

    monkeypatch.setattr(zones_module, "unknown_zones", away)
    await name_unknown_zones(sqlite_engine)
    assert "time_zones_not_checked" in capsys.readouterr().out
