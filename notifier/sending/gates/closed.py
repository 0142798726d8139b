"""Whether anything may leave at all: the gates in one place, for a claim and for the last look before a call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import CompoundSelect, Integer, Text, cast, func, literal_column, null, select, union_all
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.columns import UTCDateTime
from notifier.db.tables import Circuit, Poll, Recovery, RecoveryKind
from notifier.sending.gates.circuits import HIDES
from notifier.sending.gates.polls import INBOUND, is_recent
from notifier.sending.gates.recoveries import open_recoveries

_CIRCUIT: Final = "circuit"
_POLL: Final = "poll"


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
        found = session.connection().execute(_all(session.get_bind().dialect.name)).all()
        kinds = {row[0] for row in found} - {_CIRCUIT, _POLL}
        circuits = sorted((row for row in found if row[0] == _CIRCUIT), key=lambda row: row[1])
        age = next(((row[6] or now) - row[5] for row in found if row[0] == _POLL), None)
        return cls(
            restored=RecoveryKind.RESTORED.value in kinds,
            late=open_recoveries(session).get(RecoveryKind.LATE) if kinds else None,
            is_polled=is_recent(age),
            circuits=[_OpenCircuit(*row[2:5]) for row in circuits],
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


@cache
def _all(dialect: str) -> CompoundSelect[Any]:
    """What is open, by what it is, and how far what patients wrote has been read; in one statement."""
    instant, words, number = cast(null(), UTCDateTime), cast(null(), Text), cast(null(), Integer)
    now = func.clock_timestamp(type_=UTCDateTime) if dialect == "postgresql" else instant
    a_circuit: Any = literal_column(f"'{_CIRCUIT}'")
    circuit: tuple[Any, ...] = (a_circuit, col(Circuit.id), col(Circuit.sender), col(Circuit.reason))
    poll: tuple[Any, ...] = (literal_column(f"'{_POLL}'"), number, words, words, number, col(Poll.completed_at), now)
    return union_all(
        select(*poll).where(col(Poll.what) == literal_column(f"'{INBOUND}'")),
        select(*circuit, col(Circuit.code), instant, instant).where(col(Circuit.closed_at).is_(None)),
        select(cast(col(Recovery.kind), Text), col(Recovery.id), words, words, number, instant, instant).where(
            col(Recovery.ended_at).is_(None)
        ),
    )
