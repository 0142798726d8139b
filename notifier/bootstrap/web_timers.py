"""What the web server does by the clock: while no worker lives, it is the one who tells; and it forgets what is old.

What a webhook brings and is urgent it tells at once, whoever else looks: a worker would only within a minute.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from sqlalchemy import Engine

from notifier.access.idempotency import forget_old_responses
from notifier.bootstrap.alerting import with_present
from notifier.bootstrap.sealing import Seal
from notifier.clock import Clock
from notifier.db.threads import DatabaseThreads
from notifier.oversight.alerts.watch import Alerting, watch_replies, watch_without_worker
from notifier.publishing.present_protocols import PresentProtocols
from notifier.scheduler.timers import Rounds

LOOK: Final = 60.0
"""Seconds between two looks for a worker."""
TIDY: Final = 3600.0
"""Seconds between two rounds of forgetting."""
_LAST_ROUND: Final = 0.5
"""Seconds for which the end waits for a round under way."""


@asynccontextmanager
async def rounds(
    engine: Engine,
    clock: Clock,
    alerting: Alerting,
    *,
    replied: asyncio.Event,
    beside_worker: bool = False,
    seal: Seal | None = None,
    protocols: PresentProtocols | None = None,
    look: float = LOOK,
    tidy: float = TIDY,
) -> AsyncIterator[None]:
    """Beside the web server. `replied` is set where a patient has written; `beside_worker`: one runs in this very
    process, and nobody else has to look whether it is alive. `seal`: seals the audit log, where no worker does.
    `protocols`: the clinic's own, of which one that cannot be read is an alert."""
    threads = DatabaseThreads(engine)
    missed = 0

    async def watch() -> None:
        nonlocal missed
        told = alerting if protocols is None else await with_present(threads, alerting, protocols)
        missed = await watch_without_worker(threads, told, now=clock.now(), missed=missed)

    async def forget() -> None:
        now = clock.now()
        await threads.write(lambda session: forget_old_responses(session, now))

    async def alert_urgent() -> None:
        await watch_replies(threads, alerting, now=clock.now())

    async def seal_log() -> None:
        if seal is not None:
            await seal(threads, clock)

    # Not on APScheduler's wall clock: one that is set back would silence it, and no worker's pulse is here to notice.
    going = Rounds()
    going.begin("forget", forget, every=tidy)
    going.begin("urgent", alert_urgent, wake_up=replied)
    if not beside_worker:
        going.begin("watch", watch, every=look)
    if seal is not None:
        going.begin("seal", seal_log, every=look)
    try:
        yield
    finally:
        await going.stop(_LAST_ROUND)
        going.cut_off()
        threads.close(wait=False)
