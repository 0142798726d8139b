"""Rounds that run by the clock or when somebody wakes them, in the worker and in the web server.

A round runs once at a time. A wake-up that comes meanwhile is remembered, so none is lost; APScheduler alone would drop
it. All state is in memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Protocol

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

Round = Callable[[], Awaitable[None]]
log = structlog.get_logger()


class RoundTimers(Protocol):
    """What a worker asks of whatever wakes its rounds."""

    def add(self, name: str, every: float, round_: Round) -> None:
        """Run the round now, then every `every` seconds, and whenever `wake` is called."""
        ...

    def start(self) -> None:
        """Start the intervals."""
        ...

    def wake(self, name: str) -> None:
        """Run this round now."""
        ...

    def wake_at(self, name: str, at: datetime) -> None:
        """Run it once at that instant of the machine's clock; replaces the last such wish."""
        ...

    def wake_all(self) -> None:
        """Run every round now: the wall clock has jumped."""
        ...

    async def stop(self, last: str, within: float) -> bool:
        """Wake no round any more, and let the round of `last` end by itself; False if that took too long."""
        ...


class Rounds:
    """Named rounds, each in a task of its own. One that fails is tried again at its next turn; the others go on."""

    def __init__(self, is_said: Callable[[Exception], bool] = lambda _error: False) -> None:
        """`is_said`: whether somebody else says why a round failed, so that its own log line would be a second one."""
        self._is_said = is_said
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._wake_ups: dict[str, asyncio.Event] = {}
        self._ending = False
        self._last: str | None = None

    def begin(
        self, name: str, round_: Round, *, wake_up: asyncio.Event | None = None, every: float | None = None
    ) -> None:
        """Run it whenever `wake_up` is set; with `every` also now, and every so many seconds on the monotonic clock."""
        wake_up = self._wake_ups[name] = wake_up or asyncio.Event()
        if every is not None:
            wake_up.set()
        self._tasks[name] = asyncio.create_task(self._run(name, wake_up, every, round_), name=name)

    async def stop(self, within: float, last: str | None = None) -> bool:
        """Begin no other round, but one more of `last`, for which the others are cut off; False where one that is under
        way takes longer than `within` seconds."""
        self._ending, self._last = True, last
        for name, running in self._tasks.items():
            if last not in (None, name):
                running.cancel()
            self._wake_ups[name].set()
        _, late = await asyncio.wait(self._tasks.values(), timeout=within)
        return not late

    def cut_off(self) -> None:
        """What has not ended by now ends."""
        for running in self._tasks.values():
            running.cancel()

    async def _run(self, name: str, wake_up: asyncio.Event, every: float | None, round_: Round) -> None:
        logged: type[Exception] | None = None
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(every):
                    await wake_up.wait()
            wake_up.clear()
            if self._ending and name != self._last:
                return
            try:
                await round_()
                logged = None
            except LastRound:
                return
            except Exception as error:
                if not self._is_said(error) and type(error) is not logged:
                    log.exception("round_failed", round=name)  # a full disk lasts for hours: once is enough
                logged = type(error)


class Timers:
    """Rounds that APScheduler wakes at an instant or at an interval. Build it inside the running loop."""

    def __init__(self, is_said: Callable[[Exception], bool] = lambda _error: False) -> None:
        # Late is better than dropped, and many missed wake-ups are one.
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        self._wake_ups: dict[str, asyncio.Event] = {}
        self._rounds = Rounds(is_said)

    def add(self, name: str, every: float, round_: Round) -> None:
        """Run the round now, then every `every` seconds, and whenever `wake` is called."""
        wake_up = self._wake_ups[name] = asyncio.Event()
        wake_up.set()
        self._rounds.begin(name, round_, wake_up=wake_up)

        async def fire() -> None:  # a coroutine: APScheduler would run a plain function in a thread
            wake_up.set()

        self._scheduler.add_job(fire, IntervalTrigger(seconds=every, timezone=UTC), id=name)

    def start(self) -> None:
        """Start the intervals."""
        self._scheduler.start()

    def wake(self, name: str) -> None:
        """Run this round now."""
        self._wake_ups[name].set()

    def wake_at(self, name: str, at: datetime) -> None:
        """Run it once at that instant of the machine's clock, beside its interval; replaces the last such wish."""
        wake_up = self._wake_ups[name]

        async def fire() -> None:
            wake_up.set()

        self._scheduler.add_job(fire, DateTrigger(at, timezone=UTC), id=f"{name} at", replace_existing=True)

    def wake_all(self) -> None:
        """Run every round now and start the intervals anew: the wall clock has jumped, and they are counted on it."""
        for name, wake_up in self._wake_ups.items():
            wake_up.set()
            found = self._scheduler.get_job(name)
            if found is not None:
                self._scheduler.reschedule_job(name, trigger=found.trigger)

    async def stop(self, last: str, within: float) -> bool:
        """Wake no round any more. The round of `last` may end by itself, the others are cut off; False if it
        took longer than `within` seconds."""
        self._scheduler.pause()
        drained = await self._rounds.stop(within, last)
        self._scheduler.shutdown(wait=False)
        return drained


class LastRound(Exception):
    """Raised by a round that wants no other to follow."""
