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


def ask_for(session: Session, enrollment_ids: Collection[int], *, at: datetime, whole: bool = False) -> None:
    """Let the texts of these enrollments be planned anew; `whole`: every one, whatever was told."""
    insert_rows(session, Replan, [{"enrollment_id": one, "at": at, "whole": whole} for one in enrollment_ids])


def is_any_waiting(session: Session) -> bool:
    """Whether any waits."""
    return session.scalar(select(col(Replan.id)).limit(1)) is not None


def take(session: Session, most: int) -> dict[int, bool]:
    """The enrollments that wait longest, each once, and whether as a whole.

    They wait no longer once this transaction is committed.
    """
    columns = (col(Replan.id), col(Replan.enrollment_id), col(Replan.whole))
    rows = session.execute(select(*columns).order_by(col(Replan.id)).limit(most)).all()
    session.execute(delete(Replan).where(col(Replan.id).in_([row.id for row in rows])))
    found: dict[int, bool] = {}
    for row in rows:
        found[row.enrollment_id] = found.get(row.enrollment_id, False) or row.whole
    return found
