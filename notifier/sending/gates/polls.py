"""How far the pollers have read, and the send gate that depends on it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.tables import Poll

INBOUND = "inbound"
GATE = timedelta(minutes=2)
"""Nothing leaves unless everything that patients wrote until so long ago has been read."""
_CLOCKS_DIFFER = timedelta(seconds=5)

_LAST = select(Poll).where(col(Poll.what) == bindparam("what"))


def last_poll(session: Session, what: str = INBOUND) -> Poll | None:
    """The last complete poll; None before the first."""
    return session.scalar(_LAST, {"what": what})


def completed(session: Session, *, at: datetime, read_up_to: datetime, what: str = INBOUND) -> None:
    """A poll that began at `at` has read everything up to `read_up_to`."""
    poll = last_poll(session, what) or Poll(what=what)
    poll.completed_at, poll.read_up_to = at, read_up_to
    session.add(poll)


def gate_is_open(session: Session, now: datetime) -> bool:
    """Whether a complete inbound poll is recent enough for texts to leave; one from the future does not count."""
    poll = last_poll(session)
    return poll is not None and now - GATE <= poll.completed_at <= now + _CLOCKS_DIFFER
