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
from notifier.sending.apart import JUST_LEFT
from notifier.sending.gates.circuits import open_circuits
from notifier.sending.outcomes.lookup import next_look
from tests.faults.process import became, until
from tests.faults.service import Service

S = MessageState
_STEPS = 300
_STRIDE = timedelta(minutes=1)
"""Of hundreds of open fates each has its moments: not every one is waited for by itself."""
_NOTICED = timedelta(seconds=3)
"""A jump of the clock that a worker notices, and then looks at everything anew."""


def come_to_rest(service: Service) -> None:
    """End the faults, let a fresh worker run, and step the clock until nothing that is due waits."""
    service.sandbox.sandbox.faults = Faults()
    service.sandbox.sandbox.latency = 0.0
    service.sandbox.release()
    for worker in service.alive:
        worker.send(signal.SIGCONT)
    if not service.waiting() and not _put_off(service):
        return
    service.kill_all()
    dead = _open_calls(service)
    service.start()
    for _ in range(_STEPS):
        if _rests(service):
            break
        # However slow the machine is: a jump ends the leases of what the worker has in hand.
        until(lambda: _open_calls(service) <= dead, lambda: f"{service.states()}")
        asked = len(service.sandbox.sandbox.requests)
        service.jump(max(_next_moment(service) or service.clock.now(), service.clock.now() + _STRIDE) + _NOTICED)
        until(partial(_noticed, service, asked), "the worker notices nothing")


def _rests(service: Service) -> bool:
    """Whether nothing waits; asked for as long as the worker gets on, at whatever pace."""
    before, states = None, service.states()
    while states != before:
        if became(lambda: not service.waiting() and not _put_off(service), within=0.5):
            return True
        before, states = states, service.states()
    return False


def _noticed(service: Service, asked: int) -> bool:
    """Since the jump the worker has asked for something, as it does; or it has nothing to do."""
    return len(service.sandbox.sandbox.requests) > asked or not (service.waiting() or _put_off(service))


def _open_calls(service: Service) -> set[str]:
    with reading(service.engine) as session:
        calls = select(col(Attempt.id)).join(Message, col(Message.id) == col(Attempt.message_id))
        return set(session.scalars(calls.where(in_state(S.ATTEMPTING), col(Attempt.outcome).is_(None))))


def _put_off(service: Service) -> list[datetime]:
    """When the texts are due that wait for the one before them to their number."""
    with reading(service.engine) as session:
        found = select(col(Message.due_at)).where(in_state(S.PLANNED), col(Message.reason) == JUST_LEFT)
        return [at for at in session.scalars(found) if at is not None]


def _next_moment(service: Service) -> datetime | None:
    """When something may change: a look at Twilio's list, the end of a lease; if there is none, a probe."""
    with reading(service.engine) as session:
        calls = select(Attempt).join(Message, col(Message.id) == col(Attempt.message_id))
        lost = session.scalars(calls.where(in_state(S.UNKNOWN), col(Attempt.outcome) == "unknown"))
        moments = [next_look(one.started_at, one.last_look_at, one.empty_lists) for one in lost]
        dead = session.scalars(calls.where(in_state(S.ATTEMPTING), col(Attempt.outcome).is_(None)))
        moments += [one.lease_until for one in dead]
        moments += _put_off(service)
        if not moments:
            moments = [circuit.probe_at for circuit in open_circuits(session) if circuit.probe_at]
    return min(moments, default=None)
