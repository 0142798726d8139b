"""What calls to Twilio came to, for metrics: how late texts left, how long the calls took, what was answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased
from sqlmodel import col

from notifier.db.tables import Attempt, Event, Message, OptOut
from notifier.domain.states import MessageState
from notifier.sms.code_classes import NotCreatedClass
from notifier.sms.codes import class_of_refusal
from schedules.segments import count_segments

OUTCOMES: Final = ("accepted", "unknown", *(str(one) for one in NotCreatedClass))
"""Every answer that there is: taken, lost, or why not created."""
_AT_MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class ConcludedCall:
    """One call to Twilio whose answer is written down. Without patient data."""

    outcome: str
    seconds: float
    """From its attempt's record to its answer."""
    late: float | None = None
    """Seconds after the earliest moment that its plan allowed; None where it was not taken."""
    segments: int = 0
    """Billed units, where it was taken."""


def calls_between(session: Session, after: int, upto: int) -> list[ConcludedCall]:
    """The calls that the events after the one and up to the other tell of, at most some thousand."""
    newer = aliased(Attempt)
    latest = (
        select(col(newer.id))
        .where(col(newer.message_id) == col(Event.message_id), col(newer.started_at) <= col(Event.at))
        .order_by(col(newer.started_at).desc())
        .limit(1)
        .scalar_subquery()
    )
    found = (
        select(Attempt, Message)
        .select_from(Event)
        .join(Message, col(Message.id) == col(Event.message_id))
        .join(Attempt, col(Attempt.id) == latest)
        .where(col(Event.id) > after, col(Event.id) <= upto, col(Event.what) == "state")
        .where(col(Event.from_state) == MessageState.ATTEMPTING.value, col(Attempt.finished_at).is_not(None))
        .order_by(col(Event.id))
        .limit(_AT_MOST)
    )
    return [_concluded(attempt, message) for attempt, message in session.execute(found)]


def count_opt_outs(session: Session) -> int:
    """Numbers that must not be texted, counted up to 10000."""
    standing = select(col(OptOut.id)).where(col(OptOut.ended_at).is_(None)).limit(_AT_MOST).subquery()
    return session.scalar(select(func.count()).select_from(standing)) or 0


def _concluded(attempt: Attempt, message: Message) -> ConcludedCall:
    assert attempt.finished_at is not None  # the query leaves out the others
    seconds = max(0.0, (attempt.finished_at - attempt.started_at).total_seconds())
    if attempt.outcome != "accepted":
        return ConcludedCall(_why_not(attempt), seconds)
    late = max(0.0, (attempt.started_at - message.not_before).total_seconds())
    return ConcludedCall("accepted", seconds, late, count_segments(message.sent_text or message.text).count)


def _why_not(attempt: Attempt) -> str:
    if attempt.outcome == "unknown":
        return "unknown"
    return str(NotCreatedClass.NETWORK if attempt.code is None else class_of_refusal(400, attempt.code))
