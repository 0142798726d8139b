"""Whether anything may leave at all: the gates in one place, for a claim and for the last look before a call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from notifier.db.tables import RecoveryKind
from notifier.sending.gates.circuits import HIDES, open_circuits
from notifier.sending.gates.polls import gate_is_open
from notifier.sending.gates.recoveries import open_recoveries


@dataclass(frozen=True, slots=True)
class Trial:
    """One text may pass an open circuit: a probe has found that the provider answers."""

    sender: str | None
    """Whose circuit it is; None: the one of everything."""


def why_closed(session: Session, now: datetime, *, trial: Trial | None) -> tuple[str, str] | None:
    """Which gate keeps everything (`restored`, `gate` or `circuit`) and why, in words; None where none does."""
    if RecoveryKind.RESTORED in open_recoveries(session):
        return "restored", "the database is a backup, and Twilio must be asked what left since"
    if not gate_is_open(session, now):
        return "gate", "what patients wrote has not been read at Twilio"
    of_all = [one for one in open_circuits(session) if one.sender is None and (not trial or one.code == HIDES)]
    return ("circuit", of_all[0].reason) if of_all else None


def closed_senders(session: Session, *, trial: Trial | None) -> dict[str, str]:
    """The senders through which nothing leaves, and why; a trial's own is none of them."""
    circuits = open_circuits(session)
    return {one.sender: one.reason for one in circuits if one.sender and not (trial and one.sender == trial.sender)}
