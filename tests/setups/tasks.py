"""What tests do about work that needs a person."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from notifier.domain.tasks import TaskKind, TaskOutcome, TaskRef
from notifier.tasks.close import close_tasks


def see_to(session: Session, message_id: int, *, now: datetime, by: str) -> bool:
    """Somebody has told the patient in person what a text could not; False where that was so already."""
    return bool(close_tasks(session, [TaskRef(TaskKind.TEXT, message_id)], TaskOutcome.TOLD, now=now, by=by).closed)
