"""Come to rest: every fault is over, and time goes on from one moment that matters to the next until nothing waits."""

from __future__ import annotations

import signal
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select
from sqlmodel import col

from notifier.db.engine import reading
from notifier.db.outbox import in_state
from notifier.db.tables import Attempt, Message
from notifier.domain.states import MessageState
from notifier.sandbox.faults import Faults
from notifier.sending.gates.circuits import open_circuits
from notifier.sending.outcomes.lookup import next_look
from tests.faults.process import became, until
from tests.faults.world import World

S = MessageState
_STEPS = 300
_STRIDE = timedelta(minutes=1)
"""Of hundreds of open fates each has its moments: not every one is waited for by itself."""
_NOTICED = timedelta(seconds=3)
"""A jump of the clock that a worker notices, and then looks at everything anew."""


def come_to_rest(world: World) -> None:
    """End the faults, let a fresh worker run, and step the clock until nothing that is due waits."""
    world.sandbox.sandbox.faults = Faults()
    world.sandbox.sandbox.latency = 0.0
    world.sandbox.release()
    for worker in world.alive:
        worker.send(signal.SIGCONT)
    if not world.waiting():
        return
    world.kill_all()
    world.start()
    for _ in range(_STEPS):
        if became(lambda: not world.waiting(), within=0.5):
            break
        asked = len(world.sandbox.sandbox.requests)
        world.jump(max(_next_moment(world) or world.clock.now(), world.clock.now() + _STRIDE) + _NOTICED)
        until(partial(_noticed, world, asked), "the worker notices nothing")


def _noticed(world: World, asked: int) -> bool:
    """Since the jump the worker has asked for something, as it does; or it has nothing to do."""
    return len(world.sandbox.sandbox.requests) > asked or not world.waiting()


def _next_moment(world: World) -> datetime | None:
    """When something may change: a look at Twilio's list, the end of a lease; if there is none, a probe."""
    with reading(world.engine) as session:
        calls = select(Attempt).join(Message, col(Message.id) == col(Attempt.message_id))
        lost = session.scalars(calls.where(in_state(S.UNKNOWN), col(Attempt.outcome) == "unknown"))
        moments = [next_look(one.started_at, one.last_look_at, one.empty_lists) for one in lost]
        dead = session.scalars(calls.where(in_state(S.ATTEMPTING), col(Attempt.outcome).is_(None)))
        moments += [one.lease_until for one in dead]
        if not moments:
            moments = [circuit.probe_at for circuit in open_circuits(session) if circuit.probe_at]
    return min(moments, default=None)
