"""Whether SQLite's database is still the file that this process opened: one that was moved away, replaced or deleted
under it goes on answering, and what others write to the path, an opt-out say, would never be seen.

Its log stays where the path was, and SQLite would mix it into whatever file stands there next. So what is in it goes
into the file that it belongs to, wherever that is now, and the log is left empty.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from notifier.db.engine import file_of
from notifier.db.errors import DatabaseFailure

_Identity = tuple[int, int]


class DatabaseReplaced(DatabaseFailure):
    """The path of the database names another file than the one that was opened, or none."""


class OpenedFile:
    """The database file as this process found it; call it when the database is there. Nothing of it on PostgreSQL."""

    def __init__(self, engine: Engine, *others: Path) -> None:
        """`others`: files that must stay what they are too, such as the lock of a worker that is alone."""
        self._file = file_of(engine)
        self._opened = {file: identity(file) for file in (self._file, *others) if file is not None}

    def guard(self, engine: Engine) -> None:
        """From now on its connections are neither made nor used once the file is lost: DatabaseReplaced."""
        if self._file is not None:
            event.listen(engine, "do_connect", self._check)
            event.listen(engine, "checkout", self._checkout)
            event.listen(engine, "close", self._empty_log)

    def why_lost(self) -> str | None:
        """A sentence for a person where a path names another file than at first, or none. As cheap as a call needs."""
        if all(identity(file) == opened for file, opened in self._opened.items()):
            return None
        return (
            f"The database {self._file} or its lock was replaced or deleted while Notifier ran: nothing more is sent. "
            "Put the right file there (notifier restore) and start Notifier again."
        )

    def _check(self, *_: Any) -> None:
        if why := self.why_lost():
            raise DatabaseReplaced(why)

    def _checkout(self, connection: sqlite3.Connection, *_: Any) -> None:
        self._empty_log(connection)
        self._check()

    def _empty_log(self, connection: sqlite3.Connection, *_: Any) -> None:
        if self.why_lost() is not None:
            with suppress(sqlite3.Error):  # somebody still reads: whoever is closed last empties it
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def identity(file: Path) -> _Identity | None:
    """Which file a path names at this moment; None for none."""
    try:
        found = os.stat(file)  # noqa: PTH116  # before every call to the provider: as cheap as it can be
    except OSError:
        return None
    return found.st_dev, found.st_ino
