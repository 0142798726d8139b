"""What tells an enrollment from others when it is changed: its external id, and which treatment of its day it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from notifier.db.enrollments import by_external_id, sharing_phone
from notifier.db.tables import Enrollment
from notifier.domain.planning.plan import EnrollmentFacts, PlanningRules
from notifier.domain.refused import RefusalCode, Refused
from notifier.domain.states import RUNNING
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.elsewhere import StandsElsewhere, stands_elsewhere
from notifier.enrollments.field_values import read_text
from notifier.enrollments.fields import PLANNED, TEXTS


def unplanned_columns(
    session: Session,
    enrollment: Enrollment,
    changes: ChangeRequest,
    after: EnrollmentFacts,
    rules: PlanningRules,
    *,
    for_preview: bool = False,
) -> dict[str, Any]:
    """The columns that a change gives new values and that planning does not see, by name.

    Raises Refused where two enrollments would be the same one. `for_preview`: where the other one is at an office that
    whoever asks may not see, nothing is said yet.
    """
    columns: dict[str, Any] = {
        one.name: read_text(one, getattr(changes, one.name))
        for one in TEXTS
        if one.may_change and one.name not in PLANNED and getattr(changes, one.name) is not None
    }
    if external_id := columns.get("external_id"):
        other = by_external_id(session, external_id)
        if other is not None and other.id != enrollment.id and not rules.is_yours(other.office):
            if not for_preview:
                raise stands_elsewhere()
        elif other is not None and other.id != enrollment.id:
            raise Refused(f"the id {external_id} is enrollment {other.id} already; give another one", "external_id")
    try:
        columns["ordinal"] = _ordinal(session, enrollment, changes, after, rules)
        ordinals_of_followers(session, enrollment, after, columns["ordinal"], rules)
    except Refused as why:
        if not (for_preview and isinstance(why, StandsElsewhere)):
            raise
    return columns


def _ordinal(
    session: Session, enrollment: Enrollment, changes: ChangeRequest, after: EnrollmentFacts, rules: PlanningRules
) -> int:
    """Which treatment of its day it is: 0, unless staff say that it is a second one."""
    taken = {
        other.ordinal: other
        for other in (*_standing(session, enrollment, after), *followers(session, enrollment))
        if (other.protocol, other.treated_on) == (after.protocol.id, after.local_day)
    }
    if changes.second is None or changes.second == (enrollment.ordinal > 0):
        ordinal = enrollment.ordinal
    else:
        ordinal = max(taken, default=-1) + 1 if changes.second else 0
    runs = after.state in RUNNING
    return _free(ordinal, taken, enrollment.id or 0, after.protocol.id, after.local_day, rules, runs=runs)


def followers(session: Session, enrollment: Enrollment) -> list[Enrollment]:
    """The patient's other enrollments: they take on a new name or number with this one, the oldest first."""
    found = sharing_phone(session, enrollment.phone)
    return [one for one in found if one.id != enrollment.id and one.folded_name == enrollment.folded_name]


def ordinals_of_followers(
    session: Session, enrollment: Enrollment, after: EnrollmentFacts, ordinal: int, rules: PlanningRules
) -> dict[int, int]:
    """Which treatment of its day each follower is from now on, by enrollment: where the new name or number has one of
    that day whose texts have ended, it is the next one. Raises Refused where the other one still runs.

    `ordinal`: what the enrollment itself will be.
    """
    if (after.phone, after.folded_name) == (enrollment.phone, enrollment.folded_name):
        return {}
    if not all(rules.is_yours(one.office) for one in followers(session, enrollment)):
        raise stands_elsewhere()  # or another office's texts could be led to any number, by way of a namesake on theirs
    there = {(one.protocol, one.treated_on, one.ordinal): one for one in _standing(session, enrollment, after)}
    there[after.protocol.id, after.local_day, ordinal] = enrollment
    found = {}
    for one in followers(session, enrollment):
        taken = {key[2]: other for key, other in there.items() if key[:2] == (one.protocol, one.treated_on)}
        runs = one.state in RUNNING
        found[one.id or 0] = _free(one.ordinal, taken, one.id or 0, one.protocol, one.treated_on, rules, runs=runs)
        there[one.protocol, one.treated_on, found[one.id or 0]] = one
    return found


def _standing(session: Session, enrollment: Enrollment, after: EnrollmentFacts) -> list[Enrollment]:
    """Who has the new name and number already, and does not come with this one."""
    if (after.phone, after.folded_name) == (enrollment.phone, enrollment.folded_name):
        return []
    return [one for one in sharing_phone(session, after.phone) if one.folded_name == after.folded_name]


def _free(
    ordinal: int,
    taken: Mapping[int, Enrollment],
    whose: int,
    protocol: str,
    day: date,
    rules: PlanningRules,
    *,
    runs: bool,
) -> int:
    """The ordinal where nobody has it; the next one where whoever has it, or this one, has ended."""
    if ordinal not in taken:
        return ordinal
    if runs and taken[ordinal].state in RUNNING:
        if not rules.is_yours(taken[ordinal].office):
            raise stands_elsewhere()
        raise Refused(
            f"enrollment {taken[ordinal].id} is already this patient on {protocol}, {day}; cancel one of the two",
            code=RefusalCode.SAME_ENROLLMENT,
            enrollment=whose,
        )
    return max(taken) + 1
