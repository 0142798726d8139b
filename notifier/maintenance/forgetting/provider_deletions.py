"""What the provider still keeps of patients who were erased, and may be deleted there by now."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.tables import ProviderDeletion

LONGEST_RESTORE: Final = timedelta(days=35)
"""So old a backup may be put in place: until then it may have to look for its texts at the provider."""
_ASK_AGAIN: Final = timedelta(days=1)
AT_ONCE: Final = 100
"""Texts that one round deletes."""


def due_deletions(session: Session, now: datetime) -> list[str]:
    """SIDs of texts that no backup which may be restored needs there any more, the oldest first."""
    found = select(col(ProviderDeletion.sid)).where(
        col(ProviderDeletion.done_at).is_(None), col(ProviderDeletion.not_before) <= now
    )
    return list(session.scalars(found.order_by(col(ProviderDeletion.not_before)).limit(AT_ONCE)))


def deleted_at_provider(session: Session, sids: list[str], now: datetime) -> None:
    """These are gone there."""
    session.execute(update(ProviderDeletion).where(col(ProviderDeletion.sid).in_(sids)).values(done_at=now))


def not_deleted(session: Session, sid: str, now: datetime) -> None:
    """The provider did not let go of this one: tomorrow it is asked again, after the others."""
    this = update(ProviderDeletion).where(col(ProviderDeletion.sid) == sid)
    session.execute(this.values(not_before=now + _ASK_AGAIN))


def undeleted(session: Session) -> int:
    """How many texts of erased patients the provider still has."""
    found = select(func.count()).select_from(ProviderDeletion).where(col(ProviderDeletion.done_at).is_(None))
    return session.scalar(found) or 0
