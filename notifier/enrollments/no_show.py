"""The patient did not come: what prepared her for the visit stops, and there is no aftercare."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from notifier.db.enrollments import the_enrollment
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.states import EnrollmentState
from notifier.enrollments.end_effect import Ended, end, find_ending


def plan_no_show(session: Session, enrollment_id: int, *, rules: PlanningRules, now: datetime) -> Ended:
    """What "no-show" would do; nothing is written. Raises Refused with a sentence."""
    enrollment = the_enrollment(session, enrollment_id)
    return find_ending(session, enrollment, EnrollmentState.NO_SHOW, rules, now)


def no_show(session: Session, enrollment_id: int, *, rules: PlanningRules, now: datetime, by: str) -> Ended:
    """Close a booked enrollment whose hour has come. Raises Refused with a sentence."""
    enrollment = the_enrollment(session, enrollment_id)
    return end(session, enrollment, EnrollmentState.NO_SHOW, rules, now=now, by=by, why="she did not come")
