"""Booked visits that an export should name and does not, and those of patients who now have another: somebody is asked.

Nothing is ended by itself: a report may have been narrowed to one provider or one room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.array_param import in_array
from notifier.db.tables import Enrollment
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.states import EnrollmentState
from notifier.enrollments.commands import Cancel
from notifier.enrollments.effect import Effect
from notifier.enrollments.importing.file_visits import FileVisits
from notifier.enrollments.importing.meanings import RowMeaning
from notifier.enrollments.importing.rows import ImportRow
from notifier.enrollments.lifecycle import apply


@dataclass(frozen=True, slots=True)
class AbsentVisit:
    """A booked visit of the same mapping that is not in the file."""

    enrollment: int
    external_id: str
    name: str
    protocol: str
    appointment_at: datetime
    timezone: str
    is_of_its_days: bool
    """Whether the file names every visit of that day, and not this one."""
    moved_to: datetime | None
    """When the same patient has a visit that is new with this file."""


def absent_visits(
    session: Session, visits: FileVisits, found: Sequence[tuple[ImportRow, RowMeaning]], rules: PlanningRules
) -> list[AbsentVisit]:
    """The earliest first. None where a row cannot be read so far that its visit is known: it could be that one."""
    if visits.unread:
        return []
    booked = [row.wanted.facts for row, _ in found if row.status is None]
    days = {(row.wanted.facts.office, row.wanted.facts.local_day) for row, _ in found} if visits.is_complete else set()
    same = {(one.phone, one.folded_name, one.protocol.id, one.local_day) for one in booked}
    new = {
        (row.wanted.facts.phone, row.wanted.facts.folded_name): row.wanted.facts.appointment_at
        for row, meaning in found
        if meaning is RowMeaning.NEW
    }
    asked = {"mapping": visits.mapping, "phones": {phone for phone, _ in new}, "days": [day for _, day in days]}
    absent = []
    for one in session.scalars(_CANDIDATES, asked):
        key = (one.phone, one.folded_name, one.protocol, one.treated_on)
        if one.external_id in visits.ids or key in same or not rules.is_yours(one.office) or one.appointment_at is None:
            continue
        if one.file_said_at is not None and visits.said_at is not None and one.file_said_at > visits.said_at:
            continue  # a newer file has named it
        is_of_its_days, moved_to = (one.office, one.treated_on) in days, new.get(key[:2])
        if is_of_its_days or moved_to is not None:
            absent.append(
                AbsentVisit(
                    one.id or 0, one.external_id or "", one.name, one.protocol, one.appointment_at, one.timezone,
                    is_of_its_days, moved_to,
                )
            )  # fmt: skip
    return absent


_CANDIDATES = (
    select(Enrollment)
    .where(
        col(Enrollment.state) == EnrollmentState.BOOKED,
        col(Enrollment.treated_at).is_(None),
        col(Enrollment.mapping) == bindparam("mapping"),
        or_(
            in_array(col(Enrollment.phone), "phones"), col(Enrollment.treated_on).in_(bindparam("days", expanding=True))
        ),
    )
    .order_by(col(Enrollment.appointment_at), col(Enrollment.id))
)


def end_visit(session: Session, visit: AbsentVisit, rules: PlanningRules, *, now: datetime, by: str) -> Effect:
    """End it in the caller's transaction, as one that the booking system has no more. Raises Refused."""
    return apply(session, visit.enrollment, Cancel(_WHY), rules=rules, now=now, by=by)


_WHY = "not in the booking system's file any more"
