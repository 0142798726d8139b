"""Whether backups are made, how old the last one is, and who could read them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from notifier.maintenance.replica import replica_lag
from notifier.maintenance.rotation import last_backup
from notifier.oversight.doctor.diagnosis import Diagnosis, Level
from notifier.oversight.health import spoken_span

_TOO_OLD: Final = timedelta(hours=36)
"""One is made each day; half a day is for a machine that was off."""


_BEHIND: Final = timedelta(minutes=1)
"""A restore loses at most a minute of opt-outs and of staff's decisions."""


def check_backups(
    directory: Path | None, key_file: Path | None, now: datetime, database: Path | None = None
) -> Iterator[Diagnosis]:
    """`directory`: where the worker writes them. `key_file`: what encrypts them. `database`: SQLite's file."""
    if directory is None:
        advice = "set NOTIFIER_BACKUP_DIR, best on another disk; or let cron run: notifier backup --keep-daily 7 DIR"
        yield Diagnosis("last backup", Level.WARN, "the worker makes none", advice)
    else:
        yield _age(directory, now)
    if key_file is None:
        advice = "set NOTIFIER_KEY_FILE, and keep a copy of that file elsewhere"
        yield Diagnosis("backups", Level.WARN, "they are not encrypted, and the key lies beside the database", advice)
    else:
        yield Diagnosis("backups", Level.OK, f"encrypted; they open with {key_file} alone: keep a copy of it")
    lag = replica_lag(database) if database else None
    if lag is not None:
        advice = "see: systemctl status notifier-litestream; where no copy is wanted, delete the folder .*-litestream"
        behind = f"Litestream is {spoken_span(lag)} behind the database"
        yield Diagnosis("copy", *((Level.FAIL, behind, advice) if lag > _BEHIND else (Level.OK, behind)))


def _age(directory: Path, now: datetime) -> Diagnosis:
    try:
        last = last_backup(directory)
    except OSError as error:
        return Diagnosis("last backup", Level.FAIL, f"{directory} cannot be read ({error.strerror})", "let it be read")
    advice = "the worker makes one each day; its log says why not: backup_failed"
    if last is None:
        return Diagnosis("last backup", Level.WARN, f"there is none in {directory}", advice)
    found = f"{spoken_span(max(now - last, timedelta()))} old, in {directory}"
    if now - last > _TOO_OLD:
        return Diagnosis("last backup", Level.FAIL, found, advice)
    return Diagnosis("last backup", Level.OK, found)
