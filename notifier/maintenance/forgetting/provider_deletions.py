"""What the provider still keeps of patients who were erased, and may be deleted there by now."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.tables import ProviderDeletion
from notifier.domain.counted import counted

LONGEST_RESTORE: Final = timedelta(days=35)
"""So old a backup may be put in place: until then it may have to look for its texts at the provider."""
_ASK_AGAIN: Final = timedelta(days=1)
AT_ONCE: Final = 100
"""Texts that one round deletes."""


class Overdue(NamedTuple):
    """Texts of erased patients that are still at the provider and should not be."""

    texts: int
    since: datetime
    """When the first of them was refused, or should have gone."""
    sid: str
    """Of that one."""

    def __str__(self) -> str:
        return f"Twilio still keeps {counted(self.texts, 'text')} of erased patients, since {self.since:%Y-%m-%d}"


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
    first = func.coalesce(col(ProviderDeletion.refused_at), now)
    session.execute(this.values(not_before=now + _ASK_AGAIN, refused_at=first))


def overdue_deletions(session: Session, now: datetime) -> Overdue | None:
    """What the provider should have forgotten a day ago, or has refused to; None: nothing is."""
    since = func.coalesce(col(ProviderDeletion.refused_at), col(ProviderDeletion.not_before))
    late = or_(col(ProviderDeletion.refused_at).is_not(None), col(ProviderDeletion.not_before) <= now - _ASK_AGAIN)
    these = (col(ProviderDeletion.done_at).is_(None), late)
    first = select(col(ProviderDeletion.sid), since).where(*these).order_by(since, col(ProviderDeletion.sid)).limit(1)
    found = session.execute(first).first()
    count = session.scalar(select(func.count()).select_from(ProviderDeletion).where(*these)) or 0
    return Overdue(count, found[1], found[0]) if found else None
