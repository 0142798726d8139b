"""The watch, once a minute: where the database cannot be used for minutes, somebody is told past it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from notifier.db.errors import DatabaseFailure
from notifier.scheduler.worker_settings import Outside
from notifier.sending.database_trouble import TROUBLE

MISSED: Final = 3
"""Watches in a row that could not use the database."""


class MissedWatches:
    """Counts how often the watch could not be kept."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._missed = 0

    async def watch(self, now: datetime) -> None:
        """Open, clear and send alerts. Raises what the database raises: no alert can be stored then."""
        if self._outside.watch is None:
            return
        try:
            await self._outside.watch(now)
        except TROUBLE as error:
            self._missed += 1
            if self._missed == MISSED and self._outside.alarm is not None:
                why = error.sentence if isinstance(error, DatabaseFailure) else "it does not answer"
                await self._outside.alarm(f"the database cannot be used, so nothing leaves: {why}", now)
            raise
        self._missed = 0
