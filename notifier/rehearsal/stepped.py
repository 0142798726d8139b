"""Time that is set: a clock that stands still between two stops, and the rounds of a worker that run at each."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from notifier.clock import Clock
from notifier.domain.clocks import Timekeeper
from notifier.scheduler.timers import Round

_MOST_PASSES: Final = 50


class SteppedClock(Clock):
    """It shows what it was set to; its seconds since whenever go with it."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def set(self, at: datetime) -> None:
        """Never back."""
        self._at = max(at, self._at)

    def now(self) -> datetime:
        return self._at

    def monotonic(self) -> float:
        return self._at.timestamp()

    def machine_now(self) -> datetime:
        return self._at

    def machine_time(self, at: datetime) -> datetime:
        return at


class SteppedTimers:
    """A worker's rounds, one after the other: those whose time has come, and those that they wake."""

    def __init__(self, clock: Timekeeper) -> None:
        self._clock = clock
        self._rounds: dict[str, tuple[timedelta, Round]] = {}
        self._ran: dict[str, datetime] = {}
        self._woken: set[str] = set()
        self._wished: dict[str, datetime] = {}

    def add(self, name: str, every: float, round_: Round) -> None:
        """See RoundTimers."""
        self._rounds[name] = (timedelta(seconds=every), round_)
        self._woken.add(name)

    def start(self) -> None:
        """See RoundTimers."""

    def wake(self, name: str) -> None:
        """See RoundTimers."""
        self._woken.add(name)

    def wake_at(self, name: str, at: datetime) -> None:
        """See RoundTimers."""
        self._wished[name] = at

    def wake_all(self) -> None:
        """See RoundTimers."""
        self._woken.update(self._rounds)

    async def stop(self, last: str, within: float) -> bool:  # noqa: ARG002  # nothing is ever under way between two stops
        """See RoundTimers."""
        return True

    @property
    def next_wish(self) -> datetime | None:
        """When a round wants to run, beside its interval."""
        return min(self._wished.values(), default=None)

    async def run(self) -> None:
        """Everything that is to be done now, until nobody wakes anybody."""
        now = self._clock.now()
        for name, (every, _) in self._rounds.items():
            if now - self._ran.get(name, now) >= every or self._wished.get(name, now + every) <= now:
                self._woken.add(name)
        for _ in range(_MOST_PASSES):
            names = [name for name in self._rounds if name in self._woken]
            if not names:
                return
            for name in names:
                self._woken.discard(name)
                if self._wished.get(name, now) <= now:
                    self._wished.pop(name, None)
                self._ran[name] = now
                await self._rounds[name][1]()
