"""Forgetting, beside sending: the clinic's retention, the database's file, and what the provider still has."""

from __future__ import annotations

import asyncio
from datetime import datetime
from functools import partial
from typing import Final

import structlog
from sqlalchemy.orm import Session

from notifier.db.threads import DatabaseThreads
from notifier.domain.clocks import Timekeeper
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.pseudonyms import Pseudonyms
from notifier.domain.refused import Refused
from notifier.maintenance.forgetting.erase import erase
from notifier.maintenance.forgetting.leave_no_trace import leave_no_trace
from notifier.maintenance.forgetting.old_rows import forget_old_rows
from notifier.maintenance.forgetting.provider_deletions import deleted_at_provider, due_deletions, not_deleted
from notifier.maintenance.forgetting.retention import approved_days, plan_retention
from notifier.sms.gateway import Gateway, GatewayUnavailable

FORGET_EVERY: Final = 3600.0
"""Seconds between two rounds."""
_AT_ONCE: Final = 200
"""Patients in one round: each is a transaction of its own, and texts leave between them."""
_MOST_REFUSED: Final = 3
_BY: Final = "retention"
log = structlog.get_logger()


class Forgetting:
    """A worker's rounds of forgetting."""

    def __init__(
        self,
        threads: DatabaseThreads,
        clock: Timekeeper,
        gateway: Gateway,
        rules: PlanningRules,
        pseudonyms: Pseudonyms,
        days: int | None,
    ) -> None:
        """`days`: the clinic's retention; None: nobody is forgotten by itself."""
        self._threads, self._clock, self._gateway = threads, clock, gateway
        self._rules, self._pseudonyms, self._days = rules, pseudonyms, days

    async def round(self) -> None:
        """A few small statements where there is nothing to do."""
        if self._days is not None and await self._threads.read(approved_days) == self._days:
            await self._forget(self._days)
        await self._threads.write(partial(forget_old_rows, now=self._clock.now()))
        await asyncio.to_thread(leave_no_trace, self._threads.engine, self._clock.now())
        await self._delete_at_provider()

    async def _forget(self, days: int) -> None:
        now = self._clock.now()
        plan = await self._threads.read(lambda session: plan_retention(session, days, self._rules, now, most=_AT_ONCE))
        erased = 0
        for one in plan.patients:
            erased += await self._threads.write(partial(self._erase, enrollment=one, now=now))
        if erased:
            log.info("patients_forgotten", patients=erased, days=days)

    def _erase(self, session: Session, enrollment: int, now: datetime) -> int:
        try:
            erase(session, enrollment, rules=self._rules, pseudonyms=self._pseudonyms, now=now, by=_BY)
        except Refused:  # a message has come, or a legal hold, since the plan was made
            return 0
        return 1

    async def _delete_at_provider(self) -> None:
        """One that the provider does not let go holds up no other; where it refuses several, it is not asked on."""
        now, failed = self._clock.now(), 0
        for sid in await self._threads.read(lambda session: due_deletions(session, now)):
            try:
                await self._gateway.delete(sid)
            except GatewayUnavailable as error:
                log.warning("text_not_deleted", why=str(error))
                await self._threads.write(partial(not_deleted, sid=sid, now=now))
                failed += 1
                if failed == _MOST_REFUSED:
                    return
            else:
                await self._threads.write(partial(deleted_at_provider, sids=[sid], now=now))
