"""Receipts: how often the provider is asked what became of a text, by how long ago it left."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from notifier.db.threads import DatabaseThreads
from notifier.domain.clocks import Timekeeper
from notifier.sending.dispatch import Dispatch
from notifier.sending.poll import Apply, poll_receipts
from notifier.sms.gateway import Gateway

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
_BANDS: Final = (
    (timedelta(seconds=5), 15 * _MINUTE, 20.0),
    (15 * _MINUTE, 6 * _HOUR, 600.0),
    (6 * _HOUR, 72 * _HOUR, 3600.0),
)
"""Texts that left so long ago (from, to) are asked about every so many seconds."""


class ReceiptPolls:
    """One worker's polls of receipts."""

    def __init__(
        self,
        threads: DatabaseThreads,
        gateway: Gateway,
        clock: Timekeeper,
        dispatch: Dispatch,
        *,
        apply: Apply,
        webhooks: bool,
    ) -> None:
        self._threads, self._gateway, self._clock, self._dispatch = threads, gateway, clock, dispatch
        self._apply, self._webhooks = apply, webhooks
        self._polled_at: dict[timedelta, float] = {}

    def clock_jumped(self) -> None:
        """By the new clock other texts left so long ago."""
        self._polled_at.clear()

    async def round(self) -> None:
        """Ask about those whose turn it is. Where webhooks bring receipts, about the young ones nobody asks."""
        for youngest, oldest, every in _BANDS[1:] if self._webhooks else _BANDS:
            now = self._clock.monotonic()
            if self._dispatch.is_busy or now - self._polled_at.get(youngest, float("-inf")) < every:
                continue
            self._polled_at[youngest] = now
            await poll_receipts(
                self._threads, self._gateway, now=self._clock.now(), apply=self._apply,
                left_between=(youngest, oldest), webhooks=self._webhooks)  # fmt: skip
