"""A folder into which a booking system writes its files: each is taken once, when it is whole, and put away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.rows import insert_rows
from notifier.db.tables import ImportFile
from notifier.domain.refused import Refused
from notifier.enrollments.importing.report import ImportReport

Place = Literal["done", "failed"]
_NOT_YET: Final = (".part", ".tmp", ".crdownload", ".filepart")
"""What a file is called that is still being written."""


class DropFolder:
    """One folder that is looked at again and again."""

    def __init__(self, folder: Path) -> None:
        """Raises Refused for what is no folder, or where nothing can be put away."""
        if not folder.is_dir():
            raise Refused(f"there is no folder {folder}: create it, or name another", "watch")
        self._folder = folder
        self._seen: dict[Path, tuple[int, int]] = {}
        try:
            for place in ("done", "failed"):
                (folder / place).mkdir(mode=0o700, exist_ok=True)
        except OSError as why:
            raise Refused(f"nothing can be put away in {folder} ({why.strerror}): let this user write there") from None

    def settled(self) -> list[Path]:
        """The files that have not changed since the look before, the oldest first; those may be read."""
        now = {}
        for file in self._folder.iterdir():
            if file.is_file() and not file.name.startswith(".") and not file.name.lower().endswith(_NOT_YET):
                found = file.stat()
                now[file] = (found.st_mtime_ns, found.st_size)
        same = [file for file, shape in now.items() if self._seen.get(file) == shape]
        self._seen = now
        return sorted(same, key=lambda file: (now[file], file.name))

    def put_away(self, file: Path, place: Place, now: datetime) -> Path:
        """Where it is now: its name with the moment (UTC) before it, so that the same name may come again."""
        return file.rename(self._folder / place / f"{now:%Y%m%d-%H%M%S}-{file.name}")


def record_file(
    session: Session,
    mapping: str | None,
    file: str,
    *,
    report: ImportReport | None = None,
    why: str | None = None,
    now: datetime,
    by: str,
) -> None:
    """Write down what became of a file, for the alert and for whoever asks; `why`: it was refused whole."""
    row = {
        "mapping": mapping,
        "file": file[:200],
        "at": now,
        "by": by,
        "rows": report.rows if report else 0,
        "written": report.written if report else 0,
        "bad_rows": report.bad_rows if report else 0,
        "why": why[:400] if why else None,
    }
    insert_rows(session, ImportFile, [row])


def failed_files(session: Session, since: datetime) -> Sequence[ImportFile]:
    """Of each mapping the latest file, where it was refused or has rows that wait to be mended."""
    latest = select(func.max(col(ImportFile.id))).where(col(ImportFile.at) > since).group_by(col(ImportFile.mapping))
    found = select(ImportFile).where(col(ImportFile.id).in_(latest)).order_by(col(ImportFile.id))
    return [one for one in session.scalars(found) if one.why or one.bad_rows]
