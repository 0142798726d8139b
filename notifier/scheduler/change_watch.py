"""Notice within half a second that another process wrote: a patient was enrolled at the desk, a hold was released."""

from __future__ import annotations

from typing import Protocol

from notifier.db.engine import is_sqlite
from notifier.db.postgresql import Listener
from notifier.db.threads import DatabaseThreads


class Changes(Protocol):
    """Asked again and again: has anything changed since the last time?"""

    async def any(self) -> bool: ...

    def close(self) -> None: ...


def changes_of(threads: DatabaseThreads) -> Changes:
    """SQLite counts its commits for us; PostgreSQL's users announce theirs."""
    return _DataVersion(threads) if is_sqlite(threads.engine) else _Announced(threads)


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


class _Announced:
    """What is written anywhere else is announced by the transaction itself: nothing is asked while nothing happens."""

    def __init__(self, threads: DatabaseThreads) -> None:
        self._listener = Listener(threads.engine)

    async def any(self) -> bool:
        return self._listener.heard()

    def close(self) -> None:
        self._listener.close()
