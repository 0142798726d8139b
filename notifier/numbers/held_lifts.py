"""Lifts that a hold kept beyond their use: held time does not count against it, so they are offered again."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.events import record_event
from notifier.db.outbox import in_state, move_many
from notifier.db.tables import Message, NumberHold, Reply, ReplyPhone
from notifier.domain.counted import counted
from notifier.domain.kinds import NOT_SAID
from notifier.domain.open_replies import HELD_TIME_COUNTS_NOT
from notifier.domain.refused import Refused
from notifier.domain.states import MessageState
from notifier.numbers.open_replies import what_holds
from schedules.protocol import StepKind


def held_lifts(session: Session, phones: Iterable[str], *, now: datetime) -> list[Message]:
    """The lifts to these numbers whose moment has come and that have not left, the oldest first."""
    found = select(Message).where(
        in_state(MessageState.PLANNED), col(Message.phone).in_(sorted(set(phones))),
        col(Message.kind) == StepKind.LIFT.value, col(Message.not_before) <= now, col(Message.nominal_at) <= now,
        col(Message.due_at).is_not(None),
    )  # fmt: skip
    return list(session.scalars(found.order_by(col(Message.nominal_at), col(Message.id))))


def leave_out(session: Session, phones: Iterable[str], unsaid: Collection[int], *, at: datetime, by: str) -> None:
    """Withdraw for good those of the lifts to these numbers that whoever lets the texts go on does not want said.

    Raises Refused for a text that is no such lift.
    """
    if not unsaid:
        return
    held = {one.id for one in held_lifts(session, phones, now=at)}
    for number in sorted(unsaid):
        if number not in held:
            raise Refused(f'message {number} is no "you may" that waits here, and only such a one can be left out')
    planned, ended = MessageState.PLANNED, MessageState.CANCELLED
    move_many(session, sorted(unsaid), seen=planned, to=ended, at=at, by=by, why=NOT_SAID)


def give_back_held_time(session: Session, phones: Iterable[str], *, at: datetime, by: str) -> list[Message]:
    """Lengthen the use of lifts to those of these numbers that nothing holds any more, by as long as they were held.

    To be called once what held them has ended, in the same transaction. Returns the lifts whose moment had come.
    """
    free = {
        phone
        for phone in set(phones)
        if not any(one.covers(StepKind.LIFT) for one in what_holds(session, {phone}).get(phone, ()))
    }
    lifts = held_lifts(session, free, now=at)
    for lift in lifts:
        held = at - max(lift.not_before, lift.nominal_at, _held_since(session, lift.phone, at))
        if held.total_seconds() <= 0:
            continue
        until = lift.expires_at + min(held, HELD_TIME_COUNTS_NOT)
        these = update(Message).where(col(Message.id) == lift.id, in_state(MessageState.PLANNED))
        session.execute(these.values(expires_at=until, need=None))
        hours = counted(round(held.total_seconds() / 3600), "hour, which does", "hours, which do")
        why = f"held for {hours} not count against its use"
        record_event(
            session, at=at, by=by, what="use_lengthened", enrollment_id=lift.enrollment_id, message_id=lift.id, why=why
        )
    return lifts


def _held_since(session: Session, phone: str, at: datetime) -> datetime:
    """Since when one hold or open reply after the other has kept lifts to this number, up to `at`."""
    replies = (
        select(col(ReplyPhone.since), col(Reply.at), col(Reply.closed_at))
        .join(Reply, col(Reply.id) == col(ReplyPhone.reply_id))
        .where(col(ReplyPhone.phone) == phone)
    )
    kept = [(since or wrote, closed or at) for since, wrote, closed in session.execute(replies)]
    holds = select(NumberHold).where(col(NumberHold.phone) == phone)
    kept += [(one.at, one.released_at or at) for one in session.scalars(holds) if one.covers(StepKind.LIFT)]
    since = at
    for begins, ends in sorted(kept, key=lambda one: one[1], reverse=True):
        if ends >= since:
            since = min(since, begins)
    return since
