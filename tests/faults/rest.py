"""Come to rest: every fault is over, and time goes on from one moment that matters to the next until nothing waits."""

from __future__ import annotations

import signal
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlmodel import col

from notifier.db.engine import reading, writing
from notifier.db.outbox import in_state
from notifier.db.tables import Attempt, Message, RecoveryKind
from notifier.domain.states import MessageState
from notifier.sandbox.faults import Faults
from notifier.sending.apart import JUST_LEFT
from notifier.sending.gates.circuits import open_circuits
from notifier.sending.gates.recoveries import open_recoveries, release_late
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
    dead, since = _open_calls(service), service.clock.now()
    service.start()
    for _ in range(_STEPS):
        _let_it_work(service, since, dead)
        if became(lambda: not service.waiting() and not _put_off(service), within=0.2):
            break
        since = max(_next_moment(service) or service.clock.now(), service.clock.now() + _STRIDE) + _NOTICED
        service.jump(since)


def _let_it_work(service: Service, since: datetime, dead: set[str]) -> None:
    """However slow the machine is, the worker has had its chance at everything that is due: a clock that runs away from
    it closes the gate of what patients wrote before each claim, and ends the leases of what it has in hand."""
    until(lambda: service.has_read(since), "the worker does not read what patients wrote")
    until(lambda: not service.due() or _keeps(service), lambda: f"due, and nothing keeps it: {service.states()}")
    until(lambda: _open_calls(service) <= dead, lambda: f"a call does not end: {service.states()}")


def _keeps(service: Service) -> bool:
    """Whether something keeps all that is due; not the late texts of an outage, which somebody looks at here."""
    with reading(service.engine) as session:
        late, is_closed = open_recoveries(session).get(RecoveryKind.LATE), bool(open_circuits(session))
    if late:
        with writing(service.engine) as session:
            release_late(session, texts=late.texts, up_to=late.up_to, now=service.clock.now(), by="staff")
    return is_closed


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
