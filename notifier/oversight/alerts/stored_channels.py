"""Which channels have really told somebody: a channel that never has is one that nobody should rely on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.rows import insert_if_new
from notifier.db.tables import AlertChannel
from notifier.oversight.alerts.deliver import ChannelResult


def store_deliveries(session: Session, deliveries: Sequence[ChannelResult], *, at: datetime) -> None:
    """Store what became of notices on their channels."""
    for one in sorted(
        deliveries, key=lambda one: one.channel
    ):  # in one order: two processes must not lock each other out
        insert_if_new(session, AlertChannel, {"id": one.channel})
        values = {"told_at": at} if one.why is None else {"failed_at": at, "why": one.why[:400]}
        session.execute(update(AlertChannel).where(col(AlertChannel.id) == one.channel).values(**values))


def channel_rows(session: Session) -> dict[str, AlertChannel]:
    """What is known of each channel that was ever tried, by its id."""
    return {one.id: one for one in session.scalars(select(AlertChannel))}
