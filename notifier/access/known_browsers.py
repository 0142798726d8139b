"""Browsers that people have signed in with before: their tries are counted apart from those of strangers."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine, delete, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.access.accounts import account_called
from notifier.access.sessions import token_hash
from notifier.db.engine import reading, writing
from notifier.db.rows import insert_rows
from notifier.db.tables import KnownBrowser

KNOWN_FOR: Final = timedelta(days=180)
_MOST: Final = 20
"""Of one person; the oldest are let go."""


def is_known(engine: Engine, token: str | None, name: str, now: datetime) -> bool:
    """Whether the person of that name has signed in with this browser lately."""
    if not token:
        return False
    with reading(engine) as session:
        account = account_called(session, name)
        known = session.get(KnownBrowser, token_hash(token))
        return account is not None and known is not None and known.staff_id == account.id and now - known.at < KNOWN_FOR


def keep_known(engine: Engine, token: str | None, staff_id: int, now: datetime) -> str:
    """Remember the browser that this person has just signed in with; the token that it is to keep."""
    with writing(engine) as session:
        if token and _renewed(session, token, staff_id, now):
            return token
        new = secrets.token_urlsafe(32)
        insert_rows(session, KnownBrowser, [{"token_hash": token_hash(new), "staff_id": staff_id, "at": now}])
        newest = select(col(KnownBrowser.token_hash)).where(col(KnownBrowser.staff_id) == staff_id)
        kept = newest.order_by(col(KnownBrowser.at).desc(), col(KnownBrowser.token_hash)).limit(_MOST)
        old = col(KnownBrowser.token_hash).not_in(kept.scalar_subquery())
        session.execute(delete(KnownBrowser).where(col(KnownBrowser.staff_id) == staff_id, old))
    return new


def forget_browsers(session: Session, staff_id: int) -> None:
    """Know none of this person's browsers any more."""
    session.execute(delete(KnownBrowser).where(col(KnownBrowser.staff_id) == staff_id))


def _renewed(session: Session, token: str, staff_id: int, now: datetime) -> bool:
    this = (col(KnownBrowser.token_hash) == token_hash(token), col(KnownBrowser.staff_id) == staff_id)
    found = session.execute(update(KnownBrowser).where(*this).values(at=now).returning(col(KnownBrowser.token_hash)))
    return found.first() is not None
