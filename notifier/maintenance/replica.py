"""Litestream's continuous copy of the SQLite file, as far as it can be seen beside the file."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from pathlib import Path


def replica_lag(database: Path) -> timedelta | None:
    """For how long the database has been written to without Litestream reading it; None where none copies it.

    Whether what it read has arrived elsewhere only Litestream's own log and metrics say.
    """
    state = database.with_name(f".{database.name}-litestream")
    if not state.is_dir():
        return None
    written = _latest([database, database.with_name(f"{database.name}-wal")])
    read = _latest([*state.glob("ltx/*/*.ltx"), state])
    return timedelta(seconds=max(0.0, written - read))


def _latest(files: list[Path]) -> float:
    latest = 0.0
    for file in files:
        with suppress(FileNotFoundError):  # Litestream drops what it has merged
            latest = max(latest, file.stat().st_mtime)
    return latest
