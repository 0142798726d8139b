"""An SQLite file that is about to get another name: nobody else may have it open."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from notifier.domain.refused import Refused

BUSY_SECONDS: Final = 0.5


def close_for_others(file: Path) -> bool:
    """Fold the log into the file, which only works where nobody else has it open; False where it is damaged."""
    try:
        with closing(sqlite3.connect(file, isolation_level=None, timeout=BUSY_SECONDS)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE").fetchall()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise Refused(f"something has {file} open, such as the page: stop it first") from None
        return False
    except sqlite3.DatabaseError:
        return False
    return True


def free_name(file: Path, why: str) -> Path:
    """A name beside the file that nothing has, such as notifier.db.before-restore-2."""
    kept = file.with_name(f"{file.name}.{why}")
    number = 1
    while kept.exists():
        number += 1
        kept = file.with_name(f"{file.name}.{why}-{number}")
    return kept
