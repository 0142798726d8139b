"""What happened to an enrollment: its texts, and the record of each event."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db import events
from notifier.db.outbox import messages_of
from notifier.db.tables import Event, Message
from notifier.domain.states import MessageState

LATEST: Final = 200
"""Events shown of one enrollment."""


def texts_of(session: Session, enrollment_id: int) -> list[Message]:
    """Every text of an enrollment, oldest first; one without a moment stands at its nominal one."""
    return messages_of(session, enrollment_id)


def of_enrollment(session: Session, enrollment_id: int) -> list[tuple[Event, str | None]]:
    """The latest events first, each with the step it is about."""
    found = events.of_enrollment(session, enrollment_id)[-LATEST:]
    numbers = {one.message_id for one in found if one.message_id}
    steps = dict(session.execute(select(col(Message.id), col(Message.step)).where(col(Message.id).in_(numbers))).all())
    return [(one, steps.get(one.message_id)) for one in reversed(found)]


def arrived_at(session: Session, message_id: int) -> datetime | None:
    """When the carrier's confirmation that a text arrived came to us."""
    arrivals = [one.at for one in events.of_message(session, message_id) if one.to_state == MessageState.DELIVERED]
    return arrivals[-1] if arrivals else None
