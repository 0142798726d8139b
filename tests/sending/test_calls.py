"""What one worker has in hand: claims that wait for a caller, calls in flight, and what became of them."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import cast

from notifier.actions.dispatch.calls import Calls
from notifier.db.claims import LEASE, Claim
from notifier.db.threads import DatabaseThreads
from notifier.domain.at_once import AtOnce
from notifier.domain.calls import Result
from notifier.domain.pace import Pace
from notifier.domain.verdicts import Verdicts
from tests.fakes import FakeClock, FakeGateway

NEVER_ASKED = cast(DatabaseThreads, None)
"""A fresh claim is known to hold."""


def _calls(now: datetime, *, at_once: int) -> tuple[Calls, FakeGateway, FakeClock]:
    clock = FakeClock(now)
    gateway, pace = FakeGateway(clock), Pace(0.0)
    verdicts = Verdicts(pace, AtOnce(at_once))
    calls = Calls(
        NEVER_ASKED, gateway, clock, at_once=at_once, pace=pace, verdicts=verdicts, why_none=lambda: None
    )  # fmt: skip
    return calls, gateway, clock


def _claim(number: int, now: datetime) -> Claim:
    return Claim(number, f"attempt {number}", "+12125550101", "Words.", now + timedelta(hours=4), now + LEASE)


async def test_no_more_calls_are_in_flight_than_may_be_and_each_claim_is_called_once(now: datetime) -> None:
    calls, gateway, clock = _calls(now, at_once=3)
    for number in range(10):
        calls.begin(_claim(number, now), clock.monotonic())
    assert {f"attempt {number}" for number in range(10)} == calls.begun == calls.held
    async with asyncio.timeout(5):
        while calls.begun:
            calls.news.clear()
            await calls.news.wait()
    assert 3 == gateway.most_in_flight
    assert [f"attempt {number}" for number in range(10)] == [text.token for text in gateway.asked]
    assert {Result.ACCEPTED} == {one.result for one in calls.finished}
    assert 10 == len(calls.held)


async def test_a_claim_that_begins_in_the_moment_the_last_caller_ends_is_called_too(now: datetime) -> None:
    """The news of the last call wakes the turn before the loop has buried the caller's task."""
    calls, gateway, clock = _calls(now, at_once=1)
    for number in range(3):
        calls.begin(_claim(number, now), clock.monotonic())
        async with asyncio.timeout(5):
            await calls.news.wait()
        calls.news.clear()
    assert (3, set()) == (len(gateway.asked), calls.begun)
