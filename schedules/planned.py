"""A planned text: what the timeline makes, the daily cap moves, and the outbox stores."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from schedules.protocol import StepKind
from schedules.segments import Segments


@dataclass(frozen=True, slots=True)
class PlannedMessage:
    """One text of a timeline; all instants are aware and in UTC."""

    step: str
    kind: StepKind
    topics: tuple[str, ...]
    nominal_at: datetime
    due_at: datetime | None
    """When it leaves; None where it fits no open moment before it expires."""
    not_before: datetime
    expires_at: datetime
    text: str
    """The words that leave at `due_at` (the late wording where that is on a later local date)."""
    late_text: str | None
    """The words for any later local date than the nominal one, where the protocol has them."""
    segments: Segments
    notes: tuple[str, ...] = ()
    reminds: bool = False
    """Whether it repeats, on a later day, what a step has said: it gives way to what ends a restriction."""


def in_order(message: PlannedMessage) -> tuple[datetime, datetime]:
    """The order in which a patient reads texts; one without a moment stands where it would have been said."""
    return message.due_at or message.nominal_at, message.nominal_at
