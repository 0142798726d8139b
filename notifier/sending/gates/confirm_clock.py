"""Confirm the clock: ask the provider what time it is before anything leaves by a clock that is in doubt."""

from __future__ import annotations

from datetime import datetime

import structlog

from notifier.db.threads import DatabaseThreads
from notifier.domain.clocks import ClockWatch
from notifier.sending.gates.heartbeats import doubt_of, say_doubt
from notifier.sms.gateway import Gateway, GatewayUnavailable

log = structlog.get_logger()


async def confirm_clock(
    threads: DatabaseThreads, gateway: Gateway, watch: ClockWatch, *, worker_id: str, now: datetime
) -> None:
    """Settle a doubt, if there is one: the provider's clock agrees, or a person has said that ours is right.

    Otherwise nothing leaves, and staff are told once.
    """
    if watch.doubt and watch.reported and not await threads.read(lambda session: doubt_of(session, worker_id)):
        log.warning("clock_trusted", by="staff")
        watch.trust()
        watch.reported = None
    elif watch.doubt:
        try:
            watch.hear(now, await gateway.time())
            watch.unheard = None
        except GatewayUnavailable as error:
            if watch.unheard != str(error):
                log.info("clock_not_confirmed", why=str(error))
            watch.unheard = str(error)
    doubt = None if watch.is_uncompared else watch.doubt
    if doubt == watch.reported:
        return
    await threads.write(lambda session: say_doubt(session, worker_id, doubt))
    watch.reported = doubt
    if doubt:
        log.error("clock_in_doubt", alert=True, why=doubt)
    else:
        log.info("clock_confirmed")
