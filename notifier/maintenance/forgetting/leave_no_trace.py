"""Overwrite what SQLite leaves of erased rows in its file and in the log beside it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, exists, select, update
from sqlmodel import col

from notifier.db.engine import is_sqlite, reading, writing
from notifier.db.tables import Erasure

_OPEN = col(Erasure.overwritten_at).is_(None)


def leave_no_trace(engine: Engine, now: datetime) -> bool:
    """Rewrite the file where somebody was erased since it was last done; whether nothing is left.

    It takes about ten seconds for each GB, and writers wait meanwhile. False where somebody reads the database
    all the time: done again later, it is complete. A kill in the middle leaves the file as it was.
    """
    with reading(engine) as session:
        if not session.scalar(select(exists(select(col(Erasure.enrollment_id)).where(_OPEN)))):
            return True
    if is_sqlite(engine) and not _rewrite(engine):
        return False
    with writing(engine) as session:
        session.execute(update(Erasure).where(_OPEN).values(overwritten_at=now))
    return True


def _rewrite(engine: Engine) -> bool:
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("PRAGMA query_only=OFF")
        connection.info["readonly"] = False
        cursor.execute("VACUUM")
        busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy
    finally:
        connection.close()
