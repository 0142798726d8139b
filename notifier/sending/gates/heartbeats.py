"""Which workers are alive: each says so every few seconds, by the database's clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.engine import database_time
from notifier.db.tables import Poll, WorkerRow

SILENT_AFTER: Final = timedelta(seconds=35)


def arrive(session: Session, worker_id: str, *, host: str, pid: int, now: datetime) -> None:
    """A worker has started; its id is never used again."""
    at = database_time(session, now)
    session.add(WorkerRow(id=worker_id, host=host[:120], pid=pid, started_at=at, seen_at=at))


def still_here(session: Session, worker_id: str, *, now: datetime) -> int:
    """A worker is alive; how many are, itself included. They share a sender's rate."""
    at = database_time(session, now)
    session.execute(update(WorkerRow).where(col(WorkerRow.id) == worker_id).values(seen_at=at))
    return max(1, len(living(session, now)))


def leave(session: Session, worker_id: str, *, now: datetime) -> None:
    """A worker has stopped in good order."""
    session.execute(
        update(WorkerRow).where(col(WorkerRow.id) == worker_id).values(stopped_at=database_time(session, now))
    )


def last_in_use(session: Session) -> datetime | None:
    """When a worker or a poller last wrote something here, by the clock of that time; None for a new database."""
    found = session.execute(
        select(func.max(col(WorkerRow.seen_at)), select(func.max(col(Poll.completed_at))).scalar_subquery())
    )
    return max((at for at in found.one() if at is not None), default=None)


def living(session: Session, now: datetime) -> list[WorkerRow]:
    """Those that were heard of lately and did not say that they stop, the first to start first."""
    alive = (col(WorkerRow.stopped_at).is_(None), col(WorkerRow.seen_at) > database_time(session, now) - SILENT_AFTER)
    return list(session.scalars(select(WorkerRow).where(*alive).order_by(col(WorkerRow.started_at))))


def works(session: Session, now: datetime) -> bool:
    """Whether a worker is alive."""
    return bool(living(session, now))


def say_doubt(session: Session, worker_id: str, doubt: str | None) -> None:
    """Let everybody see why a worker does not trust its clock; None: it does."""
    session.execute(update(WorkerRow).where(col(WorkerRow.id) == worker_id).values(doubt=doubt and doubt[:400]))


def doubt_of(session: Session, worker_id: str) -> str | None:
    """What everybody sees of it; None once a person has said that the clock is right."""
    return session.scalar(select(col(WorkerRow.doubt)).where(col(WorkerRow.id) == worker_id))


def doubts(session: Session, now: datetime) -> list[str]:
    """Why living workers send nothing."""
    return [one.doubt for one in living(session, now) if one.doubt is not None]


def trust_clocks(session: Session) -> int:
    """A person says that the clocks are right; how many workers had doubts."""
    cleared = update(WorkerRow).where(col(WorkerRow.doubt).is_not(None)).values(doubt=None).returning(col(WorkerRow.id))
    return len(session.execute(cleared).all())
