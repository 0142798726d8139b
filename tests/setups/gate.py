"""The send gate as a test wants it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.engine import database_time
from notifier.db.tables import Poll
from notifier.sending.gates.polls import completed


def inbound_was_read(session: Session, now: datetime, *, ago: timedelta = timedelta(0)) -> None:
    """Everything that patients wrote was read so long ago; the gate counts on the database's clock."""
    session.execute(delete(Poll).where(col(Poll.what) == "inbound"))
    completed(session, at=database_time(session, now) - ago, read_up_to=now - ago)
