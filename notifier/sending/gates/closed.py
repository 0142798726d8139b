"""Whether anything may leave at all: the gates in one place, for a claim and for the last look before a call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import CompoundSelect, literal_column, null, select, union_all
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.tables import Circuit, Recovery, RecoveryKind
from notifier.sending.gates.circuits import HIDES
from notifier.sending.gates.polls import gate_is_open
from notifier.sending.gates.recoveries import open_recoveries

_CIRCUIT: Final = "circuit"
_OPEN: Final[CompoundSelect[Any]] = union_all(
    select(
        literal_column(f"'{_CIRCUIT}'").label("what"), col(Circuit.id), col(Circuit.sender), col(Circuit.reason),
        col(Circuit.code),
    ).where(col(Circuit.closed_at).is_(None)),
    select(col(Recovery.kind), col(Recovery.id), null(), null(), null()).where(col(Recovery.ended_at).is_(None)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trial:
    """One text may pass an open circuit: a probe has found that the provider answers."""

    sender: str | None
    """Whose circuit it is; None: the one of everything."""


class _OpenCircuit(NamedTuple):
    sender: str | None
    reason: str
    code: int | None


@dataclass(frozen=True, slots=True)
class Gates:
    """Everything that keeps texts at one moment, read at once: each call is preceded by it."""

    restored: bool
    late: Recovery | None
    """Since when late texts wait for a person."""
    is_polled: bool
    """What patients wrote has been read at the provider."""
    circuits: Sequence[_OpenCircuit]
    """The open ones, the oldest first."""

    @classmethod
    def at(cls, session: Session, now: datetime) -> Gates:
        """As the tables are in this transaction."""
        found = session.connection().execute(_OPEN).all()
        kinds = {row[0] for row in found} - {_CIRCUIT}
        circuits = sorted((row for row in found if row[0] == _CIRCUIT), key=lambda row: row[1])
        return cls(
            restored=RecoveryKind.RESTORED.value in kinds,
            late=open_recoveries(session).get(RecoveryKind.LATE) if kinds else None,
            is_polled=gate_is_open(session, now),
            circuits=[_OpenCircuit(*row[2:]) for row in circuits],
        )

    def why_closed(self, trial: Trial | None) -> tuple[str, str] | None:
        """Which gate keeps everything (`restored`, `gate` or `circuit`) and why, in words; None where none does."""
        if self.restored:
            return "restored", "the database is an older one, and Twilio must be asked what left since"
        if not self.is_polled:
            return "gate", "what patients wrote has not been read at Twilio"
        of_all = [one for one in self.circuits if one.sender is None and (not trial or one.code == HIDES)]
        return ("circuit", of_all[0].reason) if of_all else None

    def closed_senders(self, trial: Trial | None) -> dict[str, str]:
        """The senders through which nothing leaves, and why; a trial's own is none of them."""
        tried = trial.sender if trial else None
        return {one.sender: one.reason for one in self.circuits if one.sender and one.sender != tried}
