"""Come to rest: every fault is over, and time goes on from one moment that matters to the next until nothing waits."""

from __future__ import annotations

import signal
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlmodel import col

from notifier.db.circuits import open_circuits
from notifier.db.engine import is_sqlite, reading
from notifier.db.outbox import in_state
from notifier.db.tables import Attempt, Message
from notifier.domain.lookup import next_look
from notifier.domain.states import MessageState
from notifier.sandbox.faults import Faults
from tests.faults.world import CLINIC, World, became

S = MessageState
_STEPS = 60
_REACTS_WITHIN = 2.0
"""Seconds that a worker may take to notice that the time has come; then it is asked again."""


def come_to_rest(world: World) -> None:
    """End the faults, let a fresh worker run, and step the clock until nothing that is due waits."""
    world.sandbox.sandbox.faults = Faults()
    world.sandbox.sandbox.latency = 0.0
    if not world.waiting():
        return
    for worker in world.alive:
        worker.send(signal.SIGCONT)
        worker.end()
    world.start()
    for _ in range(_STEPS):
        before = _what_is_open(world)
        if became(lambda: not world.waiting(), within=0.6):
            break
        at = _next_moment(world)
        if at is not None and at > world.clock.now():
            world.jump(at + timedelta(seconds=1))
        became(lambda seen=before: _what_is_open(world) != seen, within=_REACTS_WITHIN)  # type: ignore[misc]  # a lambda's default has no type
    for worker in world.alive:
        worker.end()


def _next_moment(world: World) -> datetime | None:
    """When something may change: a look at Twilio's list, a probe, the end of a lease."""
    moments: list[datetime] = []
    with reading(world.engine) as session:
        lost = select(Attempt).join(Message, col(Message.id) == col(Attempt.message_id))
        for one in session.scalars(lost.where(in_state(S.UNKNOWN), col(Attempt.outcome) == "unknown")):
            moments.append(next_look(one.started_at, one.last_look_at, one.empty_lists))
        for one in session.scalars(lost.where(in_state(S.ATTEMPTING), col(Attempt.outcome).is_(None))):
            moments.append(one.lease_until)
        if not moments:
            moments += [circuit.probe_at for circuit in open_circuits(session, CLINIC) if circuit.probe_at]
    return min(moments, default=None)


def _what_is_open(world: World) -> object:
    with reading(world.engine) as session:
        attempts = select(Attempt).join(Message, col(Message.id) == col(Attempt.message_id))
        open_ones = in_state(S.PLANNED, S.ATTEMPTING, S.UNKNOWN)
        looks = [(a.id, a.outcome, a.last_look_at) for a in session.scalars(attempts.where(open_ones))]
        circuits = [(one.id, one.probe_at) for one in open_circuits(session, CLINIC)]
        return looks, circuits, world.states(), is_sqlite(world.engine)
