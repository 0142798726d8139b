"""Which of the photos that patients sent somebody has opened. They lie at the provider alone."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.rows import insert_if_new
from notifier.db.tables import PhotoLook, Reply


def photo_opened(session: Session, reply_id: int, number: int, *, at: datetime) -> None:
    """Somebody has seen that photo of a reply, or was told for good why it cannot be seen here."""
    insert_if_new(session, PhotoLook, {"reply_id": reply_id, "number": number, "at": at})


def unopened_photo(session: Session, phones: Collection[str]) -> tuple[int, int] | None:
    """The first photo from these numbers that nobody has opened, as reply and number; None where there is none."""
    sent = (
        select(col(Reply.id), col(Reply.media_count))
        .where(col(Reply.phone).in_(phones), col(Reply.media_count) > 0)
        .order_by(col(Reply.id))
    )
    for reply, many in session.execute(sent).all():
        seen = set(session.scalars(select(col(PhotoLook.number)).where(col(PhotoLook.reply_id) == reply)))
        if unseen := set(range(1, many + 1)) - seen:
            return reply or 0, min(unseen)
    return None
