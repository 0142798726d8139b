"""What people at the desk and other programs saw and did."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.tables import AuditShown, Enrollment, StaffAudit
from notifier.db.visibility import of_offices


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
    enrollment_id: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    only: AuditReach | None = None,
) -> list[StaffAudit]:
    """The latest entries first; `before`: only those older than this one, for the next page. `only`: see there.

    `enrollment_id`: what is about this patient, and the lists that showed them.
    """
    found = select(StaffAudit)
    if only is not None:
        theirs = select(col(Enrollment.id)).where(of_offices(only.offices))
        listed = select(col(AuditShown.entry_id)).where(col(AuditShown.enrollment_id).in_(theirs))
        about_nobody = col(StaffAudit.enrollment_id).is_(None) & col(StaffAudit.by).in_(sorted(only.actors))
        found = found.where(
            or_(col(StaffAudit.enrollment_id).in_(theirs), col(StaffAudit.id).in_(listed), about_nobody)
        )
        if enrollment_id is not None:  # a list that showed one of theirs may have shown this one beside
            found = found.where(theirs.where(col(Enrollment.id) == enrollment_id).exists())
    if by is not None:
        found = found.where(col(StaffAudit.by) == by)
    if enrollment_id is not None:
        in_a_list = select(col(AuditShown.entry_id)).where(col(AuditShown.enrollment_id) == enrollment_id)
        found = found.where((col(StaffAudit.enrollment_id) == enrollment_id) | col(StaffAudit.id).in_(in_a_list))
    if since is not None:
        found = found.where(col(StaffAudit.at) >= since)
    if until is not None:
        found = found.where(col(StaffAudit.at) < until)
    if before is not None:
        found = found.where(col(StaffAudit.id) < before)
    return list(session.scalars(found.order_by(col(StaffAudit.id).desc()).limit(limit)))
