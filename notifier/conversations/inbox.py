"""Replies: what a patient wrote, and which of them wait for a person."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.columns import can_be_id
from notifier.db.enrollments import latest_on
from notifier.db.tables import Enrollment, Message, Reply, ReplyPhone
from notifier.domain.refused import RefusalCode, Refused


def the_reply(session: Session, reply_id: int) -> Reply:
    """The reply of that number; raises Refused where there is none."""
    reply = session.get(Reply, reply_id) if can_be_id(reply_id) else None
    if reply is None:
        raise Refused(f"there is no reply {reply_id}", code=RefusalCode.REPLY_UNKNOWN)
    return reply


def last_reply(session: Session, phone: str, yours: Collection[str] | None = None) -> Reply | None:
    """What came last from this number, or from the patient's older one, to one of `yours` or to no office; None: to
    any."""
    found = select(Reply).where(_concerns(phone))
    if yours is not None:
        found = found.where(or_(col(Reply.office).is_(None), col(Reply.office).in_(sorted(yours))))
    return session.scalar(found.order_by(col(Reply.at).desc(), col(Reply.id).desc()).limit(1))


def has_open(session: Session, phone: str, yours: Collection[str] | None = None) -> bool:
    """Whether nobody has closed something that came from this number, or from the patient's older one."""
    found = select(col(Reply.id)).where(_concerns(phone), col(Reply.closed_at).is_(None))
    if yours is not None:
        found = found.where(or_(col(Reply.office).is_(None), col(Reply.office).in_(sorted(yours))))
    return session.scalar(found.limit(1)) is not None


def _concerns(phone: str) -> ColumnElement[bool]:
    from_older = select(col(ReplyPhone.reply_id)).where(col(ReplyPhone.phone) == phone)
    return or_(col(Reply.phone) == phone, col(Reply.id).in_(from_older))


def conversation(session: Session, enrollment: Enrollment, limit: int) -> list[Reply]:
    """The latest from the patient's number, and from an earlier one where nobody is enrolled on it now."""
    left = col(Message.left_at).is_not(None)
    numbers = select(col(Message.phone)).where(col(Message.enrollment_id) == enrollment.id, left).distinct()
    before = set(session.scalars(numbers)) - {enrollment.phone}
    whose = latest_on(session, before)
    on_number = {phone for phone in before if phone in whose and whose[phone].phone == enrollment.phone}
    found = select(Reply).where(col(Reply.phone).in_([enrollment.phone, *sorted(on_number)]))
    return list(session.scalars(found.order_by(col(Reply.at).desc()).limit(limit)))
