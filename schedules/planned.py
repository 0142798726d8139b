"""A planned text: what the timeline makes, the daily cap moves, and the outbox stores."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from schedules.protocol import StepKind
from schedules.segments import Segments

WAITS_UNTIL_CLEARED: Final = "waits until cleared"
"""Why a lift has no moment: it lifts a gate that staff have not marked as cleared."""


class PlannedMessage(NamedTuple):
    """One text of a timeline; all instants are aware and in UTC."""

    step: str
    kind: StepKind
    topics: tuple[str, ...]
    nominal_at: datetime
    """Of a lift that waits for a gate: when it may be asked whether that is cleared."""
    due_at: datetime | None
    """When it leaves; None where it fits no open moment before it expires, and while it waits for a gate."""
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

    @property
    def only_reminds(self) -> bool:
        """Whether it repeats, on a later day, and tells no rule."""
        return self.reminds and not (self.kind is StepKind.RESTRICT and self.topics)

    @property
    def asks_nobody(self) -> bool:
        """Whether nobody has to say it where no text does."""
        return self.only_reminds or self.kind is StepKind.ASK

    @property
    def waits(self) -> bool:
        """Whether it is a lift of a gate that staff have not marked as cleared: nobody knows its moment yet."""
        return self.due_at is None and WAITS_UNTIL_CLEARED in self.notes

    @property
    def is_to_come(self) -> bool:
        """Whether a text says it: at its moment, or once its gate is cleared."""
        return self.due_at is not None or self.waits


def in_order(message: PlannedMessage) -> tuple[datetime, datetime]:
    """The order in which a patient reads texts; one without a moment stands where it would have been said."""
    return message.due_at or message.nominal_at, message.nominal_at
