"""Replanning: what was asked for since, and now and then a look whether anything was missed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from notifier.db import replans
from notifier.db.threads import DatabaseThreads
from notifier.domain.clocks import Timekeeper
from notifier.enrollments.replan import AT_ONCE
from notifier.enrollments.sweep import sweep

Replan = Callable[[Session, datetime], int]
"""Plans anew what was asked for, at that instant; how many enrollments."""
_SWEEP_EVERY = 30.0


class Replans:
    """A worker's rounds of replanning."""

    def __init__(self, threads: DatabaseThreads, clock: Timekeeper, replan: Replan) -> None:
        self._threads, self._clock, self._replan = threads, clock, replan
        self._swept_at, self._swept_to = float("-inf"), 0

    async def round(self) -> None:
        """Plan anew until nobody waits; every half a minute, look at some more enrollments first."""
        if self._clock.monotonic() - self._swept_at >= _SWEEP_EVERY:
            self._swept_at = self._clock.monotonic()
            now, after = self._clock.now(), self._swept_to
            missed, self._swept_to = await self._threads.read(lambda session: sweep(session, after))
            if missed:
                await self._threads.write(lambda session: replans.ask_for(session, missed, at=now))
        if await self._threads.read(replans.is_any_waiting):
            while await self._threads.write(lambda session: self._replan(session, self._clock.now())) == AT_ONCE:
                pass
