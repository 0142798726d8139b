"""Wrong passwords in the database, so that several web processes count together."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.rows import insert_rows
from notifier.db.tables import WrongPassword

KEPT: Final = timedelta(minutes=15)


def wrong_since(session: Session, now: datetime) -> list[tuple[str, str]]:
    """Every wrong one of the last quarter of an hour: for whom, and from where."""
    lately = (col(WrongPassword.at) > now - KEPT,)
    found = select(col(WrongPassword.who), col(WrongPassword.address)).where(*lately)
    return [(who, address) for who, address in session.execute(found)]


def note_wrong(session: Session, *, who: str, address: str, now: datetime) -> None:
    """One more; those that no longer count are let go."""
    old = delete(WrongPassword).where(col(WrongPassword.at) <= now - KEPT)
    session.execute(old)
    insert_rows(session, WrongPassword, [{"at": now, "who": who, "address": address}])


def forget_wrong(session: Session, *, who: str, address: str) -> None:
    """Whoever knows the password starts anew there."""
    these = (col(WrongPassword.who) == who, col(WrongPassword.address) == address)
    session.execute(delete(WrongPassword).where(*these))
