"""What the web server does by the clock: while no worker lives, it is the one who tells; and it forgets what is old."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog
from sqlalchemy import Engine

from notifier.actions.alerts import Telling, watch_alone
from notifier.clock import Clock
from notifier.db.api_answers import forget_old_answers
from notifier.db.tables import CLINIC
from notifier.db.threads import DatabaseThreads

LOOK: Final = 60.0
"""Seconds between two looks for a worker."""
TIDY: Final = 3600.0
"""Seconds between two rounds of forgetting."""
_LAST_ROUND: Final = 0.5
"""Seconds for which the end waits for a round under way."""
log = structlog.get_logger()


@asynccontextmanager
async def rounds(
    engine: Engine, clock: Clock, telling: Telling | None, *, look: float = LOOK, tidy: float = TIDY
) -> AsyncIterator[None]:
    """Beside the web server. `telling` is None where a worker runs in this very process: it tells by itself."""
    threads = DatabaseThreads(engine)
    missed = 0

    async def watch() -> None:
        nonlocal missed
        assert telling is not None
        missed = await watch_alone(threads, telling, CLINIC, now=clock.now(), missed=missed)

    async def forget() -> None:
        now = clock.now()
        await threads.write(lambda session: forget_old_answers(session, now))

    ending = asyncio.Event()
    going = [asyncio.create_task(_every(tidy, forget, ending))]
    if telling is not None:
        going.append(asyncio.create_task(_every(look, watch, ending)))
    try:
        yield
    finally:
        ending.set()
        _, late = await asyncio.wait(going, timeout=_LAST_ROUND)
        for one in late:
            one.cancel()
        threads.close(wait=False)


async def _every(seconds: float, round_: Callable[[], Awaitable[None]], ending: asyncio.Event) -> None:
    while not ending.is_set():
        try:
            await round_()
        except Exception as error:  # noqa: BLE001  # the database is away, such as for a restore; the next round comes
            log.warning("round_failed", why=type(error).__name__)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await ending.wait()
