"""Rounds that run by the clock or when somebody wakes them, in the worker and in the web server.

A round runs once at a time. A wake-up that comes meanwhile is remembered, so none is lost; APScheduler alone would drop
it. All state is in memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

Round = Callable[[], Awaitable[None]]
log = structlog.get_logger()


class Rounds:
    """Named rounds, each in a task of its own. One that fails is tried again at its next turn; the others go on."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._bells: dict[str, asyncio.Event] = {}
        self._ending = False
        self._last: str | None = None

    def begin(self, name: str, round_: Round, *, bell: asyncio.Event | None = None, every: float | None = None) -> None:
        """Run it whenever `bell` is set; with `every` also now, and every so many seconds on the monotonic clock."""
        bell = self._bells[name] = bell or asyncio.Event()
        if every is not None:
            bell.set()
        self._tasks[name] = asyncio.create_task(self._run(name, bell, every, round_), name=name)

    async def stop(self, within: float, last: str | None = None) -> bool:
        """Begin no other round, but one more of `last`, for which the others are cut off; False where one that is under
        way takes longer than `within` seconds."""
        self._ending, self._last = True, last
        for name, running in self._tasks.items():
            if last not in (None, name):
                running.cancel()
            self._bells[name].set()
        _, late = await asyncio.wait(self._tasks.values(), timeout=within)
        return not late

    def cut_off(self) -> None:
        """What has not ended by now ends."""
        for running in self._tasks.values():
            running.cancel()

    async def _run(self, name: str, bell: asyncio.Event, every: float | None, round_: Round) -> None:
        told: type[Exception] | None = None
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(every):
                    await bell.wait()
            bell.clear()
            if self._ending and name != self._last:
                return
            try:
                await round_()
                told = None
            except LastRound:
                return
            except Exception as error:
                if type(error) is not told:  # a full disk lasts for hours: once is enough
                    log.exception("round_failed", round=name)
                told = type(error)


class Bells:
    """Bells that APScheduler rings at an instant or every so often. Build it inside the running loop."""

    def __init__(self) -> None:
        # Late is better than dropped, and many missed rings are one.
        self._ringer = AsyncIOScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        self._bells: dict[str, asyncio.Event] = {}
        self._rounds = Rounds()

    def hang(self, name: str, every: float, round_: Round) -> None:
        """A bell that rings every so many seconds, at once for the first time, and whenever `ring` is called."""
        bell = self._bells[name] = asyncio.Event()
        bell.set()
        self._rounds.begin(name, round_, bell=bell)

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
        drained = await self._rounds.stop(within, last)
        self._ringer.shutdown(wait=False)
        return drained


class LastRound(Exception):
    """Raised by a round that wants no other to follow."""
