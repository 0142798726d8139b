"""A course that is over: another visit that comes under the same external id is refused, and not read into it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db import outbox
from notifier.db.tables import Enrollment, Message
from notifier.domain.instants import zone_called
from notifier.domain.refused import RefusalCode, Refused
from notifier.domain.states import RUNNING, EnrollmentState, MessageState
from notifier.enrollments.requests import Checked
from schedules.plain import key_in_words
from schedules.saying import say_moment


def refuse_another_visit(session: Session, known: Enrollment, wanted: Checked, now: datetime) -> None:
    """Raise Refused where a request names a course that is over by its external id and means another visit.

    So it is where an export gives a patient's number in place of the visit's: the course of the last visit would move
    to the day of this one, nothing would be sent, and staff would be asked to call about all that was.
    """
    if not _is_another_visit(known, wanted) or not _is_over(session, known, now):
        return
    if known.state in RUNNING:
        how = f"treated {say_moment(known.treated_at, zone_called(known.timezone))}" if known.treated_at else "booked"
    else:
        how = key_in_words(known.state.value)
    raise Refused(
        f"the id {wanted.external_id} had a course that is over (enrollment {known.id}, {how}); "
        "give the visit's own id, not the patient's; where that course itself was wrong, change it there",
        "external_id",
        code=RefusalCode.COURSE_OVER,
        enrollment=known.id,
    )


def _is_another_visit(known: Enrollment, wanted: Checked) -> bool:
    facts = wanted.facts
    if facts.treated_at is not None:
        moved = facts.treated_at != known.treated_at
    else:
        moved = facts.appointment_at != known.appointment_at
    return moved or facts.protocol.id != known.protocol


def _is_over(session: Session, known: Enrollment, now: datetime) -> bool:
    """Whether the texts have ended for good, or there were hours for them and all have passed."""
    if known.state not in RUNNING:
        return True
    if known.state is not EnrollmentState.ACTIVE:
        return False
    found = select(func.max(col(Message.expires_at)), func.count(col(Message.due_at))).where(
        col(Message.enrollment_id) == known.id,
        col(Message.state) != MessageState.CANCELLED,
        outbox.is_of_plan(),
    )
    last, had_hours = session.execute(found).one()
    return bool(had_hours and last <= now)
