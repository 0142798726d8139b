"""Questions with closed answers that a number was asked, and what has come from it since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, literal_column, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.outbox import move_where
from notifier.db.rows import table_of
from notifier.db.tables import Message, Reply
from notifier.domain.states import MessageState
from schedules.asking import AGAIN, first_asking
from schedules.protocol import StepKind

OPEN_FOR: Final = timedelta(days=7)
"""So long after it left, a bare digit still answers a question; later a person reads it."""
_SKEW: Final = timedelta(seconds=2)
"""How far the provider's clock, which has whole seconds, may be behind ours."""
_reply = table_of(Reply).alias()  # a table, not a class: an office's narrowing is for what is listed
_NEVER_LEFT: Final = (MessageState.PLANNED, MessageState.EXPIRED, MessageState.CANCELLED, MessageState.SUPPRESSED)
_WITHDRAWN: Final = "the patient has written since the question left"


@dataclass(frozen=True, slots=True)
class OpenAsk:
    """A question that has left for a number."""

    message_id: int
    """Of the first asking, whichever was answered."""
    enrollment_id: int
    phone: str
    step: str
    """The key of its step in the protocol."""
    left_at: datetime
    """When it was last asked."""


def open_asks(session: Session, phone: str, at: datetime) -> list[OpenAsk]:
    """The questions that what is written at that instant may answer; of one enrollment only the latest."""
    left = (
        select(Message)
        .where(
            col(Message.phone) == phone,
            col(Message.left_at) > at - OPEN_FOR,
            col(Message.left_at) <= at + _SKEW,
            col(Message.kind) == StepKind.ASK,
            col(Message.state).not_in(_NEVER_LEFT),
        )
        .order_by(col(Message.left_at))
    )
    latest = {message.enrollment_id: message for message in session.scalars(left)}
    return [_open(session, message) for message in latest.values()]


def _open(session: Session, message: Message) -> OpenAsk:
    step = first_asking(message.step)
    first: int | None = message.id
    if step != message.step:
        asked_first = select(col(Message.id)).where(
            col(Message.enrollment_id) == message.enrollment_id,
            col(Message.step) == step,
            col(Message.left_at).is_not(None),
        )
        first = session.scalar(asked_first.order_by(col(Message.id).desc()).limit(1)) or message.id
    assert message.left_at is not None
    return OpenAsk(first or 0, message.enrollment_id or 0, message.phone, step, message.left_at)


def is_ask() -> ColumnElement[bool]:
    """The condition that a text asks, as the partial index has it."""
    return col(Message.kind) == literal_column(f"'{StepKind.ASK}'")


def wrote_since() -> ColumnElement[bool]:
    """The condition that something has come from a text's number since it left."""
    return (
        select(_reply.c.id)
        .where(_reply.c.phone == col(Message.phone), _reply.c.at >= col(Message.left_at))
        .correlate(table_of(Message))
        .exists()
    )


def keep_from_old_number(session: Session, phone: str, *, at: datetime, by: str) -> None:
    """Withdraw what would ask once more on a number that a patient has left."""
    move_where(
        session, col(Message.phone) == phone, is_ask(), col(Message.step).endswith(AGAIN), seen=MessageState.PLANNED,
        to=MessageState.CANCELLED, at=at, by=by, why="the patient has another number",
    )  # fmt: skip


def ask_no_more(session: Session, asks: Sequence[OpenAsk], *, at: datetime, by: str) -> None:
    """Withdraw what would ask once more: the patient has written."""
    for ask in asks:
        move_where(
            session, col(Message.enrollment_id) == ask.enrollment_id, col(Message.step) == ask.step + AGAIN,
            seen=MessageState.PLANNED, to=MessageState.CANCELLED, at=at, by=by, why=_WITHDRAWN,
        )  # fmt: skip
