"""A worker in a real event loop: rung at the due instant, woken by others' writes, drained at the end."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine

from notifier.bootstrap.run_worker import build_worker
from notifier.clock import Clock
from notifier.config.settings import Settings
from notifier.db.engine import writing
from notifier.db.outbox import by_id
from notifier.db.threads import DatabaseThreads
from notifier.domain.states import MessageState
from notifier.scheduler.worker import Worker
from notifier.sending.gates.circuits import open_circuit
from notifier.sms.gateway import Accepted, Outcome, OutgoingText
from tests.conftest import Rows
from tests.setups.fakes import FakeClock, FakeGateway

S = MessageState


class MovableClock(Clock):
    """The machine's clock, moved to noon in New York, and by hand."""

    def __init__(self) -> None:
        at = super().now()
        self.offset = at.replace(hour=17, minute=0) - at

    def now(self) -> datetime:
        return super().now() + self.offset

    def machine_time(self, at: datetime) -> datetime:
        return at - self.offset


class SlowGateway(FakeGateway):
    """Takes a while, and writes down when it was asked."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.seconds = 0.0
        self.asked_at: list[float] = []

    async def send(self, text: OutgoingText) -> Outcome:
        self.asked.append(text)
        self.asked_at.append(time.monotonic())
        await asyncio.sleep(self.seconds)
        return Accepted(self.create(text), "queued")


@dataclass
class Running:
    worker: Worker
    gateway: SlowGateway
    clock: MovableClock
    engine: Engine
    ending: asyncio.Task[bool]

    def plan(self, *, due_in: float = 0.0, phone: str = "+12125550101") -> int:
        now = self.clock.now()
        rows = Rows(now)
        due = now + timedelta(seconds=due_in)
        with writing(self.engine) as session:
            whose = rows.enrollment(session, phone=phone, treated_at=now - timedelta(hours=1))
            return rows.message(
                session, whose, phone=phone, nominal_at=due, due_at=due, not_before=now, expires_at=now + timedelta(1)
            )

    def state(self, message: int) -> MessageState:
        with writing(self.engine) as session:
            found = by_id(session, message)
            assert found is not None
            return found.state

    async def until_asked(self, many: int, *, within: float = 8.0) -> None:
        async with asyncio.timeout(within):
            while len(self.gateway.asked) < many:  # noqa: ASYNC110  # the gateway sets no event
                await asyncio.sleep(0.005)


@asynccontextmanager
async def working(engine: Engine, *, seconds: float = 0.0, **more: Any) -> AsyncIterator[Running]:
    clock = MovableClock()
    gateway = SlowGateway(FakeClock(clock.now()))
    gateway.seconds = seconds
    threads = DatabaseThreads(engine)
    with TemporaryDirectory() as place:
        settings = Settings(
            _env_file=None, env="test", messages_per_second=0, database_url=SecretStr("unused"),
            key_file=Path(place, "key"), **more,
        )  # fmt: skip
        worker = build_worker(settings, threads, gateway, clock)
    ready = asyncio.Event()
    ending = asyncio.create_task(worker.run(ready.set))
    await ready.wait()
    yield Running(worker, gateway, clock, engine, ending)
    worker.stop()
    assert await ending
    threads.close()


async def test_systemd_hears_of_progress_while_a_turn_goes_on_and_on(sqlite_engine: Engine, tmp_path: Path) -> None:
    """With a slow provider and texts that come due all the time, a turn lasts for hours."""
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address)
        systemd.setblocking(False)
        async with working(sqlite_engine, seconds=4.0, notify_socket=address, watchdog_usec=2_000_000) as running:
            running.plan()
            await running.until_asked(1)
            loop, heard = asyncio.get_running_loop(), list[bytes]()
            async with asyncio.timeout(15):
                while heard.count(b"WATCHDOG=1") < 3:
                    heard.append(await loop.sock_recv(systemd, 100))
            assert S.ATTEMPTING is running.state(1)


async def test_a_text_leaves_at_its_instant_though_another_process_planned_it(engine: Engine) -> None:
    async with working(engine) as running:
        await asyncio.sleep(0.3)
        planned = time.monotonic()
        running.plan(due_in=1.5)
        await running.until_asked(1)
        assert 1.5 <= running.gateway.asked_at[0] - planned < 2.4


async def test_what_is_due_at_once_is_noticed_within_a_second(engine: Engine) -> None:
    async with working(engine) as running:
        await asyncio.sleep(0.5)
        planned = time.monotonic()
        running.plan()
        await running.until_asked(1)
        assert running.gateway.asked_at[0] - planned < 1.0


@pytest.mark.parametrize("seconds", [3600, -3600])
async def test_a_clock_that_jumps_does_not_silence_the_bells(sqlite_engine: Engine, seconds: float) -> None:
    async with working(sqlite_engine) as running:
        await asyncio.sleep(0.3)
        due_in = seconds + 2 if seconds > 0 else 2
        running.plan(due_in=due_in)
        await asyncio.sleep(0.6)
        running.clock.offset += timedelta(seconds=seconds)
        if seconds < 0:
            running.plan(due_in=0.5, phone="+12125550102")
        await running.until_asked(1)


async def test_a_stop_finishes_what_is_in_flight_and_claims_nothing_more(engine: Engine) -> None:
    async with working(engine, seconds=1.0) as running:
        first = running.plan()
        await running.until_asked(1)
        second = running.plan(phone="+12125550102")
        running.worker.stop()
        assert await running.ending
        assert (S.ACCEPTED, S.PLANNED) == (running.state(first), running.state(second))


async def test_an_open_circuit_is_probed_and_closed_by_one_accepted_text(sqlite_engine: Engine) -> None:
    async with working(sqlite_engine) as running:
        with writing(sqlite_engine) as session:
            at = running.clock.now() - timedelta(minutes=6)
            open_circuit(session, reason="Twilio refused our credentials.", code=20003, at=at, by="worker")
        running.plan()
        await running.until_asked(1, within=12)
