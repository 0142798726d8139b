"""What people at the desk and other programs saw and did."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.tables import AuditShown, Enrollment, StaffAudit
from notifier.db.visibility import Yours, of_offices


@dataclass(frozen=True, slots=True)
class AuditReach:
    """What an admin of some offices reads: what concerns their patients, whoever did it, and what their people did."""

    offices: Collection[str]
    actors: Collection[str]
    """Those whom they manage, as the audit log names them: read also where no patient is named."""


def audited(
    session: Session,
    limit: int,
    *,
    by: str | None = None,
    enrollments: Collection[int] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    only: AuditReach | None = None,
) -> list[StaffAudit]:
    """The latest entries first; `before`: only those older than this one, for the next page. `only`: see there.

    `enrollments`: what is about these, and the lists that showed one of them.
    """
    found = select(StaffAudit)
    if only is not None:
        theirs = select(col(Enrollment.id)).where(of_offices(only.offices))
        listed = select(col(AuditShown.entry_id)).where(col(AuditShown.enrollment_id).in_(theirs))
        about_nobody = col(StaffAudit.enrollment_id).is_(None) & col(StaffAudit.by).in_(sorted(only.actors))
        found = found.where(
            or_(col(StaffAudit.enrollment_id).in_(theirs), col(StaffAudit.id).in_(listed), about_nobody)
        )
        if enrollments:  # a list that showed one of theirs may have shown another office's beside
            enrollments = [one for one in session.scalars(theirs.where(col(Enrollment.id).in_(enrollments))) if one]
            if not enrollments:
                return []
    if by is not None:
        found = found.where(col(StaffAudit.by) == by)
    if enrollments:
        in_a_list = select(col(AuditShown.entry_id)).where(col(AuditShown.enrollment_id).in_(enrollments))
        found = found.where(col(StaffAudit.enrollment_id).in_(enrollments) | col(StaffAudit.id).in_(in_a_list))
    if since is not None:
        found = found.where(col(StaffAudit.at) >= since)
    if until is not None:
        found = found.where(col(StaffAudit.at) < until)
    if before is not None:
        found = found.where(col(StaffAudit.id) < before)
    return list(session.scalars(found.order_by(col(StaffAudit.id).desc()).limit(limit)))


def shown_in(session: Session, entries: Collection[int], yours: Yours = None) -> dict[int, list[tuple[int, str]]]:
    """Whom the lists of these entries showed, by entry: enrollment and name, in order; with `yours` only theirs."""
    found = (
        select(col(AuditShown.entry_id), col(Enrollment.id), col(Enrollment.name))
        .join(Enrollment, col(Enrollment.id) == col(AuditShown.enrollment_id))
        .where(col(AuditShown.entry_id).in_(entries))
        .order_by(col(AuditShown.entry_id), col(Enrollment.id))
    )
    if yours is not None:
        found = found.where(of_offices(yours))
    shown: dict[int, list[tuple[int, str]]] = {}
    for entry, enrollment, name in session.execute(found):
        shown.setdefault(entry, []).append((enrollment or 0, name))
    return shown
