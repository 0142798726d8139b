"""Inbound: when what patients wrote is read, and how soon again after a poll that failed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.orm import Session

from notifier.db.threads import DatabaseThreads
from notifier.domain.backoff import Random, backoff
from notifier.domain.clocks import Timekeeper
from notifier.sending.compare_at_start import compare
from notifier.sending.dispatch import Dispatch
from notifier.sending.gates import polls
from notifier.sending.poll import LONG_OVERLAP, OVERLAP, Receive, poll_inbound
from notifier.sms.gateway import Gateway, GatewayUnavailable, ProviderMessage

AGAIN: Final = 30.0
"""Seconds, at most, from a failed poll to the next: the gate opens so soon after the provider is back."""
log = structlog.get_logger()


class Inbound:
    """One worker's polls of what patients wrote; `wake` starts a round by its name."""

    def __init__(
        self,
        threads: DatabaseThreads,
        gateway: Gateway,
        clock: Timekeeper,
        dispatch: Dispatch,
        *,
        receive: Receive,
        wake: Callable[[str], None],
        random: Random | None = None,
        webhooks: bool = False,
    ) -> None:
        self._webhooks = webhooks
        self._threads, self._gateway, self._clock, self._dispatch = threads, gateway, clock, dispatch
        self._receive, self._wake, self._random = receive, wake, random
        self._overlap = LONG_OVERLAP
        self._failures, self._waits = 0, False
        self._found = False
        self.jumped = False
        """Since the wall clock jumped, no poll has ended: by that clock the last one only seems long ago."""

    def clock_jumped(self) -> None:
        """The last reading may have been by a wrong clock."""
        self._overlap, self.jumped = LONG_OVERLAP, True

    async def round(self) -> None:
        """Read, unless a failed poll was a moment ago: whoever wakes it meanwhile waits for the next try."""
        if self._waits:
            return
        jumped = self.jumped  # by now; a poll under way while it jumps is of the old clock
        try:
            await self._poll()
        finally:
            if jumped:
                self.jumped = False
                self._wake("watch")  # which has waited for this

    async def _poll(self) -> None:
        now = self._clock.now()
        age = await self._threads.read(lambda session: polls.since_last_poll(session, now))
        if self._dispatch.caught_up and age is not None and timedelta(0) <= age < timedelta(seconds=20):
            return  # another worker has just read it
        overlap, self._overlap = self._overlap, OVERLAP
        complete = await poll_inbound(
            self._threads, self._gateway, now=now, receive=self._store, overlap=overlap,
            failed_before=self._failures > 0,
            webhooks=self._webhooks,
        )  # fmt: skip
        if self._found:  # also where the poll broke off
            self._found = False
            self._wake("replies")
        if not complete:
            self._overlap = max(overlap, self._overlap)
            self._later()
            return
        if not self._dispatch.caught_up and not await self._compared(now):
            self._later()
            return
        if self._failures:
            log.info("inbound_poll_complete", failed_before=self._failures)
        self._failures = 0
        self._dispatch.caught_up = True
        self._wake("dispatch")

    def _store(self, session: Session, found: ProviderMessage, now: datetime) -> None:
        self._receive(session, found, now)
        self._found = True

    async def _compared(self, now: datetime) -> bool:
        """Whether the provider has said what left lately: once, before the first claim, by a clock that is right."""
        if self._dispatch.clock_watch.doubt:
            return False
        try:
            await compare(
                self._threads, self._gateway, senders=self._dispatch.senders, now=now, webhooks=self._webhooks
            )
        except GatewayUnavailable as error:
            log.warning("sent_texts_not_compared", why=str(error))
            return False
        return True

    def _later(self) -> None:
        self._failures += 1
        self._waits = True
        wait = backoff(self._failures, first=1, longest=AGAIN, random=self._random)
        asyncio.get_running_loop().call_later(wait, self._again)  # monotonic, whatever the wall clock does

    def _again(self) -> None:
        self._waits = False
        self._wake("inbound")
