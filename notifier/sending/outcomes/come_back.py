"""A text that comes back as planned: whatever brings it back, it is judged against the plan as it is now.

While it was on its way its row has followed every change: its words, how early it may leave, until when it is useful.
One that a change has ended meanwhile does not leave again in any words; staff see it, with the cause.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, literal, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.events import record_event
from notifier.db.outbox import move_many
from notifier.db.rows import table_of
from notifier.db.tables import Event, Message
from notifier.domain.states import MessageState

_S = MessageState


def come_back(
    session: Session,
    ids: Sequence[int],
    *,
    seen: MessageState,
    at: datetime,
    by: str,
    why: str | None,
    not_until: datetime | None = None,
    **values: Any,
) -> list[int]:
    """Bring texts from the state seen back to planned, due at their own moment, but `not_until` then; the ids that did.

    Those that a change has ended while they were on their way expire at once, with its cause, and staff are told.
    """
    if not_until is not None:
        values["due_at"] = _later_of(not_until)
    moved = move_many(session, ids, seen=seen, to=_S.PLANNED, at=at, by=by, why=why, **values)
    for message_id, (enrollment_id, ended) in ended_by_a_change(session, moved, at).items():
        move_many(session, [message_id], seen=_S.PLANNED, to=_S.EXPIRED, at=at, by=by, why=ended)
        record_event(
            session, at=at, by=by, what="needs_staff", enrollment_id=enrollment_id,
            message_id=message_id, why=ended)  # fmt: skip
    return moved


def _later_of(at: datetime) -> ColumnElement[datetime]:
    due_at = table_of(Message).c.due_at
    return case((due_at > at, due_at), else_=literal(at, due_at.type))


def ended_by_a_change(session: Session, ids: Sequence[int], at: datetime) -> dict[int, tuple[int, str]]:
    """Those of these texts that a change has ended while they were on their way: whose, and why.

    A change does so by letting the text's use end in that very moment, and says why in its event.
    """
    if not ids:
        return {}
    ended = (
        select(col(Message.id), col(Message.enrollment_id), col(Event.why))
        .join(Event, col(Event.message_id) == col(Message.id))
        .where(
            col(Message.id).in_(ids),
            col(Message.expires_at) <= at,
            col(Event.what) == "changed",
            col(Event.at) == col(Message.expires_at),
        )
        .order_by(col(Event.id))
    )
    return {row.id: (row.enrollment_id, row.why or "it was changed") for row in session.execute(ended)}
