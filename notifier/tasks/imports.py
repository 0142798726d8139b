"""What an import has left to say in person: one list for each import, so that it can be closed as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.tables import Enrollment, Message
from notifier.domain.tasks import RECENT, TaskKind, TaskRef
from notifier.tasks.sources import is_open_text, since_of_text


@dataclass(frozen=True, slots=True)
class ImportedWork:
    """The open texts of those who came with one import."""

    at: datetime
    """When it was; what all of its enrollments have."""
    patients: int
    texts: int


def imports_with_work(session: Session, now: datetime, *, limit: int = 5) -> list[ImportedWork]:
    """Imports of the last days with several patients to be told something in person, the latest first."""
    patients = func.count(col(Message.enrollment_id).distinct())
    found = (
        select(col(Enrollment.enrolled_at), patients, func.count())
        .select_from(Message)
        .join(Enrollment, col(Enrollment.id) == col(Message.enrollment_id))
        .where(
            *is_open_text(now), since_of_text() >= now - RECENT,
            col(Enrollment.enrolled_at) >= now - RECENT, col(Enrollment.imported_as).is_not(None),
        )
        .group_by(col(Enrollment.enrolled_at))
        .having(patients > 1)
        .order_by(col(Enrollment.enrolled_at).desc())
        .limit(limit)
    )  # fmt: skip
    return [ImportedWork(at, many, texts) for at, many, texts in session.execute(found).all()]


def work_of_import(session: Session, at: datetime, now: datetime) -> list[TaskRef]:
    """The open texts of those who came with the import of that instant."""
    found = (
        select(col(Message.id))
        .join(Enrollment, col(Enrollment.id) == col(Message.enrollment_id))
        .where(*is_open_text(now), col(Enrollment.enrolled_at) == at, col(Enrollment.imported_as).is_not(None))
        .order_by(col(Message.id))
    )
    return [TaskRef(TaskKind.TEXT, number or 0) for number in session.scalars(found)]
