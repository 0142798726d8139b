"""Cancel an enrollment: nothing more is sent for it. Her other enrollments go on, planned without it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from notifier.db.enrollments import the_enrollment
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.states import EnrollmentState
from notifier.enrollments.end_effect import Ended, end, find_ending


def plan_cancel(session: Session, enrollment_id: int, *, rules: PlanningRules, now: datetime) -> Ended:
    """What cancelling would do; nothing is written. Raises Refused with a sentence."""
    enrollment = the_enrollment(session, enrollment_id)
    return find_ending(session, enrollment, EnrollmentState.CANCELLED, rules, now)


def cancel(
    session: Session,
    enrollment_id: int,
    *,
    rules: PlanningRules,
    now: datetime,
    by: str,
    why: str = "cancelled by staff",
) -> Ended:
    """Close the enrollment; what gave way to its texts on her number comes back where it is still useful.

    A treatment of another day happened all the same: earlier lifts that gave way to it stay withheld.
    """
    enrollment = the_enrollment(session, enrollment_id)
    return end(session, enrollment, EnrollmentState.CANCELLED, rules, now=now, by=by, why=why)
