"""Hold an enrollment, and let it go on: while it is held nothing leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from notifier.db import enrollments
from notifier.db.changing import the_enrollment
from notifier.db.opt_outs import is_opted_out
from notifier.db.plans import carry_out, enrollments_on, facts_of, find_difference, take_turn
from notifier.db.tables import Enrollment
from notifier.domain.plan_diff import Difference
from notifier.domain.planning import Facts, PlanningRules
from notifier.domain.refused import Refused
from notifier.domain.same_enrollment import refuse_ended
from notifier.domain.states import EnrollmentState


def plan_hold(session: Session, clinic_id: str, enrollment_id: int) -> bool:
    """Whether a hold would change anything; nothing is written. Raises Refused where the enrollment has ended."""
    enrollment = the_enrollment(session, clinic_id, enrollment_id)
    refuse_ended(enrollment)
    return enrollment.state is not EnrollmentState.HELD


def hold(session: Session, clinic_id: str, enrollment_id: int, *, now: datetime, by: str, why: str) -> bool:
    """Let nothing leave for this enrollment until it is resumed; False where it is held already."""
    if not plan_hold(session, clinic_id, enrollment_id):
        return False
    seen = the_enrollment(session, clinic_id, enrollment_id).state
    values = {"state_before_hold": seen.value}
    return enrollments.move(
        session, enrollment_id, seen=seen, to=EnrollmentState.HELD, at=now, by=by, why=why, **values
    )


def plan_resume(session: Session, enrollment_id: int, *, rules: PlanningRules, now: datetime) -> Difference:
    """What would become of the texts whose moment passed meanwhile; nothing is written. Raises Refused."""
    enrollment = the_enrollment(session, rules.clinic_id, enrollment_id)
    _refuse_running(enrollment)
    return _difference(session, enrollment, rules, now)[1]


def resume(session: Session, enrollment_id: int, *, rules: PlanningRules, now: datetime, by: str) -> Difference:
    """Go on: what is still useful leaves, what has passed expires and says so. Raises Refused with a sentence."""
    take_turn(session, rules.clinic_id)
    enrollment = the_enrollment(session, rules.clinic_id, enrollment_id)
    _refuse_running(enrollment)
    facts, difference = _difference(session, enrollment, rules, now, lock=True)
    values = {"state_before_hold": None}
    to = facts.state
    enrollments.move(session, enrollment_id, seen=EnrollmentState.HELD, to=to, at=now, by=by, why="resumed", **values)
    opted_out = is_opted_out(session, rules.clinic_id, facts.phone) is not None
    carry_out(session, facts, difference, rules.clinic_id, at=now, by=by, opted_out=opted_out)
    return difference


def _refuse_running(enrollment: Enrollment) -> None:
    if enrollment.state is not EnrollmentState.HELD:
        raise Refused(
            f"enrollment {enrollment.id} is not held; its state is {enrollment.state.value.replace('_', '-')}"
        )


def _difference(
    session: Session, enrollment: Enrollment, rules: PlanningRules, now: datetime, *, lock: bool = False
) -> tuple[Facts, Difference]:
    company = [facts_of(session, one) for one in enrollments_on(session, rules.clinic_id, [enrollment.phone])]
    was = EnrollmentState(enrollment.state_before_hold or EnrollmentState.ACTIVE)
    facts = replace(facts_of(session, enrollment), state=was)
    return facts, find_difference(session, facts, company, rules, now, lock=lock)
