"""The clock: the only place that reads one."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path


class Clock:
    """The machine's clock."""

    def now(self) -> datetime:
        """This instant, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never jump and never run backwards; only differences mean anything."""
        return time.monotonic()

    def machine_now(self) -> datetime:
        """What the machine's wall clock shows, however this one is shifted."""
        return datetime.now(UTC)

    def machine_time(self, at: datetime) -> datetime:
        """What the machine's wall clock shows at that instant."""
        return at


class ShiftedClock(Clock):
    """The machine's clock, moved by what a file says; for demo and tests.

    The file holds an offset in seconds (`86400`), or an instant (`2026-03-07T14:10:00Z`): then it was that instant when
    the file was written, and time has run on since. So all processes that read the file agree. It is read again
    whenever it changes; replace it as a whole (write another one, rename it).
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._stamp: tuple[int, int] | None = None
        self._offset = timedelta()
        self._read(strictly=True)

    def now(self) -> datetime:
        self._read(strictly=False)
        return datetime.now(UTC) + self._offset

    def machine_time(self, at: datetime) -> datetime:
        self._read(strictly=False)
        return at - self._offset

    def _read(self, *, strictly: bool) -> None:
        try:
            found = os.stat(self._file)  # noqa: PTH116  # at every look at the clock: as cheap as it can be
            stamp = (found.st_mtime_ns, found.st_ino)
            if stamp == self._stamp:
                return
            self._offset = _offset(self._file.read_text(encoding="ascii").strip(), found.st_mtime)
            self._stamp = stamp
        except (OSError, ValueError) as error:
            if strictly:
                why = "cannot be read" if isinstance(error, OSError) else "holds neither"
                raise ValueError(
                    f"the clock file {self._file} {why}; write an offset in seconds or an instant such as "
                    "2026-03-07T14:10:00Z into it"
                ) from None


def _offset(text: str, written_at: float) -> timedelta:
    try:
        return timedelta(seconds=float(text))
    except ValueError:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is None:
            raise ValueError("an instant needs its offset from UTC") from None
        return instant - datetime.fromtimestamp(written_at, UTC)
