"""How old a backup is, and which is too old to be put in place."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from notifier.domain.refused import RefusalCode, Refused
from notifier.maintenance.forgetting.provider_deletions import LONGEST_RESTORE


def refuse_too_old(up_to: datetime | None, now: datetime) -> None:
    """Raise Refused for a backup that knows nothing of longer ago than texts are sure to be at the provider."""
    if up_to is None or now - up_to <= LONGEST_RESTORE:
        return
    raise Refused(
        f"this backup is of {up_to:%Y-%m-%d}, {(now - up_to).days} days ago: what left since may be deleted at Twilio "
        f"after {LONGEST_RESTORE.days} days, so nobody could tell that a text has left and it could leave again; and "
        "patients who were erased since would be back",
        code=RefusalCode.BACKUP_TOO_OLD,
    )


def known_up_to(backup: Path) -> datetime | None:
    """The last moment that an SQLite database of Notifier, of whatever version, knows anything of; None: of nothing."""
    last = "SELECT max(at) FROM (SELECT max(at) AS at FROM events UNION ALL SELECT max(seen_at) FROM workers)"
    with closing(_open(backup)) as connection:
        (found,) = connection.execute(last).fetchone()
    return datetime.fromisoformat(found) if found else None


def erased_since(replaced: Path, database: Path) -> list[int]:
    """The enrollments that were erased in the replaced database, and that one from before brings back."""
    try:
        erased, known = (_erased(replaced), _erased(database))
        with closing(_open(database)) as connection:
            there = {one for (one,) in connection.execute("SELECT id FROM enrollments")}
    except sqlite3.Error:  # the replaced one is damaged, or of before erasures
        return []
    return sorted((erased - known) & there)


def _erased(file: Path) -> set[int]:
    with closing(_open(file)) as connection:
        return {one for (one,) in connection.execute("SELECT enrollment_id FROM erasures")}


def _open(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(file.absolute()))}?mode=ro", uri=True, timeout=10)
