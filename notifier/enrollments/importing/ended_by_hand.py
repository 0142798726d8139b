"""Rows of an import that end a visit which was enrolled by hand: the file's number for it is not known here yet."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from notifier.domain.planning.plan import PlanningRules
from notifier.domain.states import EnrollmentState
from notifier.enrollments.importing.meanings import RowMeaning
from notifier.enrollments.importing.rows import ImportRow
from notifier.enrollments.plans import enrollments_on


def about_ended_by_hand(
    session: Session, found: Sequence[tuple[ImportRow, RowMeaning]], rules: PlanningRules
) -> list[str]:
    """What staff are asked: it may be another visit of that day, so a person ends it."""
    ended = [row for row, meaning in found if meaning is RowMeaning.PASSED_BY and row.status is not None]
    if not ended:
        return []
    booked = [
        one
        for one in enrollments_on(session, [row.wanted.facts.phone for row in ended])
        if one.external_id is None and one.state is EnrollmentState.BOOKED and rules.is_yours(one.office)
    ]
    return [
        f"row {row.number}: the file says {row.status}, and enrollment {one.id}, made by hand for that day, "
        "is booked still; end it where that is the visit"
        for row in ended
        for one in booked
        if (one.phone, one.folded_name, one.treated_on)
        == (row.wanted.facts.phone, row.wanted.facts.folded_name, row.wanted.facts.local_day)
    ]
