"""Backups that the worker makes by itself: the first of each UTC day, with rotation."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import Engine

from notifier.db.errors import DatabaseFailure
from notifier.domain.clocks import Timekeeper
from notifier.domain.key_set import KeySet
from notifier.domain.refused import Refused
from notifier.maintenance.backups import back_up
from notifier.maintenance.rotation import backup_name, last_backup, rotate

BACKUPS_EVERY: Final = 600.0
"""Seconds between two looks whether one is due."""
_AGAIN: Final = timedelta(hours=1)
"""After one that failed: a full disk is not mended by writing to it every ten minutes."""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class BackupPlan:
    """Where backups go, which of them stay, and with which keys they are encrypted; None: they are not."""

    directory: Path
    daily: int
    weekly: int
    keys: KeySet | None = None


class ScheduledBackups:
    """The worker's round that backs up. A failure is told once, until one succeeds again."""

    def __init__(
        self,
        engine: Engine,
        clock: Timekeeper,
        plan: BackupPlan,
        *,
        tell: Callable[[str, datetime], Awaitable[object]],
    ) -> None:
        self._engine, self._clock, self._plan, self._tell = engine, clock, plan, tell
        self._not_before: datetime | None = None
        self._failed = False

    async def round(self) -> None:
        """Back up, if today (UTC) has no backup yet, and delete those that go."""
        now = self._clock.now()
        if self._not_before is not None and now < self._not_before:
            return
        try:
            await asyncio.to_thread(self._back_up, now)
        except (DatabaseFailure, Refused, OSError) as error:
            self._not_before = now + _AGAIN
            why = f"the daily backup failed: {_sentence(error)}"
            if not self._failed:
                log.error("backup_failed", alert=True, why=why)  # noqa: TRY400  # the sentence says it all
                await self._tell(why, now)
            self._failed = True
        else:
            self._not_before, self._failed = None, False

    def _back_up(self, now: datetime) -> None:
        plan = self._plan
        last = last_backup(plan.directory)
        if last is not None and last.date() >= now.astimezone(UTC).date():
            return
        to = plan.directory / backup_name(now)
        size = back_up(self._engine, to, now=now, by="worker", keys=plan.keys)
        gone = rotate(plan.directory, daily=plan.daily, weekly=plan.weekly)
        log.info("backed_up", file=to.name, bytes=size, encrypted=plan.keys is not None, deleted=len(gone))


def _sentence(error: Exception) -> str:
    return f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else str(error)
