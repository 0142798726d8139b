"""Outgoing webhooks, beside sending: what happened is collected and posted, every two seconds."""

from __future__ import annotations

from typing import Final

from notifier.db.threads import DatabaseThreads
from notifier.domain.clocks import Timekeeper
from notifier.subscriptions.collect import collect, forget_old, is_anything_new
from notifier.subscriptions.deliver import client, save, send, take
from notifier.subscriptions.endpoints import endpoints

EVERY: Final = 2.0
"""Seconds between two looks."""
_FORGET_EVERY: Final = 3600.0


class WebhookPosts:
    """A worker's rounds of posting."""

    def __init__(self, threads: DatabaseThreads, clock: Timekeeper) -> None:
        self._threads, self._clock = threads, clock
        self._forgot_at = float("-inf")

    async def round(self) -> None:
        """Collect and post until nothing is due; costs three small reads where nobody subscribes."""
        if not await self._threads.read(endpoints):
            return
        if await self._threads.read(is_anything_new):
            while await self._threads.write(lambda session: collect(session, self._clock.now())):
                pass
        async with client() as http:
            while posts := await self._threads.write(lambda session: take(session, self._clock.now())):
                outcomes = await send(posts, client=http)
                await self._threads.write(lambda session: save(session, posts, outcomes, self._clock.now()))  # noqa: B023  # it runs before the next turn
                if any(one.why for one in outcomes):
                    break
        if self._clock.monotonic() - self._forgot_at > _FORGET_EVERY:
            self._forgot_at = self._clock.monotonic()
            await self._threads.write(lambda session: forget_old(session, self._clock.now()))
