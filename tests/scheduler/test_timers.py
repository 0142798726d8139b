"""Rounds: one at a time, no wake-up lost, and an end that waits for what is under way."""

from __future__ import annotations

import asyncio

from notifier.scheduler.timers import LastRound, Rounds


async def test_a_round_that_fails_comes_again_and_a_wake_up_meanwhile_is_one_more_round() -> None:
    rounds, wake_up, tries, done = Rounds(), asyncio.Event(), 0, asyncio.Event()

    async def fails_at_first() -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            wake_up.set()
            raise ValueError("the database is away")
        done.set()

    rounds.begin("tries", fails_at_first, wake_up=wake_up)
    assert 0 == tries
    wake_up.set()
    async with asyncio.timeout(10):
        await done.wait()
        assert await rounds.stop(10)
    assert 3 == tries


async def test_the_end_lets_what_is_under_way_finish_and_begins_no_other() -> None:
    rounds, began, go_on, ran = Rounds(), asyncio.Event(), asyncio.Event(), list[str]()

    async def slow() -> None:
        began.set()
        await go_on.wait()
        ran.append("slow")

    async def idle() -> None:
        ran.append("idle")

    rounds.begin("slow", slow, every=3600)
    rounds.begin("idle", idle)
    async with asyncio.timeout(10):
        await began.wait()
        assert not await rounds.stop(0)
        go_on.set()
        assert await rounds.stop(10)
    assert ["slow"] == ran


async def test_the_last_one_runs_once_more_and_the_others_are_cut_off() -> None:
    rounds, began, ran = Rounds(), asyncio.Event(), list[str]()

    async def hangs() -> None:
        began.set()
        await asyncio.Event().wait()

    async def last() -> None:
        ran.append("last")
        raise LastRound

    rounds.begin("hangs", hangs, every=3600)
    rounds.begin("last", last)
    async with asyncio.timeout(10):
        await began.wait()
        assert await rounds.stop(10, "last")
    assert ["last"] == ran
