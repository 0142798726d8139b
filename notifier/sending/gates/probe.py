"""Circuits: find out whether the provider is well again, and close the circuit by hand."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from notifier.db.threads import DatabaseThreads
from notifier.domain.backoff import Random
from notifier.sending.gates.circuits import close_circuits, open_circuits, put_off
from notifier.sms.gateway import Gateway, GatewayUnavailable


async def probe(threads: DatabaseThreads, gateway: Gateway, *, now: datetime, random: Random | None = None) -> bool:
    """Where a circuit's probe is due: ask the provider for a list, which sends nothing. True: it answers.

    Then one real text may pass, and only its acceptance closes the circuit: a list says nothing about the sender.
    """
    if not await threads.read(lambda session: _is_due(session, now)):
        return False
    # Put off first, so that of several workers one asks.
    if not await threads.write(lambda session: _take(session, now, random)):
        return False
    try:
        async for _ in gateway.list_inbound(now - timedelta(minutes=1)):
            break
    except GatewayUnavailable:
        return False
    return True


def close_circuit(session: Session, *, at: datetime, by: str) -> int:
    """Staff have mended what was wrong: send again; how many circuits were open."""
    return close_circuits(session, at=at, by=by, why="closed by hand")


def _is_due(session: Session, now: datetime) -> bool:
    return any(circuit.probe_at is None or circuit.probe_at <= now for circuit in open_circuits(session))


def _take(session: Session, now: datetime, random: Random | None) -> bool:
    due = _is_due(session, now)
    if due:
        put_off(session, open_circuits(session), at=now, random=random)
    return due
