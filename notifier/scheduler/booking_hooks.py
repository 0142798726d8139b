"""Booking webhooks in, beside sending: what waits is read every two seconds."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final

from notifier.db.threads import DatabaseThreads
from notifier.domain.clocks import Timekeeper
from notifier.domain.planning.plan import PlanningRules
from notifier.enrollments.importing.booking_hooks.events import forget_events
from notifier.enrollments.importing.booking_hooks.take_events import are_waiting, take_events
from notifier.publishing.present_protocols import PresentProtocols

HOOKS_EVERY: Final = 2.0
"""Seconds between two looks."""
_FORGET_EVERY: Final = 3600.0


class BookingHooks:
    """A worker's rounds of reading what booking systems have posted."""

    def __init__(
        self,
        threads: DatabaseThreads,
        clock: Timekeeper,
        protocols: PresentProtocols,
        rules: PlanningRules,
    ) -> None:
        self._threads, self._clock, self._protocols = threads, clock, protocols
        self._take = partial(take_events, threads.engine, rules=rules)
        self._forgot_at = float("-inf")

    async def round(self) -> None:
        """Read what waits; costs one small look where nothing does."""
        if await self._threads.read(are_waiting):
            protocols = await self._threads.read(self._protocols.read)
            await asyncio.to_thread(self._take, protocols=protocols, now=self._clock.now())
        if self._clock.monotonic() - self._forgot_at > _FORGET_EVERY:
            self._forgot_at = self._clock.monotonic()
            await self._threads.write(lambda session: forget_events(session, self._clock.now()))
