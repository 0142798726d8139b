"""The exclusive lock of a worker on SQLite: a file beside the SQLite database, locked while the process lives."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from notifier.db.engine import file_of


class AnotherWorker(RuntimeError):
    """A worker runs already on this database; the sentence says which."""


def lock_file(database: Path) -> Path:
    """The lock of this database."""
    return database.with_name(f"{database.name}.lock")


@contextmanager
def exclusive(database: Path, *, now: datetime) -> Iterator[None]:
    """Hold the lock of this database, or raise AnotherWorker with the other one's pid and start.

    The kernel drops the lock when the process ends, however it ends: a lock file left behind means nothing, and who
    holds the lock knows that every earlier worker is dead.
    """
    file = lock_file(database)
    # Never created anew under a holder's feet: opened for reading and writing, locked, and only then written.
    with os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            pid, _, since = lock.read(100).strip().partition(" ")
            who = f"pid {pid}, since {since}" if pid and since else "it has just started"
            raise AnotherWorker(
                f"another worker holds the lock of {database} ({who}); stop it first, or use PostgreSQL for several"
            ) from None
        lock.seek(0)
        lock.truncate()
        lock.write(f"{os.getpid()} {now:%Y-%m-%dT%H:%M:%SZ}")
        lock.flush()
        yield


def only_worker(engine: Engine, now: datetime) -> AbstractContextManager[None]:
    """On SQLite the lock that one worker holds; on PostgreSQL there may be any number."""
    file = file_of(engine)
    return nullcontext() if file is None else exclusive(file, now=now)
