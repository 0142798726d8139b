"""Enrollments whose texts must be planned anew: asked for in the transaction that makes it so, done in one of its own.

What a text becomes asks by itself (`outbox.move`); whoever plans takes what was asked for, and a crash loses none.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.rows import insert_rows
from notifier.db.tables import Replan


def ask_for(session: Session, enrollment_ids: Collection[int], *, at: datetime) -> None:
    """Let the texts of these enrollments be planned anew."""
    insert_rows(session, Replan, [{"enrollment_id": one, "at": at} for one in enrollment_ids])


def is_any_waiting(session: Session) -> bool:
    """Whether any waits."""
    return session.scalar(select(col(Replan.id)).limit(1)) is not None


def take(session: Session, most: int) -> list[int]:
    """The enrollments that wait longest, each once; they wait no longer once this transaction is committed."""
    waiting = session.execute(select(col(Replan.id), col(Replan.enrollment_id)).order_by(col(Replan.id)).limit(most))
    rows = waiting.all()
    session.execute(delete(Replan).where(col(Replan.id).in_([row.id for row in rows])))
    return list(dict.fromkeys(row.enrollment_id for row in rows))
