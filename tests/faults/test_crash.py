"""The worker dies: by SIGKILL, at each place where it matters."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import text

from notifier.db.engine import file_of
from notifier.domain.states import MessageState
from notifier.sandbox import faults
from tests.faults.world import World, became, until

S = MessageState


@contextmanager
def nobody_can_write(world: World) -> Iterator[None]:
    """Somebody holds the lock that every writer needs."""
    file = file_of(world.engine)
    if file is None:
        with world.engine.begin() as connection:
            connection.execute(text("LOCK TABLE messages, attempts IN ACCESS EXCLUSIVE MODE"))
            yield
        return
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def test_before_the_claim_is_committed_it_leaves_once_after_the_restart(world: World) -> None:
    text = world.plan(due=world.clock.now().replace(minute=30))
    worker = world.start()
    until(lambda: len(world.sandbox.sandbox.requests) > 0, "no inbound poll")
    with nobody_can_write(world):
        world.pass_(minutes=31)
        assert not became(lambda: world.creates() > 0, within=1.0)
        assert -signal.SIGKILL == worker.end(signal.SIGKILL)
    assert (S.PLANNED, []) == (world.state(text), world.attempts(text))
    world.start()
    world.until_state(text, S.ACCEPTED)
    assert 1 == len(world.ledger_of(text))


def test_after_the_claim_and_before_the_call_it_is_looked_up_and_leaves_once(world: World) -> None:
    texts = world.plan_many(3)
    world.faults.always(faults.hang())
    worker = world.start(NOTIFIER_IN_FLIGHT="2")
    until(lambda: world.states().get(S.ATTEMPTING) == 3 and world.creates() == 2, lambda: str(world.states()))
    worker.end(signal.SIGKILL)
    assert [] == world.sandbox.ledger
    world.faults.always(None)
    world.pass_(seconds=61)
    world.start()
    world.until_none(S.ATTEMPTING, S.PLANNED)
    assert {S.UNKNOWN: 3} == world.states()
    for _ in range(4):
        world.pass_(minutes=8)
        became(lambda: world.states() == {S.ACCEPTED: 3}, within=1.5)
    assert [1, 1, 1] == [len(world.ledger_of(one)) for one in texts]
