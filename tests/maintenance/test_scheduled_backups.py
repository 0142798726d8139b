"""The worker backs up once a day; a day without a backup is told, once."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from notifier.maintenance.encryption import opened
from notifier.maintenance.rotation import last_backup
from notifier.maintenance.scheduled_backups import BackupPlan, ScheduledBackups
from notifier.oversight.doctor.backups import check_backups
from tests.setups.fakes import FakeClock
from tests.setups.keys import KEYS


async def test_one_a_day_encrypted_and_old_ones_go(sqlite_engine: Engine, now: datetime, tmp_path: Path) -> None:
    place, clock, told = tmp_path / "backups", FakeClock(now), []

    async def tell(why: str, at: datetime) -> None:
        told.append(why)

    backups = ScheduledBackups(sqlite_engine, clock, BackupPlan(place, 2, 0, KEYS), tell=tell)
    for _ in range(2):  # there is no directory: it is told once
        await backups.round()
        clock.pass_(hours=1)
    assert 1 == len(told)
    assert "No such file or directory" in told[0]
    place.mkdir()
    for _ in range(3 * 24):
        await backups.round()
        clock.pass_(hours=1)
    kept = sorted(place.iterdir())
    assert 2 == len(kept)
    with opened(kept[1], KEYS, tmp_path / "notifier.db") as plain:
        assert plain.read_bytes().startswith(b"SQLite format 3")
    assert 1 == len(told)


def test_the_doctor_says_how_old_the_last_one_is(now: datetime, tmp_path: Path) -> None:
    def said(directory: Path | None) -> tuple[str, str]:
        found = next(check_backups(directory, None, now))
        return found.level.value, found.found

    assert ("warn", "the worker makes none") == said(None)
    assert "warn" == said(tmp_path)[0]
    (tmp_path / f"notifier-{now - timedelta(hours=40):%Y%m%dT%H%M%SZ}.backup").touch()
    assert ("fail", f"40 h old, in {tmp_path}") == said(tmp_path)
    (tmp_path / f"notifier-{now - timedelta(hours=5):%Y%m%dT%H%M%SZ}.backup").touch()
    assert ("ok", f"5 h old, in {tmp_path}") == said(tmp_path)
    assert now - timedelta(hours=5) == last_backup(tmp_path)
