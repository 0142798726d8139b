"""Backups beside a damaged database: which is the newest, and the very command that puts it in its place."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

_MAGIC: Final = b"SQLite format 3\x00"
_MOST_TRIED: Final = 200
ENCRYPTED: Final = b"notifier backup 1\n"
"""How an encrypted backup begins."""
_NO_BACKUPS: Final = (".before-restore", ".restoring", ".part")
"""Parts of names that we give ourselves: what was replaced is older than it looks, or as damaged."""


def how_to_restore(file: Path) -> str:
    """What to do about a damaged database, in words that follow a colon."""
    found = newest_backup(file)
    if found is None:
        return "put the latest backup in its place (`notifier restore FILE`)"
    at = datetime.fromtimestamp(found.stat().st_mtime, UTC)
    return f"put the newest backup beside it, of {at:%Y-%m-%d %H:%M} UTC, in its place: `notifier restore {found}`"


def newest_backup(file: Path) -> Path | None:
    """The youngest file that `notifier backup` has written, in the database's directory or in `backups` there."""
    dated = []
    for one in (*_files(file.parent), *_files(file.parent / "backups")):
        with suppress(OSError):
            dated.append((one.stat().st_mtime, one))
    for _, one in sorted(dated, reverse=True)[:_MOST_TRIED]:
        if one.name != file.name and not any(part in one.name for part in _NO_BACKUPS) and _is_backup(one):
            return one
    return None


def _files(folder: Path) -> Iterator[Path]:
    try:
        yield from (one for one in folder.iterdir() if one.is_file())
    except OSError:
        return


def _is_backup(file: Path) -> bool:
    """Whether it is one of ours, and waits for a restore: `notifier backup` writes that into each."""
    try:
        with file.open("rb") as opened:
            begins = opened.read(len(ENCRYPTED))
        if begins == ENCRYPTED:
            return True
        if not begins.startswith(_MAGIC):
            return False
        address = f"file:{quote(str(file.absolute()))}?mode=ro&immutable=1"
        with closing(sqlite3.connect(address, uri=True)) as connection:
            waits = "SELECT count(*) FROM recoveries WHERE kind = 'restored' AND ended_at IS NULL"
            return bool(connection.execute(waits).fetchone()[0])
    except (OSError, sqlite3.Error):
        return False
