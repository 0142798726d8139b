"""Silent patients: asked twice, and nothing has come. One list that is closed by reading it; nobody has to call."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.tables import Enrollment, Message
from notifier.domain.tasks import TaskKind, TaskOutcome, TaskRef
from notifier.tasks.close import close_tasks
from notifier.tasks.sources import is_silent


def silent_patients(session: Session, now: datetime, limit: int) -> list[tuple[Message, Enrollment]]:
    """The questions whose use has passed without a word, the oldest first; not what was closed."""
    found = select(Message, Enrollment).join(Enrollment, col(Enrollment.id) == col(Message.enrollment_id))
    found = found.where(*is_silent(now)).order_by(col(Message.expires_at), col(Message.id)).limit(limit)
    return [(message, enrollment) for message, enrollment in session.execute(found).all()]


def count_silent(session: Session, now: datetime) -> int:
    """How many there are, on the same conditions as the list."""
    return session.scalar(select(func.count()).select_from(Message).where(*is_silent(now))) or 0


def close_silent(session: Session, message_ids: Iterable[int], *, now: datetime, by: str) -> int:
    """Somebody has read these; how many were not closed before."""
    refs = [TaskRef(TaskKind.SILENCE, number) for number in message_ids]
    return len(close_tasks(session, refs, TaskOutcome.DONE, now=now, by=by).closed)
