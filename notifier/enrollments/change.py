"""Change what is known of an enrollment: unsent texts follow, sent ones stay, and what they said wrong is listed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from notifier.db.enrollments import the_enrollment
from notifier.domain.planning.plan import PlanningRules
from notifier.enrollments.change_effect import Change, find_change, make_change
from notifier.enrollments.requests import ChangeRequest


def plan_change(
    session: Session, enrollment_id: int, changes: ChangeRequest, *, rules: PlanningRules, now: datetime
) -> Change:
    """The difference that the changes would make; nothing is written. Raises Refused with a sentence."""
    enrollment = the_enrollment(session, enrollment_id)
    return find_change(session, enrollment, changes, rules, now)


def change(
    session: Session, enrollment_id: int, changes: ChangeRequest, *, rules: PlanningRules, now: datetime, by: str
) -> Change:
    """Make the changes. A new version of her protocol, or another one, is pinned with `changes.protocol`."""
    enrollment = the_enrollment(session, enrollment_id)
    return make_change(session, enrollment, changes, rules, now=now, by=by, what="changed")
