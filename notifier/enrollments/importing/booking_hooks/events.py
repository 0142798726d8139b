"""The posts of booking systems: stored as they come, listed, tried again, and forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.rows import insert_if_new
from notifier.db.tables import HookEvent, HookSource
from notifier.enrollments.importing.booking_hooks.signatures import SignedPost

KEPT: Final = timedelta(days=30)
"""A post goes after so long: names and numbers are in it."""


def store_event(session: Session, source_id: int, post: SignedPost, body: bytes, *, now: datetime) -> bool:
    """Keep a post until the worker reads it; False where it is there already."""
    row = {
        "source_id": source_id,
        "event_id": post.event_id.replace("\0", ""),
        "body": body.decode("utf-8", "replace").replace("\0", ""),
        "signed_at": post.signed_at,
        "received_at": now,
        "state": "waiting",
    }
    return insert_if_new(session, HookEvent, row)


def latest_events(session: Session, source_id: int, *, limit: int) -> list[HookEvent]:
    """The latest first; those of a month ago are gone."""
    of_it = select(HookEvent).where(col(HookEvent.source_id) == source_id)
    return list(session.scalars(of_it.order_by(col(HookEvent.id).desc()).limit(limit)))


def retry_events(session: Session, source_id: int) -> int:
    """Let the worker read once more what failed, after a word was explained or a mapping mended; how many."""
    failed = update(HookEvent).where(col(HookEvent.source_id) == source_id, col(HookEvent.state) == "failed")
    return len(session.execute(failed.values(state="waiting", why=None).returning(col(HookEvent.id))).all())


def forget_events(session: Session, now: datetime) -> None:
    """Posts of a month ago go, with the names and numbers in them."""
    session.execute(delete(HookEvent).where(col(HookEvent.received_at) < now - KEPT))


def failed_events(session: Session) -> Sequence[tuple[str, int, int]]:
    """Of each source that still posts: its name, how many of its posts failed, and the latest of them."""
    failed = (
        select(col(HookSource.name), func.count(), func.max(col(HookEvent.id)))
        .join(HookSource, col(HookSource.id) == col(HookEvent.source_id))
        .where(col(HookEvent.state) == "failed", col(HookSource.ended_at).is_(None))
        .group_by(col(HookSource.name))
    )
    return [(name, count, latest or 0) for name, count, latest in session.execute(failed).all()]
