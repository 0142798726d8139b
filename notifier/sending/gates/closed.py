"""Whether anything may leave at all: the gates in one place, for a claim and for the last look before a call."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from notifier.db.tables import RecoveryKind
from notifier.sending.gates.circuits import open_circuits
from notifier.sending.gates.polls import gate_is_open
from notifier.sending.gates.recoveries import open_recoveries


def why_closed(session: Session, now: datetime, *, trial: bool) -> tuple[str, str] | None:
    """Which gate keeps everything (`restored`, `gate` or `circuit`) and why, in words; None where none does.

    `trial`: one text passes an open circuit.
    """
    if RecoveryKind.RESTORED in open_recoveries(session):
        return "restored", "the database is a backup, and Twilio must be asked what left since"
    if not gate_is_open(session, now):
        return "gate", "what patients wrote has not been read at Twilio"
    if not trial and (circuits := open_circuits(session)):
        return "circuit", circuits[0].reason
    return None
