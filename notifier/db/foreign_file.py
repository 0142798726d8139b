"""Whose an SQLite file is: looked at from outside, before anything of ours touches it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import quote

from notifier.db.errors import DatabaseFailure

_REVISION: Final = "alembic_version"
_OURS: Final = frozenset({"enrollments", "messages", "attempts"})
"""Tables that Notifier has had from its first migration on."""


class NotOurDatabase(DatabaseFailure):
    """The file belongs to another program; names it."""


def is_blank(file: Path) -> bool:
    """Whether there is nothing in it yet: no file, or one without any table."""
    return not file.exists() or _tables(file) == set()


def refuse_foreign_file(file: Path) -> None:
    """Raise NotOurDatabase for a file with tables of another program; it is opened for reading only.

    Connecting the usual way would already change it: to a write-ahead log. What cannot be read is left to that way,
    which has a sentence for it.
    """
    if not file.is_file():
        return
    tables = _tables(file)
    if not tables or tables == {_REVISION} or (_REVISION in tables and tables >= _OURS):
        return
    known = min(tables - {_REVISION})
    raise NotOurDatabase(
        f"{file} is the database of another program (it has a table {known}, and not those of Notifier): "
        "name a file of Notifier's own in NOTIFIER_DATABASE_URL."
    )


def _tables(file: Path) -> set[str] | None:
    """The names of its tables; None where it cannot be read."""
    address = f"file:{quote(str(file.absolute()))}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=1)) as connection:
            found = connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            )
            return {name for (name,) in found}
    except sqlite3.Error:
        return None
