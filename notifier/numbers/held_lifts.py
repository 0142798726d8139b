"""Lifts that a hold kept beyond their use: held time does not count against it, so they are offered again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.events import record_event
from notifier.db.outbox import in_state, move_many
from notifier.db.tables import Enrollment, Message, NumberHold, Reply, ReplyPhone
from notifier.domain.counted import counted
from notifier.domain.kinds import NOT_SAID
from notifier.domain.open_replies import HELD_TIME_COUNTS_NOT
from notifier.domain.refused import Refused
from notifier.domain.states import EnrollmentState, MessageState
from notifier.numbers.open_replies import what_holds
from schedules.protocol import StepKind


@dataclass(frozen=True, slots=True)
class HeldLifts:
    """Lifts whose moment came while they were held, the oldest first."""

    to_say: tuple[Message, ...] = ()
    """They are still of use: once nothing holds them, they leave at the next open hour."""
    too_late: tuple[Message, ...] = ()
    """They are not: no text says them any more."""
    whose: Mapping[int, str] = field(default_factory=dict)
    """By enrollment, the patient's name: on a number of several the lifts of all of them are held."""


NO_LIFTS: Final = HeldLifts()


def held_lifts(session: Session, phones: Iterable[str], *, now: datetime) -> HeldLifts:
    """What becomes of the lifts to these numbers once nothing holds the numbers any more. Without those of patients
    whose own texts are on hold: they go on waiting."""
    found, whose = list[Message](), dict[int, str]()
    for one in _waiting(session, phones, now):
        patient = session.get_one(Enrollment, one.enrollment_id)
        if patient.state is not EnrollmentState.HELD:
            found.append(one)
            whose[patient.id or 0] = patient.name
    late = {one.id for one in found if is_too_late(session, one, now)}
    to_say = tuple(one for one in found if one.id not in late)
    return HeldLifts(to_say, tuple(one for one in found if one.id in late), whose)


def is_too_late(session: Session, lift: Message, now: datetime) -> bool:
    """Whether a lift that waits is past its use, though the time for which it was held counts not against it."""
    return lift.expires_at <= now and lift.expires_at + _given_back(session, lift, now) <= now


def _given_back(session: Session, lift: Message, at: datetime) -> timedelta:
    """By how long its use is lengthened where nothing holds it any more from `at` on."""
    held = at - max(lift.not_before, lift.nominal_at, _held_since(session, lift.phone, at))
    return min(max(held, timedelta(0)), HELD_TIME_COUNTS_NOT)


def _waiting(session: Session, phones: Iterable[str], now: datetime) -> list[Message]:
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
    held = {one.id for one in _waiting(session, phones, at)}
    for number in sorted(unsaid):
        if number not in held:
            raise Refused(f'message {number} is no "you may" that waits here, and only such a one can be left out')
    planned, ended = MessageState.PLANNED, MessageState.CANCELLED
    move_many(session, sorted(unsaid), seen=planned, to=ended, at=at, by=by, why=NOT_SAID)


def give_back_held_time(session: Session, phones: Iterable[str], *, at: datetime, by: str) -> HeldLifts:
    """Lengthen the use of lifts to those of these numbers that nothing holds any more, by as long as they were held.

    To be called once what held them has ended, in the same transaction. Returns the lifts whose moment had come.
    """
    free = {
        phone
        for phone in set(phones)
        if not any(one.covers(StepKind.LIFT) for one in what_holds(session, {phone}).get(phone, ()))
    }
    found = held_lifts(session, free, now=at)
    for lift in _waiting(session, free, at):
        held = _given_back(session, lift, at)
        if not held:
            continue
        these = update(Message).where(col(Message.id) == lift.id, in_state(MessageState.PLANNED))
        session.execute(these.values(expires_at=lift.expires_at + held, need=None))
        hours = counted(round(held.total_seconds() / 3600), "hour, which does", "hours, which do")
        why = f"held for {hours} not count against its use"
        record_event(
            session, at=at, by=by, what="use_lengthened", enrollment_id=lift.enrollment_id, message_id=lift.id, why=why
        )
    return found


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
