"""What goes by itself, whatever the clinic's retention: bookings that nobody posts about any more, and test texts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.outbox import in_state
from notifier.db.tables import Attempt, HookBooking, Message, Tryout, TryoutReply
from notifier.domain.kinds import TEST
from notifier.domain.states import MessageState

BOOKINGS_KEPT: Final = timedelta(days=400)
"""Since the last post about one: whoever books a year ahead and moves it is still known."""
TESTS_KEPT: Final = timedelta(days=30)
_WAITING: Final = (
    MessageState.PLANNED, MessageState.ATTEMPTING, MessageState.UNKNOWN, MessageState.NEEDS_REVIEW
)  # fmt: skip


def forget_old_rows(session: Session, now: datetime) -> None:
    """A test is a number of staff and the words that went to it; what left is still in the events, without either."""
    session.execute(delete(HookBooking).where(col(HookBooking.at) < now - BOOKINGS_KEPT))
    session.execute(delete(Tryout).where(col(Tryout.at) < now - TESTS_KEPT))
    session.execute(delete(TryoutReply).where(col(TryoutReply.at) < now - TESTS_KEPT))
    old = col(Message.kind) == TEST, col(Message.nominal_at) < now - TESTS_KEPT
    ids = session.scalars(select(col(Message.id)).where(*old, *(~in_state(one) for one in _WAITING))).all()
    session.execute(delete(Attempt).where(col(Attempt.message_id).in_(ids)))
    session.execute(delete(Message).where(col(Message.id).in_(ids)))
