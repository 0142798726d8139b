"""Another mark as soon as somebody else has committed something: read in microseconds, with no lock, disk or server."""

from __future__ import annotations

from typing import Protocol

from notifier.db.engine import is_sqlite
from notifier.db.postgresql import Listener
from notifier.db.threads import DatabaseThreads


class Commits(Protocol):
    """To be asked before what the mark stands for is read: what is committed in between then changes the next one."""

    def mark(self) -> object:
        """Good for nothing but being compared; None: nobody can say now. Raises what the driver raises."""
        ...

    def close(self) -> None: ...


def commits_of(threads: DatabaseThreads) -> Commits:
    """SQLite counts its commits for us; PostgreSQL's users announce theirs."""
    return _DataVersion(threads) if is_sqlite(threads.engine) else _Announced(threads)


class _DataVersion:
    """`PRAGMA data_version` reads one word of memory that every other connection's commit changes: no lock, no disk."""

    def __init__(self, threads: DatabaseThreads) -> None:
        self._connection = threads.engine.raw_connection()

    def mark(self) -> object:
        ((version,),) = self._connection.cursor().execute("PRAGMA data_version").fetchall()
        return version

    def close(self) -> None:
        self._connection.close()


class _Announced:
    """What is written anywhere else is announced by the transaction itself, and heard a millisecond or two later."""

    def __init__(self, threads: DatabaseThreads) -> None:
        self._listener = Listener(threads.engine)

    def mark(self) -> object:
        return self._listener.times if self._listener.is_listening else None

    def close(self) -> None:
        self._listener.close()
