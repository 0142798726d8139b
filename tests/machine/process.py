"""One worker process that may be killed, its machine's clock, which may be wrong, and a provider that remembers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy.orm import Session

from notifier.db.engine import reading, writing
from notifier.db.threads import DatabaseThreads
from notifier.domain.planning.plan import PlanningRules
from notifier.enrollments.replan import replan
from notifier.scheduler.replans import Replans
from notifier.sending.dispatch import Turn
from notifier.sending.pause_points import PausePoint
from notifier.sms.gateway import OutgoingText
from schedules.wording import Voice
from tests.setups.fakes import FakeClock, FakeGateway
from tests.setups.sending import Sending

_T = TypeVar("_T")
RULES = PlanningRules(Voice("Clinic", "+1 212 555 0100"), "America/New_York", must_be_approved=False)


class MachineClock(FakeClock):
    """A machine's clock, which somebody may have set wrong; the truth goes on."""

    def __init__(self, truth: FakeClock) -> None:
        self.truth, self.off = truth, timedelta(0)

    def now(self) -> datetime:
        return self.truth.now() + self.off

    def monotonic(self) -> float:
        return self.truth.monotonic()

    machine_now = now


@dataclass
class Provider(FakeGateway):
    """It keeps true time, and shows every text that it makes to who judges them."""

    made: Callable[[str, OutgoingText], None] = lambda sid, text: None
    failed: set[str] = field(default_factory=set)
    """The SIDs that a carrier has ever given back."""

    def create(self, text: OutgoingText) -> str:
        sid = super().create(text)
        self.made(sid, text)
        return sid

    def becomes(self, sid: str, status: str, error_code: int | None = None) -> None:
        super().becomes(sid, status, error_code)
        if status in ("failed", "undelivered"):
            self.failed.add(sid)


class InOrder(DatabaseThreads):
    """The database without threads: the same run takes the same way each time, which a shorter example needs."""

    async def write(self, operation: Callable[[Session], _T], *, of_note: bool = True) -> _T:
        with writing(self.engine) as session:
            return operation(session)

    async def read(self, operation: Callable[[Session], _T]) -> _T:
        with reading(self.engine) as session:
            return operation(session)


@dataclass
class Process(Sending):
    """A worker that can be killed: then it stops for ever where it stands."""

    clock: MachineClock
    gateway: Provider
    passed: Callable[[PausePoint, Collection[str]], None] = lambda point, attempts: None
    dies_at: PausePoint | None = None
    dead: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.threads = InOrder(self.engine)
        self.replans = Replans(self.threads, self.clock, lambda session, now: replan(session, RULES, now))
        self.start()

    async def _reached(self, point: PausePoint, attempts: Collection[str]) -> None:
        if attempts and point is self.dies_at:
            self.dies_at = None
            self.dead.set()
            await asyncio.Event().wait()
        await super()._reached(point, attempts)
        self.passed(point, attempts)

    async def turn_or_die(self) -> Turn | None:
        """One turn; None where the worker died in it."""
        turn, death = asyncio.create_task(self.dispatch.turn()), asyncio.create_task(self.dead.wait())
        await asyncio.wait([turn, death], return_when=asyncio.FIRST_COMPLETED)
        death.cancel()
        if turn.done():
            return turn.result()
        tasks = [turn, *self.dispatch._calls._callers]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.dead.clear()
        return None
