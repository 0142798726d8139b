"""Numbers that must not be texted: ours, keyed by the number within the clinic, and cleared only by START or staff."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db import replans
from notifier.db.array_param import in_array
from notifier.db.events import record_event
from notifier.db.outbox import move_where
from notifier.db.rows import insert_if_new
from notifier.db.tables import Enrollment, Message, OptOut
from notifier.domain.states import EnrollmentState, MessageState

_OPTED_OUT_PHONES = select(col(OptOut.phone)).where(
    in_array(col(OptOut.phone), "phones"), col(OptOut.ended_at).is_(None)
)


def is_opted_out(session: Session, phone: str) -> OptOut | None:
    """The open opt-out of this number, or None.

    A claim asks this *after* it has locked its message row: an opt-out updates that row too, so the two cannot pass.
    """
    found = select(OptOut).where(col(OptOut.phone) == phone, col(OptOut.ended_at).is_(None))
    return session.scalar(found)


def opted_out_phones(session: Session, phones: Iterable[str]) -> set[str]:
    """Those of these numbers that have opted out; for an import, at most some thousands at a time."""
    return set(session.scalars(_OPTED_OUT_PHONES, {"phones": set(phones)}))


def open_opt_outs(session: Session) -> list[OptOut]:
    """Every number that must not be texted, the latest first."""
    found = select(OptOut).where(col(OptOut.ended_at).is_(None))
    return list(session.scalars(found.order_by(col(OptOut.at).desc(), col(OptOut.id).desc())))


def opt_out(session: Session, phone: str, *, source: str, at: datetime, by: str, wrote: str = "") -> bool:
    """Store an opt-out of this number and suppress every planned text to it; False where it was stored before.

    Texts of every patient on the number. `source`: keyword, phrase, twilio, staff, number_changed. `wrote`: in which
    words the patient said so.
    """
    row = {"phone": phone, "source": source, "at": at, "by": by}
    new = insert_if_new(session, OptOut, row)
    if new:
        _record_for_each(session, phone, what="opted_out", at=at, by=by, why=source, wrote=wrote)
    move_where(
        session,
        col(Message.phone) == phone,
        seen=MessageState.PLANNED,
        to=MessageState.SUPPRESSED,
        at=at,
        by=by,
        why=f"the number has opted out ({source})",
    )
    return new


def opt_in(session: Session, phone: str, *, at: datetime, by: str, wrote: str = "") -> bool:
    """End the opt-out of a number, as the patient asked; False where there was none.

    Texts whose moment is still to come are planned again, where the enrollment still runs; missed ones stay suppressed.
    """
    ended = session.execute(
        update(OptOut)
        .where(col(OptOut.phone) == phone, col(OptOut.ended_at).is_(None))
        .values(ended_at=at, ended_by=by)
        .returning(col(OptOut.id))
    ).all()
    if not ended:
        return False
    _record_for_each(session, phone, what="opted_in", at=at, by=by, why=None, wrote=wrote)
    running = select(col(Enrollment.id)).where(col(Enrollment.phone) == phone, col(Enrollment.state).in_(_RUNNING))
    move_where(
        session,
        col(Message.phone) == phone,
        or_(col(Message.due_at) > at, col(Message.due_at).is_(None)),  # what waits for a gate goes on waiting
        col(Message.enrollment_id).in_(running),
        seen=MessageState.SUPPRESSED,
        to=MessageState.PLANNED,
        at=at,
        by=by,
        why="the number takes texts again",
    )
    replans.ask_for(session, list(session.scalars(running)), at=at)  # for the rules that were missed meanwhile
    return True


_RUNNING = (EnrollmentState.BOOKED, EnrollmentState.ACTIVE, EnrollmentState.HELD)


def _record_for_each(
    session: Session, phone: str, *, what: str, at: datetime, by: str, why: str | None, wrote: str
) -> None:
    """One event for each enrollment on the number: each history needs its own."""
    found = select(col(Enrollment.id)).where(col(Enrollment.phone) == phone)
    for enrollment_id in session.scalars(found).all() or [None]:
        words = f"{phone}\n{wrote}".rstrip("\n") if enrollment_id else None
        record_event(session, at=at, by=by, what=what, enrollment_id=enrollment_id, why=why, words=words)
