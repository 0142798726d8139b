"""A text that did not arrive, seen to in person."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from notifier.db import outbox, replans
from notifier.db.enrollments import inform
from notifier.db.events import record_event
from notifier.db.rows import insert_if_new
from notifier.db.tables import SeenTo
from notifier.domain.informed import Informed
from notifier.domain.refused import RefusalCode, Refused
from schedules.protocol import StepKind


def see_to(session: Session, message_id: int, *, now: datetime, by: str) -> bool:
    """Somebody has told the patient in person what a text could not; False where that was so already."""
    message = outbox.by_id(session, message_id)
    if message is None:
        raise Refused(f"there is no message {message_id}", code=RefusalCode.MESSAGE_UNKNOWN)
    new = insert_if_new(session, SeenTo, {"message_id": message_id, "at": now, "by": by})
    whose = message.enrollment_id if message.kind in (StepKind.RESTRICT, StepKind.LIFT) else None
    if new and whose is not None and message.topics:
        inform(session, whose, message.topics, Informed.SAID)
        replans.ask_for(session, [whose], at=now)
    if new:
        record_event(
            session,
            at=now,
            by=by,
            what="told_in_person",
            why=message.step,
            enrollment_id=message.enrollment_id,
            message_id=message_id,
        )
    return new
