"""Which workers are alive: each says so every few seconds, by the database's clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.claims import database_time
from notifier.db.tables import Worker

SILENT_AFTER: Final = timedelta(seconds=35)


def arrive(session: Session, worker_id: str, *, host: str, pid: int, now: datetime) -> None:
    """A worker has started; its id is never used again."""
    at = database_time(session, now)
    session.add(Worker(id=worker_id, host=host[:120], pid=pid, started_at=at, seen_at=at))


def still_here(session: Session, worker_id: str, *, now: datetime) -> int:
    """A worker is alive; how many are, itself included. They share a sender's rate."""
    at = database_time(session, now)
    session.execute(update(Worker).where(col(Worker.id) == worker_id).values(seen_at=at))
    alive = select(func.count()).where(col(Worker.stopped_at).is_(None), col(Worker.seen_at) > at - SILENT_AFTER)
    return max(1, session.scalar(alive) or 0)


def leave(session: Session, worker_id: str, *, now: datetime) -> None:
    """A worker has stopped in good order."""
    session.execute(update(Worker).where(col(Worker.id) == worker_id).values(stopped_at=database_time(session, now)))
