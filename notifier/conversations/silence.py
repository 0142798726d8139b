"""Silent patients: asked twice, and nothing has come. One list that is closed by reading it; nobody has to call."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.events import record_event
from notifier.db.rows import insert_if_new, table_of
from notifier.db.tables import Enrollment, Message, OptOut, SeenTo
from notifier.domain.states import RUNNING, MessageState
from notifier.numbers.asks import is_ask, wrote_since
from schedules.asking import AGAIN

_HAS_LEFT: Final = (MessageState.ACCEPTED, MessageState.SENT, MessageState.DELIVERED)
_LISTED_FOR: Final = timedelta(days=30)
_opted_out = table_of(OptOut).alias()
_seen = table_of(SeenTo).alias()


def silent_patients(session: Session, now: datetime, limit: int) -> list[tuple[Message, Enrollment]]:
    """The questions of the last month whose use has passed without a word, the oldest first; not what was closed."""
    found = select(Message, Enrollment).join(Enrollment, col(Enrollment.id) == col(Message.enrollment_id))
    found = found.where(*_silent(now)).order_by(col(Message.expires_at), col(Message.id)).limit(limit)
    return [(message, enrollment) for message, enrollment in session.execute(found).all()]


def count_silent(session: Session, now: datetime) -> int:
    """How many there are, on the same conditions as the list."""
    found = select(func.count()).select_from(Message)
    found = found.join(Enrollment, col(Enrollment.id) == col(Message.enrollment_id)).where(*_silent(now))
    return session.scalar(found) or 0


def close_silent(session: Session, message_ids: Iterable[int], *, now: datetime, by: str) -> int:
    """Somebody has read these; how many were not closed before."""
    closed = 0
    for message_id in message_ids:
        if insert_if_new(session, SeenTo, {"message_id": message_id, "at": now, "by": by}):
            closed += 1
            record_event(session, at=now, by=by, what="silence_closed", message_id=message_id, why="nothing has come")
    return closed


def _silent(now: datetime) -> tuple[ColumnElement[bool], ...]:
    out = select(_opted_out.c.id).where(_opted_out.c.phone == col(Message.phone), _opted_out.c.ended_at.is_(None))
    closed = select(_seen.c.message_id).where(_seen.c.message_id == col(Message.id))
    return (
        is_ask(), col(Message.expires_at) <= now, col(Message.expires_at) > now - _LISTED_FOR,
        col(Message.state).in_(_HAS_LEFT), ~col(Message.step).endswith(AGAIN), col(Enrollment.state).in_(RUNNING),
        ~wrote_since(), ~out.exists(), ~closed.exists(),
    )  # fmt: skip
