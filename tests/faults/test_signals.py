"""The worker is told to stop, at the worst moment, and more often than once."""

from __future__ import annotations

import signal

import pytest

from notifier.domain.states import MessageState
from tests.faults.process import became, let_run, until
from tests.faults.rest import come_to_rest
from tests.faults.world import World, nobody_can_write
from tests.setups import faults

S = MessageState


def test_told_to_stop_while_its_commit_waits_it_writes_down_the_answer_and_ends_well(world: World) -> None:
    text = world.plan()
    world.sandbox.sandbox.keep_back()
    worker = world.start(ready=False)
    until(lambda: len(world.sandbox.ledger) == 1, "Twilio got nothing")
    with nobody_can_write(world):
        world.sandbox.release()
        worker.send(signal.SIGTERM)
        assert not became(lambda: worker.code is not None, within=1.0)
    assert 0 == worker.end()
    assert (S.ACCEPTED, world.sandbox.ledger[0].sid) == (world.state(text), world.message(text).sid)


def test_told_to_stop_while_its_claim_waits_it_leaves_the_text_planned(world: World) -> None:
    text = world.plan(due=world.clock.now().replace(minute=30))
    worker = world.start()
    world.until_caught_up()
    with nobody_can_write(world):
        world.pass_(minutes=31)
        assert not became(lambda: world.creates() > 0, within=0.8)
        worker.send(signal.SIGTERM)
    assert 0 == worker.end()
    left = world.creates()
    assert (S.PLANNED if left == 0 else S.ACCEPTED) == world.state(text)


def test_a_storm_of_signals_is_one_wish_to_stop(world: World) -> None:
    texts = world.plan_many(10)
    world.sandbox.sandbox.keep_back()
    worker = world.start()
    until(lambda: world.creates() > 0, "no call")
    for number in range(20):
        worker.send(signal.SIGTERM if number % 2 else signal.SIGINT)
        let_run(0.02)
    world.sandbox.release()
    assert 0 == worker.end()
    assert not [line for line in worker.lines if "Traceback" in str(line) or "exception" in line]
    assert not {S.ATTEMPTING, S.UNKNOWN} & {world.state(text) for text in texts}


@pytest.mark.slow
def test_told_to_stop_while_the_provider_hangs_it_ends_by_itself_and_knows_that_it_does_not_know(
    sqlite_world: World,
) -> None:
    text = sqlite_world.plan()
    sqlite_world.faults.then(faults.created_then(faults.hang()))
    worker = sqlite_world.start()
    until(lambda: sqlite_world.creates() == 1, "no call")
    assert 0 == worker.end()
    assert S.UNKNOWN == sqlite_world.state(text)
    come_to_rest(sqlite_world)
    assert (S.ACCEPTED, 1) == (sqlite_world.state(text), sqlite_world.creates())


@pytest.mark.slow
def test_told_to_stop_while_the_database_never_comes_back_it_ends_by_itself_and_the_text_is_found(
    sqlite_world: World,
) -> None:
    text = sqlite_world.plan()
    sqlite_world.sandbox.sandbox.keep_back()
    worker = sqlite_world.start(ready=False)
    until(lambda: len(sqlite_world.sandbox.ledger) == 1, "Twilio got nothing")
    with nobody_can_write(sqlite_world):
        sqlite_world.sandbox.release()
        assert 0 == worker.end()
    assert S.ATTEMPTING == sqlite_world.state(text)
    come_to_rest(sqlite_world)
    assert (S.ACCEPTED, 1) == (sqlite_world.state(text), sqlite_world.creates())
