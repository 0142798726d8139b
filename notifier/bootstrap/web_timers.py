"""What the web server does by the clock: while no worker lives, it is the one who tells; and it forgets what is old.

What a webhook brings and is urgent it tells at once, whoever else looks: a worker would only within a minute.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog
from sqlalchemy import Engine

from notifier.access.idempotency import forget_old_answers
from notifier.clock import Clock
from notifier.db.threads import DatabaseThreads
from notifier.oversight.alerts import Telling, watch_alone, watch_replies

LOOK: Final = 60.0
"""Seconds between two looks for a worker."""
TIDY: Final = 3600.0
"""Seconds between two rounds of forgetting."""
_LAST_ROUND: Final = 0.5
"""Seconds for which the end waits for a round under way."""
log = structlog.get_logger()


@asynccontextmanager
async def rounds(
    engine: Engine,
    clock: Clock,
    telling: Telling,
    *,
    replied: asyncio.Event,
    beside_worker: bool = False,
    look: float = LOOK,
    tidy: float = TIDY,
) -> AsyncIterator[None]:
    """Beside the web server. `replied` is set where a patient has written; `beside_worker`: one runs in this very
    process, and nobody else has to look whether it is alive."""
    threads = DatabaseThreads(engine)
    missed = 0

    async def watch() -> None:
        nonlocal missed
        missed = await watch_alone(threads, telling, now=clock.now(), missed=missed)

    async def forget() -> None:
        now = clock.now()
        await threads.write(lambda session: forget_old_answers(session, now))

    async def tell_urgent() -> None:
        await watch_replies(threads, telling, now=clock.now())

    ending = asyncio.Event()
    going = [
        asyncio.create_task(_every(tidy, forget, ending)),
        asyncio.create_task(_whenever(replied, tell_urgent, ending)),
    ]
    if not beside_worker:
        going.append(asyncio.create_task(_every(look, watch, ending)))
    try:
        yield
    finally:
        ending.set()
        replied.set()
        _, late = await asyncio.wait(going, timeout=_LAST_ROUND)
        for one in late:
            one.cancel()
        threads.close(wait=False)


async def _whenever(bell: asyncio.Event, round_: Callable[[], Awaitable[None]], ending: asyncio.Event) -> None:
    while True:
        await bell.wait()
        if ending.is_set():
            return
        bell.clear()
        await _try(round_)


async def _every(seconds: float, round_: Callable[[], Awaitable[None]], ending: asyncio.Event) -> None:
    while not ending.is_set():
        await _try(round_)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await ending.wait()


async def _try(round_: Callable[[], Awaitable[None]]) -> None:
    try:
        await round_()
    except Exception as error:  # noqa: BLE001  # the database is away, such as for a restore; the next round comes
        log.warning("round_failed", why=type(error).__name__)
