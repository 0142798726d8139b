"""Notice within half a second that another process wrote: a patient was enrolled at the desk, a hold was released."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from notifier.db.engine import is_sqlite
from notifier.db.recoveries import next_departure, open_recoveries
from notifier.db.tables import CLINIC, RecoveryKind
from notifier.db.threads import DatabaseThreads


class Changes(Protocol):
    """Asked again and again: has anything changed since the last time?"""

    async def any(self) -> bool: ...

    def close(self) -> None: ...


def changes_of(threads: DatabaseThreads) -> Changes:
    """SQLite counts its commits for us; PostgreSQL is asked for the next due instant."""
    return _DataVersion(threads) if is_sqlite(threads.engine) else _NextDue(threads)


class _DataVersion:
    """`PRAGMA data_version` reads one word of memory that every other connection's commit changes: no lock, no disk."""

    def __init__(self, threads: DatabaseThreads) -> None:
        self._connection = threads.engine.raw_connection()
        self._seen: int | None = None

    async def any(self) -> bool:
        ((version,),) = self._connection.cursor().execute("PRAGMA data_version").fetchall()
        changed = bool(version != self._seen)
        self._seen = version
        return changed

    def close(self) -> None:
        self._connection.close()


class _NextDue:
    def __init__(self, threads: DatabaseThreads) -> None:
        self._threads = threads
        self._seen: datetime | None = None

    async def any(self) -> bool:
        due = await self._threads.read(_next_departure)
        changed, self._seen = due != self._seen, due
        return changed

    def close(self) -> None:
        pass


def _next_departure(session: Session) -> datetime | None:
    """A release of late texts changes it too."""
    return next_departure(session, open_recoveries(session, CLINIC).get(RecoveryKind.LATE))
