"""Cancel an enrollment: nothing more is sent for it. Her other enrollments go on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from notifier.db.changing import the_enrollment
from notifier.db.ending import Ended, end, find_ending
from notifier.domain.states import EnrollmentState


def plan_cancel(session: Session, clinic_id: str, enrollment_id: int, *, now: datetime) -> Ended:
    """What cancelling would withdraw; nothing is written. Raises Refused with a sentence."""
    return find_ending(session, the_enrollment(session, clinic_id, enrollment_id), EnrollmentState.CANCELLED, now)


def cancel(
    session: Session, clinic_id: str, enrollment_id: int, *, now: datetime, by: str, why: str = "cancelled by staff"
) -> Ended:
    """Close the enrollment. Its treatment happened all the same: earlier lifts that gave way to it do not come back."""
    enrollment = the_enrollment(session, clinic_id, enrollment_id)
    return end(session, enrollment, EnrollmentState.CANCELLED, now=now, by=by, why=why)
