"""What waits to leave, and the room that the database has."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from notifier.oversight.alerts.vital_signs import read_vital_signs
from notifier.oversight.doctor.diagnosis import Diagnosis, Level
from notifier.oversight.health import FULL, spoken_span, troubles

_WAITS_TOO_LONG: Final = ("overdue", "attempting", "unknown")
_SCARCE: Final = 0.1
"""Of the disk; at FULL nothing is ready any more."""


def check_backlog(session: Session, now: datetime) -> Iterator[Diagnosis]:
    """Texts that are due and have not left; a failure by the same measure as /readyz."""
    signs = read_vital_signs(session, now)
    advice = "is a worker running, and is the send gate open? notifier due lists them"
    late = [one for one in troubles(signs, now) if one.what in _WAITS_TOO_LONG]
    yield from (Diagnosis("backlog", Level.FAIL, one.why, advice) for one in late)
    if not late:
        oldest = f", the oldest for {spoken_span(now - signs.overdue_since)}" if signs.overdue_since else ""
        yield Diagnosis("backlog", Level.OK, f"{signs.waiting.get('due', 0)} due{oldest}")


def check_disk(file: Path | None) -> Iterator[Diagnosis]:
    """The sizes of SQLite's file and log, and what is free beside them."""
    if file is None or not file.exists():
        return
    log = file.with_name(f"{file.name}-wal")
    disk = shutil.disk_usage(file.parent)
    logged = log.stat().st_size if log.exists() else 0
    found = f"{file.stat().st_size:,} bytes, log {logged:,}; free on its disk {disk.free:,} of {disk.total:,}"
    left = disk.free / disk.total
    level = Level.FAIL if left < FULL else Level.WARN if left < _SCARCE else Level.OK
    yield Diagnosis("disk", level, found, "" if level is Level.OK else "make room: nothing is sent from a full disk")
