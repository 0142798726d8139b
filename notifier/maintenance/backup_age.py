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
    uri = f"file:{quote(str(backup.absolute()))}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=10)) as connection:
        last = "SELECT max(at) FROM (SELECT max(at) AS at FROM events UNION ALL SELECT max(seen_at) FROM workers)"
        (found,) = connection.execute(last).fetchone()
    return datetime.fromisoformat(found) if found else None
