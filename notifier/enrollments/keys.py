"""What tells an enrollment from others when it is changed: its external id, and which treatment of its day it is."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from notifier.db.enrollments import by_external_id, sharing_phone
from notifier.db.tables import Enrollment
from notifier.domain.planning.plan import Facts
from notifier.domain.refused import RefusalCode, Refused
from notifier.enrollments.fields import PLANNED, TEXTS, read_text
from notifier.enrollments.requests import ChangeRequest


def unplanned_columns(session: Session, enrollment: Enrollment, changes: ChangeRequest, after: Facts) -> dict[str, Any]:
    """The columns that a change gives new values and that planning does not see, by name.

    Raises Refused where two enrollments would be the same one.
    """
    columns: dict[str, Any] = {
        one.name: read_text(one, getattr(changes, one.name))
        for one in TEXTS
        if one.may_change and one.name not in PLANNED and getattr(changes, one.name) is not None
    }
    if external_id := columns.get("external_id"):
        other = by_external_id(session, external_id)
        if other is not None and other.id != enrollment.id:
            raise Refused(
                f"external_id {external_id} is enrollment {other.id} already; give another one", "external_id"
            )
    columns["ordinal"] = _ordinal(session, enrollment, changes, after)
    return columns


def _ordinal(session: Session, enrollment: Enrollment, changes: ChangeRequest, after: Facts) -> int:
    """Which treatment of its day it is: 0, unless staff say that it is a second one."""
    same = {
        other.ordinal: other.id
        for other in sharing_phone(session, after.phone)
        if other.id != enrollment.id
        and (other.folded_name, other.protocol, other.treated_on)
        == (after.folded_name, after.protocol.id, after.local_day)
    }
    if changes.second is None or changes.second == (enrollment.ordinal > 0):
        ordinal = enrollment.ordinal
    else:
        ordinal = max(same, default=-1) + 1 if changes.second else 0
    if ordinal in same:
        raise Refused(
            f"enrollment {same[ordinal]} is already this patient on {after.protocol.id}, {after.local_day}; "
            "cancel one of the two",
            code=RefusalCode.SAME_ENROLLMENT,
            enrollment=enrollment.id,
        )
    return ordinal
