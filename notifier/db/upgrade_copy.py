"""The copy of an SQLite database that an upgrade leaves beside it, read through before anything is changed."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

from notifier.db.errors import DatabaseFailure
from notifier.db.filesystems import keep_through_power_cut

KEPT: Final = 2
"""So many of these copies stay, the newest ones."""
_MARK: Final = ".before-upgrade-"


def copy_before_upgrade(file: Path, revision: str, at: datetime) -> Path:
    """Copy the database as of its last commit, page by page; the copy, named after the file, its revision and `at`.

    Only its owner may read it, and it has its name only once it was read through. For whoever holds the write lock, so
    that nothing is committed until the upgrade is. Raises DatabaseFailure where there is no room for the copy and the
    upgrade, or the copy fails: then nothing may be upgraded.
    """
    refuse_full_disk(file)
    to = file.with_name(f"{file.name}{_MARK}{revision}-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}")
    part = to.with_name(f"{to.name}.part")
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))  # SQLite would let everybody read it
        _copy(file, part)
        keep_through_power_cut(part)
        part.replace(to)
        keep_through_power_cut(to.parent)
        _remove_older(file, to)
    except (OSError, sqlite3.Error) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise DatabaseFailure(f"Nothing was upgraded: the copy {to} could not be written: {why}.") from None
    finally:
        part.unlink(missing_ok=True)
    return to


def refuse_full_disk(file: Path) -> None:
    """Raise DatabaseFailure unless the disk has room for a copy, and for a log of every page that an upgrade rewrites.

    Measured on a database of 2.1 GB from which a column of every row was taken: the log had three quarters of that.
    """
    needed, free = 2 * file.stat().st_size, shutil.disk_usage(file.parent).free
    log = file.with_name(f"{file.name}-wal")
    if log.exists():  # what an upgrade that was killed has left is overwritten
        free += log.stat().st_size
    if free < needed:
        raise DatabaseFailure(
            f"Nothing was upgraded: {needed:,} bytes must be free beside {file}, for a copy and for the tables that "
            f"are rewritten, and {free:,} are: make room, and start again."
        )


def _copy(file: Path, part: Path) -> None:
    source = f"file:{quote(str(file.absolute()))}?mode=ro"
    with closing(sqlite3.connect(source, uri=True)) as old, closing(sqlite3.connect(part)) as new:
        old.backup(new)
        new.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
        # Every page is read; that each index agrees with its table is as true of it as of the original.
        found = new.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise sqlite3.DatabaseError(f"the database is damaged ({found})")


def _remove_older(file: Path, newest: Path) -> None:
    others = [one for one in file.parent.glob(f"{file.name}{_MARK}*Z") if one != newest]
    others.sort(key=lambda one: one.name.rpartition("-")[2], reverse=True)
    for one in others[KEPT - 1 :]:
        one.unlink()
