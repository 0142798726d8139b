"""A person says whether a text had left: nobody else can."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from notifier.db import outbox
from notifier.db.enrollments import by_id
from notifier.domain.refused import RefusalCode, Refused
from notifier.domain.states import RUNNING, MessageState
from notifier.sending.outcomes.come_back import ended_by_a_change


def review(session: Session, message_id: int, *, sent: bool, now: datetime, by: str) -> MessageState:
    """The state that the text then has: accepted, or (not sent) planned where it is still useful, else cancelled.

    Raises Refused for a text that waits for no review.
    """
    message = outbox.by_id(session, message_id)
    if message is None:
        raise Refused(f"there is no message {message_id}", code=RefusalCode.MESSAGE_UNKNOWN)
    if message.state is not MessageState.NEEDS_REVIEW:
        raise Refused(
            f"message {message_id} is {message.state.value} and needs no review", code=RefusalCode.NOTHING_TO_REVIEW
        )
    enrollment = by_id(session, message.enrollment_id) if message.enrollment_id is not None else None
    to, why = MessageState.ACCEPTED, "staff say that it was sent"
    if not sent and message.expires_at > now and enrollment is not None and enrollment.state in RUNNING:
        to, why = MessageState.PLANNED, "staff say that it was not sent"
    elif not sent and message.id in (ended := ended_by_a_change(session, [message_id], now)):
        to, why = MessageState.CANCELLED, f"staff say that it was not sent, and {ended[message_id][1]}"
    elif not sent:
        to, why = MessageState.CANCELLED, "staff say that it was not sent, and it is no longer useful"
    if not outbox.move(session, message_id, seen=MessageState.NEEDS_REVIEW, to=to, at=now, by=by, why=why):
        sentence = f"message {message_id} changed in this moment; look again"
        raise Refused(sentence, code=RefusalCode.MESSAGE_CHANGED, message=message_id)
    return to
