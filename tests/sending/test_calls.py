"""What one worker has in hand: claims that wait for a caller, calls in flight, and what became of them."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import cast

import pytest

from notifier.db.threads import DatabaseThreads
from notifier.sending.calls import Calls
from notifier.sending.circuit_monitor import Verdicts
from notifier.sending.claim import LEASE, Claim, SendingRules
from notifier.sending.concurrency import AtOnce
from notifier.sending.outcomes.results import Result
from notifier.sending.rate import Pace
from notifier.sms.gateway import Accepted, Outcome, OutgoingText
from schedules.send_window import SendWindow
from tests.setups.fakes import FakeClock, FakeGateway


@dataclass
class SlowDatabase:
    """Says of every claim that it holds for four hours, after so many seconds; `asked` is of whom, each time."""

    clock: FakeClock
    seconds: float
    asked: list[list[str]] = field(default_factory=list)
    written: int = 0
    well: float = math.inf
    """After so many looks it fails."""

    async def read(self, operation: partial[object]) -> dict[str, datetime]:
        until = self.clock.now() + timedelta(hours=4)
        self.asked.append([one.attempt_id for one in operation.keywords["claims"]])
        self.clock.pass_(seconds=self.seconds)
        await asyncio.sleep(0)
        if len(self.asked) > self.well:
            raise OSError("the disk")
        return dict.fromkeys(self.asked[-1], until)


@dataclass
class Others:
    """What others commit, counted."""

    commits: int = 0

    def mark(self) -> int:
        return self.commits

    def close(self) -> None:
        """There is nothing to close."""


def _calls(
    now: datetime, *, at_once: int, look_seconds: float = 0.0, database: SlowDatabase | None = None
) -> tuple[Calls, FakeGateway, FakeClock]:
    clock = FakeClock(now)
    gateway, pace = FakeGateway(clock), Pace(0.0)
    looks = cast(DatabaseThreads, database or SlowDatabase(clock, look_seconds))
    calls = Calls(
        looks, gateway, clock, SendingRules(SendWindow()), at_once=at_once, pace=pace,
        verdicts=Verdicts(pace, AtOnce(at_once)), why_none=lambda: None,
    )  # fmt: skip
    return calls, gateway, clock


async def _end(calls: Calls) -> None:
    async with asyncio.timeout(5):
        while calls.begun:
            calls.has_finished.clear()
            await calls.has_finished.wait()


def _claim(number: int, now: datetime) -> Claim:
    return Claim(number, f"attempt {number}", "+12125550101", "Words.", now + LEASE)


async def test_no_more_calls_are_in_flight_than_may_be_and_each_claim_is_called_once(now: datetime) -> None:
    calls, gateway, clock = _calls(now, at_once=3)
    for number in range(10):
        calls.begin(_claim(number, now), clock.monotonic())
    assert {f"attempt {number}" for number in range(10)} == calls.begun == calls.held
    await _end(calls)
    assert 3 == gateway.most_in_flight
    assert [f"attempt {number}" for number in range(10)] == [text.token for text in gateway.asked]
    assert {Result.ACCEPTED} == {one.result for one in calls.finished}
    assert 10 == len(calls.held)


async def test_every_call_has_a_look_of_its_own_and_those_at_the_same_time_share_one(now: datetime) -> None:
    database = SlowDatabase(FakeClock(now), 0.0)
    calls, _, clock = _calls(now, at_once=4, database=database)
    for number in range(8):
        calls.begin(_claim(number, now), clock.monotonic())
    await _end(calls)
    assert [[f"attempt {number}" for number in range(first, first + 4)] for first in (0, 4)] == database.asked


async def test_those_that_are_called_next_are_looked_at_ahead_and_again_where_that_look_holds_no_longer(
    now: datetime,
) -> None:
    """It holds for 100 ms, but not once anybody has committed anything, nor for a machine that was suspended."""
    first, its_own = [*range(10), 10], [[10]]
    others, database = Others(), SlowDatabase(FakeClock(now), 0.0)

    def others_commit(_calls: Calls, _clock: FakeClock) -> None:
        others.commits += 1

    def we_commit(_calls: Calls, _clock: FakeClock) -> None:
        database.written += 1

    def wall_is_set_back(_calls: Calls, clock: FakeClock) -> None:
        clock.pass_(seconds=0.11)
        clock.set_wall(now)

    table: list[tuple[Callable[[Calls, FakeClock], None], list[list[int]]]] = [
        (lambda calls, clock: clock.pass_(seconds=0.004), []),
        (wall_is_set_back, its_own),
        (lambda calls, clock: clock.set_wall(now + timedelta(seconds=9)), its_own),
        (others_commit, its_own),
        (we_commit, its_own),
    ]
    for meanwhile, then in table:
        database = SlowDatabase(FakeClock(now), 0.0)
        calls, gateway, clock = _calls(now, at_once=10, database=database)
        calls.look_ahead(others)
        gateway.always = partial(_accepted, partial(meanwhile, calls, clock))
        for number in range(11):
            calls.begin(_claim(number, now), clock.monotonic())
        await _end(calls)
        looked_at = [[int(attempt.split()[1]) for attempt in asked] for asked in database.asked]
        assert ([first, *then], 11) == (looked_at, len(gateway.ledger))


async def test_a_database_in_trouble_is_not_asked_again_and_again_about_those_that_are_called_next(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, held = SlowDatabase(FakeClock(now), 0.0, well=1), asyncio.Event()
    calls, gateway, clock = _calls(now, at_once=12, database=database)
    calls.look_ahead(Others())

    async def two_end(text: OutgoingText) -> Outcome:
        gateway.asked.append(text)
        if len(gateway.asked) > 2:
            await held.wait()
        return Accepted(gateway.create(text), "queued")

    monkeypatch.setattr(gateway, "send", two_end)
    for number in range(17):
        calls.begin(_claim(number, now), clock.monotonic())
    for _ in range(50):
        await asyncio.sleep(0)
    assert (14, [14, 2]) == (len(gateway.asked), [len(asked) for asked in database.asked])
    held.set()
    await _end(calls)
    assert 3 == [one.result for one in calls.finished].count(Result.RELEASED)


async def test_a_claim_that_begins_in_the_moment_the_last_caller_ends_is_called_too(now: datetime) -> None:
    """The news of the last call wakes the turn before the loop has buried the caller's task."""
    calls, gateway, clock = _calls(now, at_once=1)
    for number in range(3):
        calls.begin(_claim(number, now), clock.monotonic())
        async with asyncio.timeout(5):
            await calls.has_finished.wait()
        calls.has_finished.clear()
    assert (3, set()) == (len(gateway.asked), calls.begun)


async def test_how_long_a_text_is_valid_counts_from_the_call_not_from_the_look_before_it(now: datetime) -> None:
    """It must not outlive the send window because the database was slow."""
    calls, gateway, clock = _calls(now, at_once=1, look_seconds=15)
    calls.begin(_claim(1, now), clock.monotonic())
    await _end(calls)
    assert [4 * 3600 - 15] == [text.validity_seconds for text in gateway.asked]


async def test_a_look_that_takes_half_a_minute_is_not_followed_by_a_call(now: datetime) -> None:
    calls, gateway, clock = _calls(now, at_once=1, look_seconds=45)
    calls.begin(_claim(1, now), clock.monotonic())
    await _end(calls)
    assert ([], ["its lease is running out"]) == (gateway.asked, [one.detail for one in calls.finished])


async def test_a_call_that_is_cancelled_from_within_may_have_left_and_those_behind_it_are_called(now: datetime) -> None:
    calls, gateway, clock = _calls(now, at_once=1)
    gateway.script.append(_cancelled)
    for number in range(3):
        calls.begin(_claim(number, now), clock.monotonic())
    await _end(calls)
    assert [Result.UNKNOWN, Result.ACCEPTED, Result.ACCEPTED] == [one.result for one in calls.finished]


async def test_a_worker_that_stops_lets_go_of_what_waits_without_asking_the_database(now: datetime) -> None:
    """It may be the database that is in trouble, and the service manager does not wait for it."""
    database = SlowDatabase(FakeClock(now), 0.0)
    calls, gateway, clock = _calls(now, at_once=2, database=database)
    calls.is_stopping = True
    for number in range(5):
        calls.begin(_claim(number, now), clock.monotonic())
    await _end(calls)
    assert ([], []) == (database.asked, gateway.asked)
    assert [(Result.RELEASED, "the worker stops")] * 5 == [(one.result, one.detail) for one in calls.finished]


async def test_a_worker_that_is_ended_calls_nothing_more(now: datetime) -> None:
    calls, gateway, clock = _calls(now, at_once=1)
    for number in range(3):
        calls.begin(_claim(number, now), clock.monotonic())
    for _ in range(10):
        if gateway.asked:
            break
        await asyncio.sleep(0)  # the look comes first
    (caller,) = calls._callers
    caller.cancel()
    await asyncio.wait({caller}, timeout=5)
    assert (1, []) == (len(gateway.asked), calls.finished)


async def test_an_outcome_that_cannot_be_booked_strands_nobody_behind_it(now: datetime) -> None:
    """Its own attempt is no longer held, so it is looked up like one of a dead worker."""
    calls, gateway, clock = _calls(now, at_once=1)
    gateway.script.append(cast(Outcome, "no outcome at all"))
    for number in range(3):
        calls.begin(_claim(number, now), clock.monotonic())
    await _end(calls)
    assert (3, {"attempt 1", "attempt 2"}) == (len(gateway.asked), calls.held)


def _accepted(meanwhile: Callable[[], None], gateway: FakeGateway, text: OutgoingText) -> Outcome:
    meanwhile()
    return Accepted(gateway.create(text), "queued")


def _cancelled(gateway: FakeGateway, text: OutgoingText) -> Outcome:
    raise asyncio.CancelledError
