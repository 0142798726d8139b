"""Circuits: find out whether the provider is well again, and close the circuit by hand."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from notifier.db.tables import Circuit
from notifier.db.threads import DatabaseThreads
from notifier.domain.backoff import Random
from notifier.sending.gates.circuits import HIDES, close_circuits, open_circuits, put_off
from notifier.sending.gates.closed import Trial
from notifier.sms.gateway import Gateway, GatewayUnavailable


async def probe(
    threads: DatabaseThreads, gateway: Gateway, *, now: datetime, random: Random | None = None
) -> list[Trial]:
    """Where a circuit's probe is due: ask the provider for a list, which sends nothing; whose trial it then is.

    Then one real text may pass, and only its acceptance closes the circuit: a list says nothing about the sender.
    """
    if not await threads.read(lambda session: _due(session, now)):
        return []
    # Put off first, so that of several workers one asks.
    trials = await threads.write(lambda session: _take(session, now, random))
    if not trials:
        return []
    try:
        async for _ in gateway.list_inbound(now - timedelta(minutes=1)):
            break
    except GatewayUnavailable:
        return []
    return trials


def close_circuit(session: Session, *, at: datetime, by: str) -> int:
    """Staff have mended what was wrong: send again; how many circuits were open."""
    return close_circuits(session, at=at, by=by, why="closed by hand")


def _due(session: Session, now: datetime) -> list[Circuit]:
    found = [one for one in open_circuits(session) if one.code != HIDES]
    return [one for one in found if one.probe_at is None or one.probe_at <= now]


def _take(session: Session, now: datetime, random: Random | None) -> list[Trial]:
    due = _due(session, now)
    put_off(session, due, at=now, random=random)
    return [Trial(sender) for sender in dict.fromkeys(one.sender for one in due)]
