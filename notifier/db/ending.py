"""Ending an enrollment: what has not left does not leave."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db import enrollments, outbox
from notifier.db.enrollments import sharing_phone
from notifier.db.outbox import messages_of
from notifier.db.tables import Enrollment, Message
from notifier.domain.answers import ANSWER
from notifier.domain.instants import zone_called
from notifier.domain.refused import Refused
from notifier.domain.states import RUNNING, EnrollmentState, MessageState
from schedules.protocol import StepKind
from schedules.saying import say_moment

_ON_ITS_WAY = frozenset({MessageState.ATTEMPTING, MessageState.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Ended:
    """What an ending withdraws, and what it cannot."""

    enrollment: int
    already: bool
    withdrawn: tuple[str, ...] = ()
    """Steps that will not be said."""
    on_their_way: tuple[str, ...] = ()
    """Steps that may have left a moment ago."""
    nobody_tells: tuple[str, ...] = ()
    """Lifts of her other treatments that this one's texts would have covered: staff tell her."""


def find_ending(session: Session, enrollment: Enrollment, to: EnrollmentState, now: datetime) -> Ended:
    """What ending this enrollment would do; nothing is written.

    Raises Refused where it has ended otherwise, and for a no-show who was treated or whose appointment is to come.
    """
    whose = enrollment.id or 0
    if enrollment.state is to:
        return Ended(whose, already=True)
    if enrollment.state not in RUNNING:
        raise Refused(f"enrollment {enrollment.id} has ended already ({enrollment.state.value.replace('_', '-')})")
    if to is EnrollmentState.NO_SHOW:
        _refuse_to_miss(enrollment, now)
    texts = messages_of(session, whose)
    planned = [text for text in texts if text.state is MessageState.PLANNED and text.kind != ANSWER]
    return Ended(
        whose,
        already=False,
        withdrawn=tuple(text.step for text in planned),
        on_their_way=tuple(text.step for text in texts if text.state in _ON_ITS_WAY),
        nobody_tells=_covered_by(session, enrollment, {topic for text in planned for topic in text.topics or ()}),
    )


def _refuse_to_miss(enrollment: Enrollment, now: datetime) -> None:
    """A visit cannot be missed once it took place, nor before its hour."""
    if enrollment.treated_at is not None:
        raise Refused(
            f"enrollment {enrollment.id} was treated, so it is no no-show",
            command=f"to stop its texts: notifier cancel {enrollment.id}",
        )
    if enrollment.appointment_at is not None and enrollment.appointment_at > now:
        when = say_moment(enrollment.appointment_at, zone_called(enrollment.timezone))
        raise Refused(
            f"the appointment of enrollment {enrollment.id} is still to come ({when}), so it is no no-show yet; "
            "where it is called off, cancel it; where it moves, say to when",
            command=f"notifier cancel {enrollment.id}; notifier change {enrollment.id} --appointment-at",
        )


def end(session: Session, enrollment: Enrollment, to: EnrollmentState, *, now: datetime, by: str, why: str) -> Ended:
    """Cancel what is planned and close the enrollment; the second time changes nothing."""
    ended = find_ending(session, enrollment, to, now)
    if ended.already:
        return ended
    outbox.move_where(
        session,
        col(Message.enrollment_id) == ended.enrollment,
        ~outbox.is_answer(),
        seen=MessageState.PLANNED,
        to=MessageState.CANCELLED,
        at=now,
        by=by,
        why=why,
    )
    enrollments.move(session, ended.enrollment, seen=enrollment.state, to=to, at=now, by=by, why=why)
    return ended


def _covered_by(session: Session, enrollment: Enrollment, topics: set[str]) -> tuple[str, ...]:
    return tuple(
        f"enrollment {other.id}: {text.step}"
        for other in sharing_phone(session, enrollment.clinic_id, enrollment.phone)
        if other.id is not None and other.id != enrollment.id and other.state in RUNNING
        if other.folded_name == enrollment.folded_name
        for text in messages_of(session, other.id)
        if text.kind == StepKind.LIFT and text.state is MessageState.CANCELLED and topics & set(text.topics or ())
    )
