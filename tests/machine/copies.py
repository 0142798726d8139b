"""A copy of the database, and what staff knew when it was made."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.machine.promises import WHICH, Known, Text


@dataclass(frozen=True)
class Snapshot:
    """The database as it was, and what was known then."""

    file: Path
    known: Known
    texts: int
    """How many had been made by then."""

    def nobodys(self, texts: Sequence[tuple[str, Text]]) -> Iterator[str]:
        """The SIDs of those that left since to a number which their course has not had by then: to whom this database
        belongs again, nobody can say whose they were."""
        for sid, text in texts[self.texts :]:
            found = WHICH.search(text.body)
            course = self.known.courses.get(found["whose"]) if found else None
            if course is None or course.phone != text.phone:
                yield sid


def copy(source: str | Path, to: str | Path) -> None:
    """Copy a whole database over another, also one that is open."""
    with closing(sqlite3.connect(source)) as here, closing(sqlite3.connect(to)) as there:
        here.backup(there)
