"""Calendars that are polled, beside sending."""

from __future__ import annotations

from typing import Final

import structlog

from notifier.db.threads import DatabaseThreads
from notifier.domain.clocks import Timekeeper
from notifier.domain.planning.plan import PlanningRules
from notifier.enrollments.importing.calendar_feeds.feeds import feeds
from notifier.enrollments.importing.calendar_feeds.poll_feeds import due_feeds, poll_feed
from notifier.publishing.present_protocols import PresentProtocols

FEEDS_EVERY: Final = 60.0
"""Seconds between two looks at whether a calendar is due."""
log = structlog.get_logger()


class CalendarFeeds:
    """A worker's rounds of polling."""

    def __init__(
        self,
        threads: DatabaseThreads,
        clock: Timekeeper,
        protocols: PresentProtocols,
        rules: PlanningRules,
    ) -> None:
        self._threads, self._clock, self._protocols, self._rules = threads, clock, protocols, rules

    async def round(self) -> None:
        """Look at what is due; costs one small read where there is no calendar."""
        if not await self._threads.read(feeds):
            return
        protocols = await self._threads.read(self._protocols.read)
        for feed in await self._threads.write(lambda session: due_feeds(session, self._clock.now())):
            why = await poll_feed(
                self._threads.engine, feed, protocols=protocols, rules=self._rules, now=self._clock.now()
            )
            if why:
                log.warning("feed_not_taken", feed=feed.name)
