"""Of old backups those stay that a person would miss; no other file is touched."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from notifier.maintenance.rotation import backup_name, rotate, too_many

MONDAY = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


def test_the_newest_of_each_day_and_of_each_week_stays_and_the_newest_of_all() -> None:
    nights = [MONDAY + timedelta(hours=12 * number) for number in range(56)]  # four whole weeks, twice a day
    names = [backup_name(at) for at in nights]
    gone = too_many(names, daily=3, weekly=3)
    stay = [name for name in names if name not in gone]
    days = [13, 20, 25, 26, 27]  # two Sundays before, then the last three days; the last Sunday counts for its week
    assert [backup_name(MONDAY + timedelta(days=day, hours=12)) for day in days] == stay
    assert names[:-1] == too_many(names, daily=0, weekly=0)
    assert [] == too_many([], daily=1, weekly=1)


def test_days_without_a_backup_are_not_counted() -> None:
    """A machine that was off for a month keeps what it has."""
    names = [backup_name(MONDAY + timedelta(days=days)) for days in (0, 1, 40)]
    assert [] == too_many(names, daily=3, weekly=1)


def test_only_files_of_its_own_names_go(tmp_path: Path) -> None:
    old, new = backup_name(MONDAY), backup_name(MONDAY + timedelta(days=1))
    others = ["notifier.db", "before.db", "notifier-20260302T030000Z.backup.txt", "notifier-20269902T030000Z.backup"]
    for name in (old, new, *others):
        (tmp_path / name).touch()
    assert [old] == rotate(tmp_path, daily=1, weekly=0, dry_run=True)
    assert (tmp_path / old).exists()
    assert [old] == rotate(tmp_path, daily=1, weekly=0)
    assert sorted([new, *others]) == sorted(one.name for one in tmp_path.iterdir())
