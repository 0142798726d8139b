"""Copies of the database in which a patient still is after an erasure: each by its file, with when it goes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote

from sqlalchemy import Engine

from notifier.db.engine import file_of
from notifier.db.schema import moved_aside
from notifier.maintenance.encryption import is_encrypted
from notifier.maintenance.forgetting.subject import DataSubject
from notifier.maintenance.rotation import is_rotated

_MAGIC: Final = b"SQLite format 3\x00"
_BY_HAND: Final = "nothing deletes it: do it once it is not needed"


class CopyWithPatient(NamedTuple):
    """A file that an erasure does not reach."""

    file: Path
    goes: str
    """When it goes by itself, or that somebody has to delete it."""

    def __str__(self) -> str:
        return f"{self.file} ({self.goes})"


def copies_with(engine: Engine, backups: Path | None, subject: DataSubject) -> list[CopyWithPatient]:
    """Those beside an SQLite database, in `backups` there and in the worker's directory, oldest name first.

    Ask before the erasure: then it is known whom to look for. An encrypted one counts as having the patient. Of copies
    elsewhere, and of PostgreSQL's, nobody here knows.
    """
    database = file_of(engine)
    if database is None:
        return []
    places = dict.fromkeys(one.resolve() for one in (database.parent, database.parent / "backups", backups) if one)
    files = sorted({one for place in places for one in _files(place)} - {database.resolve()})
    return [CopyWithPatient(one, _goes(one, database, backups)) for one in files if _has(one, subject)]


def _files(place: Path) -> Iterator[Path]:
    try:
        yield from (one for one in place.iterdir() if one.is_file())
    except OSError:
        return


def _goes(file: Path, database: Path, backups: Path | None) -> str:
    if backups is not None and file.parent == backups.resolve() and is_rotated(file.name):
        return "a backup of the worker, which goes with the rotation"
    if file.name.startswith(f"{database.name}.before-upgrade-"):
        return "from before an upgrade, and the second upgrade after it deletes it"
    if file.name.startswith(f"{database.name}.before-restore"):
        return f"what a restore has replaced; {_BY_HAND}"
    if file.name == moved_aside(database).name:
        return f"from before the move to PostgreSQL; {_BY_HAND}"
    return f"a copy; {_BY_HAND}"


def _has(file: Path, subject: DataSubject) -> bool:
    """Whether the patient is in it. One that cannot be read through may have the patient as well."""
    try:
        with file.open("rb") as opened:
            if opened.read(len(_MAGIC)) != _MAGIC:
                return is_encrypted(file)
        address = f"file:{quote(str(file))}?mode=ro&immutable=1"
        with closing(sqlite3.connect(address, uri=True)) as connection:
            ids, names = ", ".join("?" * len(subject.enrollments)), ", ".join("?" * len(subject.folded_names))
            there = f"SELECT 1 FROM enrollments WHERE id IN ({ids}) AND folded_name IN ({names})"  # noqa: S608  # marks for values alone
            found = connection.execute(there, (*subject.enrollments, *subject.folded_names)).fetchone()
    except OSError:
        return False
    except sqlite3.Error as error:
        return "no such table" not in str(error)  # somebody else's database
    return found is not None
