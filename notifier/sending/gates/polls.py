"""How far the pollers have read, and the send gate that depends on it.

`completed_at` is on the database's clock: workers whose own clocks differ must not close each other's gate.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.rows import insert_if_new
from notifier.db.tables import Poll

INBOUND = "inbound"
HIDDEN = "hidden"
"""Not a poll of its own: when one last found a text whose number or words the provider hides."""
GATE = timedelta(minutes=2)
"""Nothing leaves unless everything that patients wrote until so long ago has been read."""
_CLOCKS_DIFFER = timedelta(seconds=5)

_LAST = select(Poll).where(col(Poll.what) == bindparam("what"))
_COMPLETED = select(col(Poll.completed_at)).where(col(Poll.what) == bindparam("what"))
_COMPLETED_AND_NOW = _COMPLETED.add_columns(func.clock_timestamp())


def last_poll(session: Session, what: str = INBOUND) -> Poll | None:
    """The last complete poll; None before the first."""
    return session.scalar(_LAST, {"what": what})


def completed(session: Session, *, at: datetime, read_up_to: datetime, what: str = INBOUND) -> None:
    """A poll that began at `at`, on the database's clock, has read everything up to `read_up_to`, on the reader's."""
    insert_if_new(session, Poll, {"what": what, "completed_at": at, "read_up_to": read_up_to})
    session.execute(update(Poll).where(col(Poll.what) == what).values(completed_at=at, read_up_to=read_up_to))


def since_last_poll(session: Session, now: datetime, what: str = INBOUND) -> timedelta | None:
    """How long ago the last complete poll began, by the database's clock; negative for one from the future."""
    if session.get_bind().dialect.name != "postgresql":
        completed_at = session.connection().scalar(_COMPLETED, {"what": what})
        return now - completed_at if completed_at else None
    found = session.connection().execute(_COMPLETED_AND_NOW, {"what": what}).first()
    return found[1] - found[0] if found else None


def gate_is_open(session: Session, now: datetime) -> bool:
    """Whether a complete inbound poll is recent enough for texts to leave; one from the future does not count."""
    return is_recent(since_last_poll(session, now))


def is_recent(age: timedelta | None) -> bool:
    """The same, told how long ago the last one began; None: there was none."""
    return age is not None and -_CLOCKS_DIFFER <= age <= GATE
