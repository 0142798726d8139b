"""What patients wrote is read again soon after a failure, not all the time; and a clock that jumps alarms nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from structlog.testing import capture_logs

from notifier.db.engine import reading, writing
from notifier.oversight.alerts.stored_alerts import open_alerts
from notifier.scheduler.inbound_polls import Inbound
from notifier.scheduler.timers import Timers
from notifier.scheduler.worker import Worker
from notifier.sending.gates.heartbeats import arrive
from notifier.sending.gates.polls import gate_is_open
from tests.scheduler.test_alerting import worker_of
from tests.setups.fakes import FakeClock, FakeGateway
from tests.setups.sending import Sending, open_house


class CountingGateway(FakeGateway):
    """Counts its questions."""

    questions = 0

    def _check(self) -> None:
        self.questions += 1
        super()._check()


def inbound_of(sending: Sending, woken: list[str]) -> Inbound:
    return Inbound(
        sending.threads, sending.gateway, sending.clock, sending.dispatch, receive=lambda *_: None, wake=woken.append
    )


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """For how long a poll was put off, without waiting."""
    found: list[float] = []

    def later(_: Any, seconds: float, __: Callable[[], None]) -> None:
        found.append(seconds)

    monkeypatch.setattr(asyncio.BaseEventLoop, "call_later", later)
    return found


async def test_after_a_failed_poll_the_next_waits_longer_each_time_and_at_most_30_s(
    sqlite_engine: Engine, now: Any, waits: list[float]
) -> None:
    woken: list[str] = []
    with open_house(sqlite_engine, now) as sending:
        sending.gateway = gateway = CountingGateway(sending.clock, down=True)
        inbound = inbound_of(sending, woken)
        with capture_logs() as lines:
            for _ in range(7):
                for _ in range(10):  # woken once a second by a turn that finds the gate shut
                    await inbound.round()
                inbound._again()
            gateway.down = False
            await inbound.round()
        with reading(sqlite_engine) as session:
            assert gate_is_open(session, sending.clock.now())
    assert [1, 2, 4, 8, 16, 30, 30] == waits
    assert 7 + 1 == gateway.questions
    assert [*["inbound"] * 7, "dispatch"] == woken
    said = [(line["event"], line["log_level"]) for line in lines if line["log_level"] != "debug"]
    assert [("inbound_poll_incomplete", "warning"), ("inbound_poll_complete", "info")] == said


async def test_a_clock_that_jumps_ahead_alarms_nobody_unless_the_next_poll_fails(
    sqlite_engine: Engine, now: Any, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look comes before the poll that follows a jump: what was read a moment ago seems to be long ago."""
    woken: list[str] = []
    monkeypatch.setattr(Timers, "wake", lambda _, name: woken.append(name))
    clock = FakeClock(now)
    gateway = FakeGateway(clock)

    def told() -> list[str]:
        with reading(sqlite_engine) as session:
            return [alert.cause for alert in open_alerts(session)]

    async def jump(worker: Worker) -> None:
        clock.set_wall(clock.now() + timedelta(minutes=15))
        await worker._heartbeat()
        await worker._watch()

    async with worker_of(sqlite_engine, clock, gateway) as worker:
        with writing(sqlite_engine) as session:
            arrive(session, worker._settings.worker_id, host="h", pid=1, now=now)
        await worker._inbound.round()
        await jump(worker)
        assert [] == told()
        await worker._inbound.round()
        assert "watch" in woken
        await worker._watch()
        assert [] == told()
        gateway.down = True
        await jump(worker)
        assert [] == told()
        await worker._inbound.round()
        await worker._watch()
        assert ["gate"] == told()
    assert 1 == len(waits)
