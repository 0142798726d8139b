"""A number that cannot receive texts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.events import record_event
from notifier.db.outbox import move_where
from notifier.db.tables import Message
from notifier.domain.states import MessageState


def number_is_dead(session: Session, phone: str, *, at: datetime, by: str, why: str) -> int:
    """Cancel every planned text to this number, whoever the patient; how many. Staff ask for another number."""
    cancelled = move_where(
        session,
        col(Message.phone) == phone,
        seen=MessageState.PLANNED,
        to=MessageState.CANCELLED,
        at=at,
        by=by,
        why=why,
    )
    record_event(session, at=at, by=by, what="number_invalid", why=why)
    return len(cancelled)
