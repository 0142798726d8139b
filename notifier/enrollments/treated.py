"""The patient was treated: her aftercare is planned from the end of the treatment."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from notifier.db.enrollments import the_enrollment
from notifier.domain.planning.plan import PlanningRules
from notifier.enrollments.change_effect import Change, find_change, make_change
from notifier.enrollments.requests import ChangeRequest


def plan_treated(session: Session, enrollment_id: int, at: datetime, *, rules: PlanningRules, now: datetime) -> Change:
    """What "treated at" would change; nothing is written. Raises Refused with a sentence."""
    enrollment = the_enrollment(session, enrollment_id)
    return find_change(session, enrollment, ChangeRequest(treated_at=at), rules, now)


def treated(
    session: Session, enrollment_id: int, at: datetime, *, rules: PlanningRules, now: datetime, by: str
) -> Change:
    """`at` is the END of the treatment. What prepared her for the visit is withdrawn; said again, it moves T0."""
    enrollment = the_enrollment(session, enrollment_id)
    return make_change(session, enrollment, ChangeRequest(treated_at=at), rules, now=now, by=by, what="treated")
