"""Long lists a page at a time, by key: a page costs the same wherever it is in the list."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.outbox import in_state
from notifier.db.tables import Enrollment, Message, Reply
from notifier.domain.states import MessageState

_NOBODY_KNOWS = (MessageState.ATTEMPTING, MessageState.UNKNOWN, MessageState.NEEDS_REVIEW)


def enrollment_page(
    session: Session,
    where: Mapping[str, Any],
    *,
    in_any_case: Mapping[str, str] | None = None,
    before: int | None,
    limit: int | None,
) -> list[Enrollment]:
    """Enrollments whose columns have these values, the latest first; with `before`, only those with a smaller id.

    `in_any_case`: the same, whether it is written in capitals or not. No index helps there.
    """
    found = select(Enrollment)
    found = found.where(*(getattr(Enrollment, name) == value for name, value in where.items()))
    folded = {name: func.lower(value) for name, value in (in_any_case or {}).items()}
    found = found.where(*(func.lower(getattr(Enrollment, name)) == value for name, value in folded.items()))
    if before is not None:
        found = found.where(col(Enrollment.id) < before)
    return list(session.scalars(found.order_by(col(Enrollment.id).desc()).limit(limit)))


def reply_page(session: Session, *, only_open: bool, before: int | None, limit: int) -> list[Reply]:
    """Replies, the latest to be stored first."""
    found = select(Reply)
    if only_open:
        found = found.where(col(Reply.closed_at).is_(None))
    if before is not None:
        found = found.where(col(Reply.id) < before)
    return list(session.scalars(found.order_by(col(Reply.id).desc()).limit(limit)))


def due_page(
    session: Session, *, until: datetime, after: tuple[datetime, int] | None, limit: int
) -> list[tuple[Message, Enrollment]]:
    """Texts due up to that instant, and those of which nobody knows whether they left; the first to leave first."""
    due = or_(and_(in_state(MessageState.PLANNED), col(Message.due_at) <= until), in_state(*_NOBODY_KNOWS))
    found = (
        select(Message, Enrollment)
        .join(Enrollment, col(Enrollment.id) == col(Message.enrollment_id))
        .where(col(Message.due_at).is_not(None), due)
    )
    if after is not None:
        at, number = after
        found = found.where(or_(col(Message.due_at) > at, and_(col(Message.due_at) == at, col(Message.id) > number)))
    rows = session.execute(found.order_by(col(Message.due_at), col(Message.id)).limit(limit)).all()
    return [(message, enrollment) for message, enrollment in rows]
