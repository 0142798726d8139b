"""A worker whose clock leaps ahead sends nothing until the provider's clock agrees or a person says it is right."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine

from notifier.bootstrap.run_worker import build_worker
from notifier.clock import Clock
from notifier.config.settings import Settings
from notifier.db.engine import reading, writing
from notifier.db.outbox import by_id
from notifier.db.threads import DatabaseThreads
from notifier.domain.states import MessageState
from notifier.scheduler import worker as worker_module
from notifier.sending.gates.heartbeats import doubts, trust_clocks
from notifier.sending.gates.polls import completed
from tests.conftest import Rows
from tests.setups.fakes import FakeClock, FakeGateway

S = MessageState


class LeapingClock(Clock):
    """Noon in New York on a machine whose own clock can be set."""

    def __init__(self) -> None:
        at = super().now()
        self.set = at.replace(hour=17, minute=0) - at

    def now(self) -> datetime:
        return super().now() + self.set

    def machine_now(self) -> datetime:
        return self.now()

    def machine_time(self, at: datetime) -> datetime:
        return at - self.set


@dataclass
class Clocks:
    """A worker that runs, and its surroundings."""

    engine: Engine
    clock: LeapingClock
    gateway: FakeGateway

    def plan(self, due_in: timedelta, phone: str = "+12125550101") -> int:
        now = self.clock.now()
        when = {
            "nominal_at": now + due_in,
            "due_at": now + due_in,
            "not_before": now,
            "expires_at": now + due_in + timedelta(9),
        }
        with writing(self.engine) as session:
            rows = Rows(now)
            return rows.message(session, rows.enrollment(session, phone=phone), phone=phone, **when)

    def state(self, text: int) -> MessageState:
        with reading(self.engine) as session:
            found = by_id(session, text)
            assert found is not None
            return found.state

    def doubts(self) -> list[str]:
        with reading(self.engine) as session:
            return doubts(session, self.clock.now())

    async def until(self, so: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not so():  # noqa: ASYNC110  # the database has no event to wait for
                await asyncio.sleep(0.02)


@pytest.fixture
def clocks(sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Clocks:
    monkeypatch.setattr(worker_module, "_CLOCK", 0.3)
    clock = LeapingClock()
    return Clocks(sqlite_engine, clock, FakeGateway(FakeClock(clock.now())))


@asynccontextmanager
async def working(clocks: Clocks) -> AsyncIterator[None]:
    """Until everything is read for the first time; the provider's clock then stands still, which is near enough."""
    threads = DatabaseThreads(clocks.engine)
    settings = Settings(_env_file=None, env="test", messages_per_second=0, database_url=SecretStr("unused"))
    worker = build_worker(settings, threads, clocks.gateway, clocks.clock)
    ready = asyncio.Event()
    ending = asyncio.create_task(worker.run(ready.set))
    await ready.wait()
    try:
        yield
    finally:
        worker.stop()
        await ending
        threads.close()


async def test_a_leap_ahead_sends_nothing_early_and_when_it_is_undone_all_goes_on(clocks: Clocks) -> None:
    async with working(clocks):
        text, first = clocks.plan(timedelta(days=2)), clocks.plan(timedelta(seconds=0.1), "+12125550102")
        await clocks.until(lambda: clocks.state(first) is S.ACCEPTED)
        clocks.clock.set += timedelta(days=3)
        await clocks.until(lambda: bool(clocks.doubts()))
        assert "but the provider's shows" in clocks.doubts()[0]
        await asyncio.sleep(1.0)
        assert S.PLANNED == clocks.state(text)
        clocks.clock.set -= timedelta(days=3)
        await clocks.until(lambda: not clocks.doubts())
        second = clocks.plan(timedelta(seconds=0.1), "+12125550103")
        await clocks.until(lambda: clocks.state(second) is S.ACCEPTED)
        assert S.PLANNED == clocks.state(text)


async def test_a_leap_that_the_provider_confirms_sends_what_is_due(clocks: Clocks) -> None:
    """The machine slept: the text is late, and the clock is right."""
    async with working(clocks):
        text = clocks.plan(timedelta(minutes=30))
        await asyncio.sleep(0.5)
        clocks.gateway.clock.pass_(minutes=40)
        clocks.clock.set += timedelta(minutes=40)
        await clocks.until(lambda: clocks.state(text) is S.ACCEPTED)


async def test_a_person_may_say_that_the_clock_is_right(clocks: Clocks) -> None:
    async with working(clocks):
        await asyncio.sleep(0.5)
        text = clocks.plan(timedelta(minutes=30))
        clocks.clock.set += timedelta(minutes=40)
        await clocks.until(lambda: bool(clocks.doubts()))
        with writing(clocks.engine) as session:
            assert 1 == trust_clocks(session)
        await clocks.until(lambda: clocks.state(text) is S.ACCEPTED)


async def test_a_worker_that_starts_before_the_database_was_in_use_sends_nothing(clocks: Clocks) -> None:
    at = clocks.clock.now() + timedelta(hours=1)
    with writing(clocks.engine) as session:
        completed(session, at=at, read_up_to=at)
    clocks.gateway.clock_is_off = timedelta(hours=1)
    text = clocks.plan(timedelta(seconds=0.1))
    async with working(clocks):
        await clocks.until(lambda: bool(clocks.doubts()))
        await asyncio.sleep(0.6)
        assert S.PLANNED == clocks.state(text)


async def test_a_worker_that_starts_with_a_wrong_clock_is_stopped_by_the_providers(clocks: Clocks) -> None:
    """No leap is seen: the clock was wrong from the start, and nothing in the database says so."""
    clocks.gateway.clock_is_off = -timedelta(days=3)
    text = clocks.plan(timedelta(seconds=0.1))
    async with working(clocks):
        await clocks.until(lambda: bool(clocks.doubts()))
        await asyncio.sleep(0.6)
        assert S.PLANNED == clocks.state(text)


async def test_a_clock_set_back_sends_nothing_until_the_provider_agrees_or_it_is_set_right(clocks: Clocks) -> None:
    """At night it would show an hour of the day."""
    async with working(clocks):
        first = clocks.plan(timedelta(seconds=0.1))
        await clocks.until(lambda: clocks.state(first) is S.ACCEPTED)
        clocks.clock.set -= timedelta(hours=2)
        second = clocks.plan(timedelta(seconds=0.2), "+12125550102")
        await clocks.until(lambda: bool(clocks.doubts()))
        await asyncio.sleep(0.6)
        assert S.PLANNED == clocks.state(second)
        clocks.gateway.clock.pass_(hours=-2)  # the clock had been wrong before
        await clocks.until(lambda: clocks.state(second) is S.ACCEPTED)
        assert ([], 2) == (clocks.doubts(), len(clocks.gateway.ledger))
