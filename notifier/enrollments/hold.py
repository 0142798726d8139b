"""Hold an enrollment, and let it go on: while it is held nothing leaves. What ended by mistake goes on the same way."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from notifier.db import enrollments
from notifier.db.enrollments import the_enrollment
from notifier.db.tables import Enrollment
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import Refused
from notifier.domain.states import EnrollmentState
from notifier.enrollments.change_effect import Change, find_change, make_change
from notifier.enrollments.identity import refuse_ended
from notifier.enrollments.requests import ChangeRequest


def plan_hold(session: Session, enrollment_id: int) -> bool:
    """Whether a hold would change anything; nothing is written. Raises Refused where the enrollment has ended."""
    enrollment = the_enrollment(session, enrollment_id)
    refuse_ended(enrollment)
    return enrollment.state is not EnrollmentState.HELD


def hold(session: Session, enrollment_id: int, *, now: datetime, by: str, why: str) -> bool:
    """Let nothing leave for this enrollment until it is resumed; False where it is held already."""
    if not plan_hold(session, enrollment_id):
        return False
    seen = the_enrollment(session, enrollment_id).state
    values = {"state_before_hold": seen.value}
    return enrollments.move(
        session, enrollment_id, seen=seen, to=EnrollmentState.HELD, at=now, by=by, why=why, **values
    )


def plan_resume(session: Session, enrollment_id: int, *, rules: PlanningRules, now: datetime) -> Change:
    """What would become of the texts whose moment passed meanwhile; nothing is written. Raises Refused."""
    enrollment = the_enrollment(session, enrollment_id)
    _refuse_running(enrollment)
    return find_change(session, enrollment, ChangeRequest(resumed=True), rules, now)


def resume(session: Session, enrollment_id: int, *, rules: PlanningRules, now: datetime, by: str) -> Change:
    """Take back a hold, a no-show or a cancellation: what is still useful leaves, what has passed expires and says so.

    Raises Refused with a sentence.
    """
    enrollment = the_enrollment(session, enrollment_id)
    _refuse_running(enrollment)
    return make_change(session, enrollment, ChangeRequest(resumed=True), rules, now=now, by=by, what="resumed")


def _refuse_running(enrollment: Enrollment) -> None:
    if enrollment.state in (EnrollmentState.BOOKED, EnrollmentState.ACTIVE):
        raise Refused(f"enrollment {enrollment.id} is not held; its state is {enrollment.state.value}")
