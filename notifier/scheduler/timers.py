"""Bells: APScheduler rings them at an instant or every so often, and whoever hears one does his round.

A round runs once at a time. A bell that rings meanwhile is remembered, so no wake-up is lost; APScheduler alone would
drop it. All its state is in memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

log = structlog.get_logger()


class Bells:
    """Named bells with their rounds. Build it inside the running loop."""

    def __init__(self) -> None:
        # Late is better than dropped, and many missed rings are one.
        self._ringer = AsyncIOScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        self._bells: dict[str, asyncio.Event] = {}
        self._rounds: dict[str, asyncio.Task[None]] = {}

    def hang(self, name: str, every: float, round_: Callable[[], Awaitable[None]]) -> None:
        """A bell that rings every so many seconds, at once for the first time, and whenever `ring` is called."""
        bell = self._bells[name] = asyncio.Event()
        bell.set()
        self._rounds[name] = asyncio.create_task(_rounds(name, bell, round_), name=name)

        async def ring() -> None:  # a coroutine: APScheduler would run a plain function in a thread
            bell.set()

        self._ringer.add_job(ring, IntervalTrigger(seconds=every, timezone=UTC), id=name)

    def start(self) -> None:
        """From now on the bells ring."""
        self._ringer.start()

    def ring(self, name: str) -> None:
        """Ring now."""
        self._bells[name].set()

    def ring_at(self, name: str, at: datetime) -> None:
        """Ring once at that instant of the machine's clock, besides the regular rings; replaces the last such wish."""
        bell = self._bells[name]

        async def ring() -> None:
            bell.set()

        self._ringer.add_job(ring, DateTrigger(at, timezone=UTC), id=f"{name} at", replace_existing=True)

    def ring_all(self) -> None:
        """Ring every bell and start the intervals anew: the wall clock has jumped, and they are counted on it."""
        for name, bell in self._bells.items():
            bell.set()
            found = self._ringer.get_job(name)
            if found is not None:
                self._ringer.reschedule_job(name, trigger=found.trigger)

    async def stop(self, last: str, within: float) -> bool:
        """Ring no more. The round of `last` may end by itself, the others are cut off; False if it took too long."""
        self._ringer.pause()
        for name, running in self._rounds.items():
            if name != last:
                running.cancel()
        self._bells[last].set()
        _, late = await asyncio.wait(self._rounds.values(), timeout=within)
        self._ringer.shutdown(wait=False)
        return not late


class LastRound(Exception):
    """Raised by a round that wants no other to follow."""


async def _rounds(name: str, bell: asyncio.Event, round_: Callable[[], Awaitable[None]]) -> None:
    told: type[Exception] | None = None
    while True:
        await bell.wait()
        bell.clear()
        try:
            await round_()
            told = None
        except LastRound:
            return
        except Exception as error:  # a round that failed is tried again at the next ring; the others go on
            if type(error) is not told:  # a full disk lasts for hours: once is enough
                log.exception("round_failed", round=name)
            told = type(error)
