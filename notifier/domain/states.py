"""The life of a message: one table of legal moves, and the one function that consults it."""

from __future__ import annotations

from enum import StrEnum


class MessageState(StrEnum):
    """Where a text stands. Each value says what is known, including what a crash leaves behind."""

    PLANNED = "planned"
    """It will leave at `due_at`, if every check still holds then; without one, once its gate is cleared."""
    ATTEMPTING = "attempting"
    """A worker wrote down that it is about to hand it over; after a crash this means: nobody knows."""
    UNKNOWN = "unknown"
    """The call's answer was lost; being looked up at Twilio, never blindly resent."""
    NEEDS_REVIEW = "needs_review"
    """Only a person can say whether it was sent."""
    ACCEPTED = "accepted"
    """Twilio has it and gave a SID."""
    SENT = "sent"
    """Twilio handed it to the carrier."""
    DELIVERED = "delivered"
    """The carrier confirmed it."""
    UNDELIVERED = "undelivered"
    """The carrier did not deliver it."""
    FAILED = "failed"
    """It was refused, or could not be sent."""
    EXPIRED = "expired"
    """It was no longer useful; staff tell the patient."""
    CANCELLED = "cancelled"
    """It was withdrawn before it left."""
    SUPPRESSED = "suppressed"
    """The number has opted out."""


_S = MessageState

LEGAL_MOVES: dict[MessageState, frozenset[MessageState]] = {
    _S.PLANNED: frozenset({_S.ATTEMPTING, _S.EXPIRED, _S.CANCELLED, _S.SUPPRESSED, _S.FAILED}),
    _S.ATTEMPTING: frozenset({_S.ACCEPTED, _S.PLANNED, _S.UNKNOWN, _S.FAILED, _S.SUPPRESSED, _S.NEEDS_REVIEW}),
    _S.UNKNOWN: frozenset({_S.ACCEPTED, _S.PLANNED, _S.NEEDS_REVIEW}),
    _S.NEEDS_REVIEW: frozenset({_S.PLANNED, _S.ACCEPTED, _S.CANCELLED}),
    _S.ACCEPTED: frozenset({_S.SENT, _S.DELIVERED, _S.UNDELIVERED, _S.FAILED, _S.PLANNED}),
    _S.SENT: frozenset({_S.DELIVERED, _S.UNDELIVERED, _S.FAILED}),
    _S.UNDELIVERED: frozenset({_S.DELIVERED, _S.PLANNED}),
    _S.FAILED: frozenset({_S.DELIVERED, _S.PLANNED}),
    _S.SUPPRESSED: frozenset({_S.PLANNED}),
    _S.DELIVERED: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.CANCELLED: frozenset(),
}

MAY_STILL_LEAVE = frozenset({_S.PLANNED, _S.ATTEMPTING, _S.UNKNOWN, _S.NEEDS_REVIEW})
"""Not yet known to have left."""
COUNTS_TODAY = frozenset(
    {_S.ATTEMPTING, _S.UNKNOWN, _S.NEEDS_REVIEW, _S.ACCEPTED, _S.SENT, _S.DELIVERED, _S.UNDELIVERED}
)
"""What the daily cap of a number counts: everything that may have reached it."""
SAID = frozenset({_S.ATTEMPTING, _S.UNKNOWN, _S.NEEDS_REVIEW, _S.ACCEPTED, _S.SENT, _S.DELIVERED})
"""What the patient has read, or may have read."""

BOUNCED = frozenset({_S.FAILED, _S.UNDELIVERED})
"""It left, or was to, and did not reach the patient."""


class IllegalMove(ValueError):
    """A message cannot go from one state to the other; says both."""

    def __init__(self, current: MessageState, to: MessageState) -> None:
        super().__init__(f"a text that is {current} cannot become {to}")
        self.current, self.to = current, to


def check_move(current: MessageState, to: MessageState) -> None:
    """Raise IllegalMove unless `LEGAL_MOVES` allows it."""
    if to not in LEGAL_MOVES[current]:
        raise IllegalMove(current, to)


class EnrollmentState(StrEnum):
    """Where a patient's enrollment stands."""

    BOOKED = "booked"
    """An appointment: only `prepare` texts; waits for "treated at"."""
    ACTIVE = "active"
    """Treated: the aftercare texts run."""
    HELD = "held"
    """Staff paused it: nothing leaves until they resume."""
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"


RUNNING = frozenset({EnrollmentState.BOOKED, EnrollmentState.ACTIVE, EnrollmentState.HELD})
"""Still has, or may still get, texts."""
