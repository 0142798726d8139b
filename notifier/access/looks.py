"""Which patients somebody has just had on a page: a page that is drawn anew is one look, not a hundred."""

from __future__ import annotations

import threading
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

STILL_THERE: Final = timedelta(minutes=15)
"""A patient who has been off somebody's page for so long is looked at again."""
_Where = tuple[object, ...]


class Looks:
    """Of one process; of several each counts a look once. What is forgotten is written down again, never left out."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shown: dict[_Where, dict[int, datetime]] = {}
        self._tidied: datetime | None = None

    def new(self, where: _Where, patients: Collection[int], now: datetime) -> list[int]:
        """Those who were not there a moment ago. `where`: who looks, from where, at which page."""
        with self._lock:
            shown = self._shown.get(where, {})
            return sorted(one for one in set(patients) if not _is_recent(shown.get(one), now))

    def keep(self, where: _Where, patients: Collection[int], now: datetime) -> None:
        """They are there; to be said once the look is in the database."""
        with self._lock:
            self._tidy(now)
            self._shown.setdefault(where, {}).update(dict.fromkeys(patients, now))

    def _tidy(self, now: datetime) -> None:
        if _is_recent(self._tidied, now):
            return
        self._tidied = now
        for where, shown in list(self._shown.items()):
            recent = {one: at for one, at in shown.items() if _is_recent(at, now)}
            if recent:
                self._shown[where] = recent
            else:
                del self._shown[where]


def _is_recent(at: datetime | None, now: datetime) -> bool:
    return at is not None and timedelta() <= now - at < STILL_THERE
