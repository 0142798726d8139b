"""Take a closing back: the work is open again, and what it held is held."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.conversations.inbox import the_reply
from notifier.conversations.reply_texts import one_at_a_time
from notifier.db import outbox, replans
from notifier.db.enrollments import not_informed
from notifier.db.events import of_enrollment, record_event
from notifier.db.tables import Message, SeenTo
from notifier.domain.kinds import TELLS
from notifier.domain.refused import RefusalCode, Refused
from notifier.domain.tasks import TaskKind, TaskOutcome, TaskRef
from notifier.numbers.open_replies import reopen_reply
from schedules.protocol import StepKind


def reopen_task(session: Session, ref: TaskRef, *, now: datetime, by: str) -> bool:
    """Open it again; False where it is open. A reply holds what it held; an opt-out or a hold that its closing has
    brought stays, and a lift that it has left out is never said.

    Rules that closing it had told count as untold again, unless a person has told them otherwise. Raises Refused for
    what is opened by another command.
    """
    if ref.kind is TaskKind.REPLY:
        reply = the_reply(session, ref.number)
        one_at_a_time(session, reply.phone)
        return reopen_reply(session, ref.number, at=now, by=by)
    if ref.kind not in (TaskKind.TEXT, TaskKind.SILENCE):
        raise Refused(f"{ref} is not reopened: take back the release, or the no-show, with its own command")
    message = outbox.by_id(session, ref.number)
    if message is None:
        raise Refused(f"there is no message {ref.number}", code=RefusalCode.MESSAGE_UNKNOWN)
    session.refresh(message, with_for_update=True)
    if message.seen_to is None:
        return False
    was, message.seen_to = message.seen_to, None
    session.execute(delete(SeenTo).where(col(SeenTo.message_id) == message.id))
    record_event(
        session, at=now, by=by, what="task_reopened", enrollment_id=message.enrollment_id,
        message_id=message.id,
    )  # fmt: skip
    session.flush()
    if was == TaskOutcome.TOLD and message.enrollment_id is not None and message.kind in (*TELLS, StepKind.LIFT):
        _take_back(session, message, message.enrollment_id, now)
    return True


def _take_back(session: Session, message: Message, enrollment_id: int, now: datetime) -> None:
    """What no other text that was told in person, and no tick of a person, vouches for."""
    others = select(col(Message.topics)).where(
        col(Message.enrollment_id) == enrollment_id, col(Message.seen_to) == TaskOutcome.TOLD.value
    )
    vouched = {topic for topics in session.scalars(others) for topic in topics or ()}
    for event in of_enrollment(session, enrollment_id):
        if event.what == "informed" and event.why:
            vouched |= {one.strip() for one in event.why.partition(":")[2].split(",")}
    if untold := set(message.topics or ()) - vouched:
        not_informed(session, enrollment_id, untold)
        replans.ask_for(session, [enrollment_id], at=now)
